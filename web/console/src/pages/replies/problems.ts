import { words } from "../../words";
import { isBlank, WITH_WORDS, type RuleIn } from "./drafts";

/** What is wrong, by the field's name as the server has it. */
export type Problems = Record<string, string>;

/** What can be seen without asking the server. */
export function problemsIn(draft: RuleIn): Problems {
  const wrong: Problems = {};
  if (!draft.name.trim()) wrong["name"] = words.common.required;
  if (WITH_WORDS.has(draft.trigger) && !draft.words.length) wrong["words"] = words.common.required;
  const { priority } = draft;
  if (!Number.isInteger(priority) || priority < 0 || priority > 10_000) wrong["priority"] = words.replies.priorityWrong;
  if (draft.contents.every(isBlank)) {
    if (draft.trigger === "default") wrong["contents"] = words.replies.saysNothingByDefault;
    else if (!draft.hand_over) wrong["contents"] = words.replies.saysNothing;
  }
  draft.contents.forEach((each, place) => {
    const at = `contents.${place}`;
    if (isBlank(each)) return;
    if (each.kind === "news" && !/^https?:\/\/\S+\.\S+/.test(each.url))
      wrong[`${at}.url`] = words.replies.card.urlWrong;
    if (each.kind !== "mini_program") return;
    if (!each.app_id.trim()) wrong[`${at}.app_id`] = words.common.required;
    if (!each.page.trim()) wrong[`${at}.page`] = words.common.required;
    if (!each.picture_id) wrong[`${at}.picture_id`] = words.common.required;
  });
  return wrong;
}
