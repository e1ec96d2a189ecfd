// Short notices: what was done, and what could not be done.

import { h } from "./dom.js";

const PLACES = ["toasts", "alerts"];
const SEEN_MS = 3_000;
const READ_MS = 8_000;

function put(id, words, milliseconds) {
  const place = document.getElementById(id);
  const notice = h("p", {}, h("span", {}, words));
  notice.append(h("button", { type: "button", "aria-label": "关闭提示", onclick: () => notice.remove() }, "×"));
  // One at a time: what is new says what counts now.
  for (const list of PLACES) document.getElementById(list).replaceChildren();
  place.append(notice);
  setTimeout(() => notice.remove(), milliseconds);
}

export const say = (words) => put("toasts", words, SEEN_MS);

/** Tell a refusal in its words; anything else is a fault of this page and is shown as one. */
export function complain(error) {
  if (error.code === undefined) console.error(error);
  put("alerts", error.code === undefined ? `页面出错了：${error.message}` : error.message, READ_MS);
}

/** Run an action; true when it was done, false when it was refused and that was shown. */
export async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    complain(error);
    return false;
  }
}
