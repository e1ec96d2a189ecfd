// One bubble of a chat, drawn by its kind.

import { address } from "./api.js";
import { h, icon, ICONS } from "./dom.js";

// A file of the platform, by its id or by an address that may name this machine differently than the page's own.
function file(mediaId, url) {
  const id = mediaId || /\/sim\/media\/([^/?#]+)$/.exec(url ?? "")?.[1];
  return id ? address(`media/${encodeURIComponent(id)}`) : url;
}

// What stands for a picture that is not here, or not shown: the page loads nothing from foreign addresses.
function picture(source, label) {
  const missing = () => h("span", { class: "picture missing" }, icon(ICONS.picture), label);
  if (!source || new URL(source, location.href).origin !== location.origin) return missing();
  const image = h("img", { class: "picture", src: source, alt: label });
  image.addEventListener("error", () => image.replaceWith(missing()));
  return image;
}

function linked(target, ...children) {
  const safe = /^https?:/i.test(target ?? "");
  return safe
    ? h("a", { class: "card", href: target, target: "_blank", rel: "noopener noreferrer" }, ...children)
    : h("div", { class: "card" }, ...children);
}

// A text with its links: http addresses, and the <a href> that the platform lets accounts write.
const LINK = /<a\s[^>]*?href=["']?(https?:[^"'\s>]+)["']?[^>]*>(.*?)<\/a>|(https?:\/\/[^\s<>"'，。；！？、）]+)/gis;

function textWithLinks(text) {
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const [whole, href, words, bare] = match;
    pieces.push(text.slice(end, match.index));
    pieces.push(h("a", { href: href ?? bare, target: "_blank", rel: "noopener noreferrer" }, words ?? bare));
    end = match.index + whole.length;
  }
  return [...pieces, text.slice(end)];
}

const media = (mark, words) =>
  h("span", { class: "medium" }, h("span", { class: "mark", "aria-hidden": "true" }, mark), words);

function article(item, first) {
  return linked(
    item.url,
    first && item.picurl && picture(file(null, item.picurl), "封面"),
    h("strong", {}, item.title || "（无标题）"),
    item.description && h("span", { class: "quiet" }, item.description),
  );
}

function notice({ content }) {
  const rows = content.rows.map(({ name, value }) => [h("dt", {}, name), h("dd", {}, value)]);
  const more = content.miniprogram ? "进入小程序 ›" : content.url && "查看详情 ›";
  return linked(
    content.url,
    h("strong", {}, content.title),
    h("dl", {}, rows),
    more && h("span", { class: "quiet foot" }, more),
  );
}

function choices({ content }, act) {
  const choose =
    ({ id, content: text }) =>
    () =>
      act("send", text, id);
  return h(
    "div",
    { class: "card" },
    content.head && h("span", {}, content.head),
    content.items.map((item) => h("button", { type: "button", class: "plain", onclick: choose(item) }, item.content)),
    content.tail && h("span", { class: "quiet" }, content.tail),
  );
}

const CONTENT = {
  text: (bubble) => textWithLinks(bubble.text),
  image: ({ content }) => picture(file(content.media_id, content.url), "图片"),
  images: ({ content }) => content.urls.map((url) => picture(file(null, url), "图片")),
  voice: ({ content }) => media("▶", content.recognition ? `语音：${content.recognition}` : "语音"),
  video: ({ content }) => media("▶", content.title || "视频"),
  shortvideo: () => media("▶", "小视频"),
  music: ({ content }) => media("♪", [content.title, content.description].filter(Boolean).join(" · ") || "音乐"),
  news: ({ content }) => content.articles.map((item, index) => article(item, index === 0)),
  link: ({ content }) => article(content, false),
  location: ({ content }) =>
    h(
      "div",
      { class: "card place" },
      h("strong", {}, content.label || "我的位置"),
      h("span", { class: "quiet" }, `${content.latitude}, ${content.longitude}`),
      h("span", { class: "map", "aria-hidden": "true" }, icon(ICONS.place)),
    ),
  miniprogrampage: ({ content }) =>
    h(
      "div",
      { class: "card" },
      h("span", { class: "quiet" }, "小程序"),
      h("strong", {}, content.title),
      picture(file(null, content.thumb_url), "小程序页面"),
    ),
  msgmenu: choices,
  template: notice,
  subscribe: notice,
};

const WIDE = new Set(["news", "link", "location", "miniprogrampage", "msgmenu", "template", "subscribe"]);
const WHO = { me: "我", account: "公众号", system: "系统" };

/** Draw a bubble; `face` is what stands on the sender's picture, `act` does what a tap in the bubble means. */
export function drawBubble(bubble, face, act) {
  const trouble = bubble.from === "system";
  if (trouble || bubble.kind === "event") return h("p", { class: trouble ? "note trouble" : "note" }, bubble.text);
  const draw = CONTENT[bubble.kind];
  const wide = WIDE.has(bubble.kind) ? " wide" : "";
  return h(
    "div",
    { class: `line ${bubble.from}`, "data-push": bubble.push_id },
    h("span", { class: "face", "aria-hidden": "true" }, face),
    h(
      "div",
      { class: `bubble ${bubble.kind}${wide}` },
      h("span", { class: "unseen" }, `${WHO[bubble.from]}：`),
      draw ? draw(bubble, act) : bubble.text,
    ),
  );
}
