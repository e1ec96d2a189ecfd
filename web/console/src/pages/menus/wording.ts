import { language } from "@guanxi/kit";
import type { Problem } from "./drafts";
import { problems } from "./problems";

/** What is wrong: the server says it in Chinese, with the platform's numbers; other languages have their own words. */
export function wordsOfProblem({ code, words: said }: Problem): string {
  return language.value === "zh" ? said : (problems[code] ?? code);
}
