import type { Schemas } from "@guanxi/kit";
import type { Content } from "@guanxi/kit/chat";

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
