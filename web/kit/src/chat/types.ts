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

/** A reply of this page that has no number yet. */
export interface Outgoing {
  key: number;
  content: Content;
  /** The newest message on the page when it was written: who sends it again means the same reply. */
  seen: number;
  anyway: boolean;
  error: unknown;
}
