import { api, data, type Schemas } from "../api/client";
import { isRefusal } from "../api/errors";
import { useAction } from "../states/action";
import type { Thread } from "./thread";
import type { ConversationDetail } from "./types";

type Target = Pick<Schemas["wechat__inbox__schemas__AssignIn"], "staff_id" | "store_id" | "note">;

/** What is decided about a conversation, and notes. When somebody was faster the thread is read anew. */
export function useActing(thread: Thread) {
  const path = { conversation_id: thread.id };
  const asked = () => ({ params: { path }, body: { version: thread.detail.data.value?.version ?? 0 } });

  /** The answer of an assignment is empty: whoever gives a conversation away may see it no more. */
  async function decide(answer: Promise<ConversationDetail | undefined>): Promise<true> {
    try {
      thread.detail.data.value = (await answer) ?? thread.detail.data.value;
    } catch (thrown) {
      if (isRefusal(thrown, "conversation_changed")) await thread.follow();
      throw thrown;
    }
    await thread.follow();
    return true;
  }

  return {
    take: useAction(() => decide(data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/take", asked())))),
    close: useAction(() => decide(data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/close", asked())))),
    reopen: useAction(() => decide(data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/reopen", asked())))),
    assign: useAction((target: Target) => {
      const { params, body } = asked();
      const to = { params, body: { ...body, ...target } };
      return decide(data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/assign", to)));
    }),
    note: useAction(async (text: string) => {
      const body = { params: { path }, body: { text } };
      thread.take([await data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/notes", body))]);
      return true;
    }),
  };
}

export type Acting = ReturnType<typeof useActing>;
