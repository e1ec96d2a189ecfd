import type { Body, Schemas } from "@guanxi/kit";
import { words } from "../../words";

export type Welcome = Schemas["ListedWelcomeOut"];
export type WelcomeIn = Required<Body<"/staff/v1/welcomes", "put">>;
export type Whose = Schemas["Whose"];

export const WHOSE: Whose[] = ["everybody", "channel", "store", "guide"];

/** What has a value in the words of each: a store's are said for the codes of its guides too. */
const PLACEHOLDERS: Record<Whose, (keyof typeof words.welcomes.placeholders)[]> = {
  everybody: ["account"],
  channel: ["channel", "account"],
  store: ["guide", "store", "channel", "account"],
  guide: ["guide", "store", "channel", "account"],
};

export function placeholdersOf(whose: Whose) {
  return PLACEHOLDERS[whose].map((each) => words.welcomes.placeholders[each]);
}

export function whoseIs({ guide_id, store_id, channel_id }: Welcome): Whose {
  if (guide_id) return "guide";
  if (store_id) return "store";
  return channel_id ? "channel" : "everybody";
}

/** The words as a follower reads them: with the names that are known, and samples for the rest. */
export function filled(text: string, known: Record<string, string | null | undefined>): string {
  return Object.entries(words.welcomes.placeholders).reduce(
    (all, [key, { token, sample }]) => all.replaceAll(token, known[key] ?? sample),
    text,
  );
}
