import { language } from "@guanxi/kit";
import { words } from "../../words";
import type { Problem } from "./drafts";

/** What is wrong: the server says it in Chinese, with the platform's numbers; other languages have their own words. */
export function wordsOfProblem({ code, words: said }: Problem): string {
  return language.value === "zh" ? said : (words.menus.codes[code] ?? code);
}
