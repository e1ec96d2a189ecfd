import type { Schemas } from "@guanxi/kit";

export type Menu = Schemas["wechat__menus__schemas__MenuOut"];
export type Button = Schemas["ButtonIn-Output"];
export type Personal = Schemas["PersonalIn-Output"];
export type Problem = Schemas["MenuProblemOut"];
export type Kind = NonNullable<Button["kind"]>;

/** What is being edited of a menu. `place` names the buttons as the server's problems do. */
export interface Draft {
  buttons: Button[];
  personal: Personal[];
}

export const KINDS: Kind[] = [
  "click",
  "view",
  "mini_program",
  "scan_push",
  "scan_wait",
  "camera",
  "camera_or_album",
  "album",
  "location",
];
export const MOST_MAIN = 3;
export const MOST_CHILDREN = 5;

/** Which field a kind needs. */
export function fieldsOf(kind: Button["kind"]): ("key" | "url" | "app_id" | "page")[] {
  if (!kind) return [];
  if (kind === "view") return ["url"];
  return kind === "mini_program" ? ["app_id", "page", "url"] : ["key"];
}

/** A draft to edit: its own copy, and every button with children. */
export function copied(menu: Pick<Menu, "buttons" | "personal">): Draft {
  return structuredClone({ buttons: menu.buttons, personal: menu.personal });
}

/** What is sent: of a button only what its kind needs, and nothing where it opens others. */
export function sent(button: Button): Button {
  const children = (button.children ?? []).map(sent);
  const title = button.title.trim() || " ";
  if (children.length) return { title, children };
  const needed = new Set<string>(fieldsOf(button.kind));
  const value = (name: "key" | "url" | "app_id" | "page") => (needed.has(name) && button[name]?.trim()) || null;
  return {
    title,
    kind: button.kind ?? null,
    key: value("key"),
    url: value("url"),
    app_id: value("app_id"),
    page: value("page"),
    children: [],
  };
}

/** The button at a place such as `buttons.0.children.2`, if there is one. */
export function at(draft: Draft, place: string): Button | undefined {
  let found: unknown = draft;
  for (const step of place.split(".")) found = (found as Record<string, unknown> | undefined)?.[step];
  return found as Button | undefined;
}

/** The list a button stands in, and where. */
export function listOf(draft: Draft, place: string): [Button[], number] {
  const steps = place.split(".");
  const index = Number(steps.pop());
  return [at(draft, steps.join(".")) as unknown as Button[], index];
}

/** The button that a problem is of: `buttons.0.children.2.title` → `buttons.0.children.2`. */
export function buttonOf(where: string): string {
  return /^(?:personal\.\d+\.)?buttons\.\d+(?:\.children\.\d+)?/.exec(where)?.[0] ?? "";
}
