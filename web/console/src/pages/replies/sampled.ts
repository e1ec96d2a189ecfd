import type { Content } from "@guanxi/kit/chat";
import { words } from "../../words";

/** A message with samples in the place of its placeholders. */
export function sampled(content: Content, account: string | undefined): Content {
  const fill = (text: string) =>
    Object.values(words.replies.placeholders).reduce(
      (filled, { token, sample }) => filled.replaceAll(token, sample ?? account ?? words.replies.anyAccount),
      text,
    );
  if (content.kind === "text") return { ...content, text: fill(content.text) };
  if (content.kind === "image") return content;
  if (content.kind === "news")
    return { ...content, title: fill(content.title), description: fill(content.description ?? "") };
  return { ...content, title: fill(content.title) };
}
