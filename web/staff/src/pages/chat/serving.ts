import { session } from "@guanxi/kit";
import type { ConversationDetail } from "@guanxi/kit/chat";

/** Whether I serve it. */
export function isMine(of: ConversationDetail): boolean {
  return of.staff_id === session.me.value?.id;
}

/** Whether I may give it to somebody else. */
export function mayHand(of: ConversationDetail): boolean {
  return of.open && (isMine(of) || session.may("inbox:assign"));
}
