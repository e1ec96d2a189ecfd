import type { Schemas } from "../api/client";

export type Conversation = Schemas["ConversationOut"];
export type ConversationDetail = Schemas["ConversationDetailOut"];
export type Message = Schemas["ThreadMessageOut"];
export type Content = Schemas["ReplyIn"]["content"];
export type View = Schemas["View"];
export type QuickReply = Schemas["QuickReplyOut"];

/** What the stream tells of a conversation; the news itself is read after it. */
export interface ChatNews {
  conversation_id: string;
  number: number;
  reason: "message" | "media" | "sent" | "case" | "assigned" | "read";
}

/** A reply that has no number yet. */
export interface Outgoing {
  /** Its Idempotency-Key. */
  key: string;
  content: Content;
  /** The newest message on the page when it was written: a colleague's answer behind it stands in the way. */
  seen: number;
  anyway: boolean;
  /** When it was written, by this device. */
  at: number;
  /** Refused replies were not said, and can be taken back; of those without an answer nobody knows. */
  state: "sending" | "failed" | "unanswered";
  /** Why it isn't being sent. */
  problem: string;
}
