import type { Message } from "./types";
import { words } from "./words/chat";

/** A field of a message's content, if it is a text. */
export function part(message: Message, name: string): string {
  const value = message.content[name];
  return typeof value === "string" ? value : "";
}

/** What happened, for a message that is an event. */
export function eventOf(message: Message): string {
  const name = words.events[part(message, "event").toLowerCase()];
  return [name ?? (message.text ? "" : words.event), message.text].filter(Boolean).join(" · ");
}

/** A message in one line. */
export function lineOf(message: Message): string {
  if (message.kind === "event") return eventOf(message);
  return message.text || part(message, "title") || `[${words.kinds[message.kind]}]`;
}

/** Which sort of pill stands beside what we sent. */
export function toneOf(state: string): "" | "bad" | "warn" {
  if (state === "failed" || state === "skipped") return "bad";
  return state === "unknown" ? "warn" : "";
}

/** Why nothing may be sent now, and what can be done instead; "" while something may. */
export function whyShut(window: { until: string | null; left: number; why_not: string | null }): string {
  if (window.until && window.left > 0 && !window.why_not) return "";
  return words.shut[window.why_not ?? ""] ?? words.shutOther;
}
