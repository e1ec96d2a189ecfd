import type { Ref } from "vue";
import { api, data, type Schemas } from "../api/client";
import { isRefusal } from "../api/errors";
import { useAction } from "../states/action";
import type { Thread } from "./thread";
import type { ConversationDetail } from "./types";

type Target = Pick<Schemas["wechat__inbox__schemas__AssignIn"], "staff_id" | "store_id" | "note">;

/** What is decided about a conversation, and notes. When somebody was faster the page reads anew. */
export function useActing(id: Ref<string>, thread: Thread) {
  const path = () => ({ conversation_id: id.value });
  const version = () => thread.detail.data.value?.version ?? 0;

  async function decide(ask: Promise<ConversationDetail>): Promise<void> {
    try {
      thread.settle(await ask);
    } catch (thrown) {
      if (isRefusal(thrown, "conversation_changed")) await thread.follow();
      throw thrown;
    }
    await thread.follow();
  }

  const body = () => ({ params: { path: path() }, body: { version: version() } });
  return {
    take: useAction(() => decide(data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/take", body())))),
    close: useAction(() => decide(data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/close", body())))),
    reopen: useAction(() => decide(data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/reopen", body())))),
    assign: useAction(async (target: Target) => {
      const asked = { params: { path: path() }, body: { version: version(), ...target } };
      await decide(data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/assign", asked)));
      return true;
    }),
    note: useAction(async (text: string) => {
      const asked = { params: { path: path() }, body: { text } };
      const said = await data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/notes", asked));
      thread.take([said]);
      return true;
    }),
  };
}

export type Acting = ReturnType<typeof useActing>;
