import { chatWords, type Content } from "@guanxi/kit/chat";

/** Messages in one line. */
export function saidIn(contents: Content[]): string {
  return contents
    .map((each) =>
      each.kind === "text" ? each.text : each.kind === "image" ? `[${chatWords.kinds.image}]` : `[${each.title}]`,
    )
    .join(" / ");
}
