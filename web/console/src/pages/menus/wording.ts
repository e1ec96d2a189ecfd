import { language } from "@guanxi/kit";
import type { Problem } from "./drafts";

/** What is wrong, as the server says it in the page's language. */
export function wordsOfProblem(problem: Problem): string {
  return language.value === "zh" ? problem.words : problem.english;
}
