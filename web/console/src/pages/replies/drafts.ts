import type { Schemas } from "@guanxi/kit";
import { chatWords, type Content } from "@guanxi/kit/chat";
import { words } from "../../words";

export type Rule = Schemas["AutoReplyOut"];
/** A draft has every field. */
export type RuleIn = Required<Schemas["AutoReplyIn"]>;
export type Trigger = Schemas["Trigger"];
export type Hours = Schemas["HoursIn"];
export type Tried = Schemas["TryOut"];

export const TRIGGERS: Trigger[] = ["keyword", "follow", "menu", "event", "default"];
export const MATCHES: Schemas["Match"][] = ["contains", "exact", "pattern"];
export const WITH_WORDS = new Set<Trigger>(["keyword", "menu", "event"]);
export const MOST_CONTENTS = 5;
/** What a rule for other events may be chosen for; a rule made elsewhere may have more. */
export const EVENTS = [
  "scan",
  "location",
  "view",
  "view_miniprogram",
  "scancode_push",
  "scancode_waitmsg",
  "pic_sysphoto",
  "pic_photo_or_album",
  "pic_weixin",
  "location_select",
];

export function blank(trigger: Trigger): RuleIn {
  return {
    name: "",
    trigger,
    match: trigger === "keyword" ? "contains" : null,
    words: [],
    account_id: null,
    hours: [],
    contents: [content("text")],
    hand_over: false,
    before_commands: false,
    in_help: false,
    priority: 100,
    enabled: true,
  };
}

/** What is sent of a rule that was read. */
export function toIn({
  name,
  trigger,
  match,
  words,
  account_id,
  hours,
  contents,
  hand_over,
  before_commands,
  in_help,
  priority,
  enabled,
}: Rule): RuleIn {
  return {
    name,
    trigger,
    match,
    words: [...words],
    account_id,
    hours: structuredClone(hours),
    contents: structuredClone(contents),
    hand_over,
    before_commands,
    in_help,
    priority,
    enabled,
  };
}

/** What is sent of a draft: nothing empty, and nothing that its fields no longer show. */
export function written(draft: RuleIn): RuleIn {
  const exact = draft.match === "exact";
  return {
    ...draft,
    contents: draft.contents.filter((each) => !isBlank(each)),
    // Whoever hears only that nobody had an answer waits for a person.
    hand_over: draft.hand_over || draft.trigger === "default",
    before_commands: exact && draft.before_commands,
    in_help: exact && draft.in_help,
  };
}

/** An event by the name people know it by. */
export function eventName(event: string): string {
  return words.replies.events[event] ?? chatWords.events[event] ?? event;
}

export function content(kind: Content["kind"]): Content {
  switch (kind) {
    case "text":
      return { kind, text: "" };
    case "image":
      return { kind, file_id: "" };
    case "news":
      return { kind, title: "", description: "", url: "", picture_id: null };
    case "mini_program":
      return { kind, app_id: "", page: "", title: "", picture_id: "" };
  }
}

/** Whether nothing was filled in: such a message is left out. */
export function isBlank(each: Content): boolean {
  if (each.kind === "text") return !each.text.trim();
  if (each.kind === "image") return !each.file_id;
  return !each.title.trim();
}
