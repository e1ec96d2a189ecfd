import { api, data } from "@guanxi/kit";
import type { Thread } from "@guanxi/kit/chat";

const PAGE = 200;
/** What was said before a message, so that it is understood. */
const BEFORE = 10;

/** Read back until a message is among what was read; a failure stands above the messages. */
export async function readBackTo(thread: Thread, number: number): Promise<void> {
  const path = { conversation_id: thread.id };
  const first = () => thread.messages.value[0]?.number ?? 0;
  while (!thread.begins.value && first() > Math.max(number - BEFORE, 1)) {
    try {
      const query = { before: first(), limit: PAGE };
      const older = await data(
        api.GET("/staff/v1/inbox/conversations/{conversation_id}/messages", { params: { path, query } }),
      );
      thread.take(older);
      thread.begins.value = older.length < PAGE;
    } catch (thrown) {
      thread.failedEarlier.value = thrown;
      return;
    }
  }
}
