// Questions that a person answers before something is done.

import { get } from "./api.js";
import { h } from "./dom.js";

const PEOPLE_WITHOUT_SCROLLING = 8;

/** Show a dialog; give what `answer()` gives when it is confirmed, or null. */
function ask(title, contents, confirm, answer) {
  return new Promise((resolve) => {
    let result = null;
    const submit = (event) => {
      event.preventDefault();
      result = answer();
      dialog.close();
    };
    const form = h(
      "form",
      { onsubmit: submit },
      h("h2", {}, title),
      contents,
      h(
        "div",
        { class: "choices" },
        h("button", { type: "button", onclick: () => dialog.close() }, confirm ? "取消" : "关闭"),
        confirm && h("button", { class: "primary", type: "submit" }, confirm),
      ),
    );
    const dialog = h("dialog", { "aria-label": title }, form);
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.choose = (value) => {
      result = value;
      dialog.close();
    };
    for (const button of form.querySelectorAll("[data-choice]")) {
      button.addEventListener("click", () => dialog.choose(JSON.parse(button.dataset.choice)));
    }
  });
}

/** Ask who joins: a new name, or one of the people there are; gives {name} or {fan_id}. */
export async function askFan(shown) {
  const { fans } = await get("fans?limit=1000");
  const numbers = fans.map(({ name }) => Number(/^顾客(\d+)$/.exec(name)?.[1] ?? 0));
  const name = h("input", {
    type: "text",
    required: true,
    maxlength: "64",
    autocomplete: "off",
    value: `顾客${String(Math.max(0, ...numbers) + 1).padStart(2, "0")}`,
  });
  const others = fans.filter(({ fan_id: id }) => !shown.includes(id)).slice(0, 200);
  const list = others.map((fan) =>
    h("button", { type: "button", "data-choice": JSON.stringify({ fan_id: fan.fan_id }) }, fan.name),
  );
  const many = list.length > PEOPLE_WITHOUT_SCROLLING;
  const contents = [
    h("label", {}, "新顾客的名字", name),
    list.length
      ? [
          h("p", { class: "quiet" }, `或者请出一位已有的顾客${many ? `（共 ${list.length} 位，上下滑动）` : ""}`),
          h("div", { class: many ? "people many" : "people" }, list),
        ]
      : null,
  ];
  return ask("添加顾客", contents.flat(), "添加新顾客", () => ({ name: name.value.trim() }));
}

const PLACES = [
  ["上海 · 南京东路", 31.2353, 121.4816],
  ["上海 · 陆家嘴", 31.2397, 121.4998],
  ["北京 · 王府井", 39.9149, 116.4103],
  ["广州 · 北京路", 23.1252, 113.2688],
];

/** Ask for a place; gives {label, latitude, longitude}. */
export function askPlace() {
  const field = (words, value, low, high) => [
    words,
    h("input", { type: "number", required: true, step: "any", min: low, max: high, value }),
  ];
  const label = h("input", { type: "text", maxlength: "100", value: PLACES[0][0], required: true });
  const [northWords, latitude] = field("纬度", PLACES[0][1], -90, 90);
  const [eastWords, longitude] = field("经度", PLACES[0][2], -180, 180);
  const take =
    ([words, north, east]) =>
    () => {
      [label.value, latitude.value, longitude.value] = [words, north, east];
    };
  const contents = [
    h(
      "div",
      { class: "people" },
      PLACES.map((place) => h("button", { type: "button", onclick: take(place) }, place[0])),
    ),
    h("label", {}, "地点名称", label),
    h("div", { class: "pair" }, h("label", {}, northWords, latitude), h("label", {}, eastWords, longitude)),
  ];
  return ask("发送位置", contents, "发送", () => ({
    label: label.value,
    latitude: Number(latitude.value),
    longitude: Number(longitude.value),
  }));
}

/** Ask as WeChat does which notices are welcome; gives the template ids that were accepted (perhaps none). */
export function askSubscribe(account, templates) {
  const boxes = templates.map((template) => {
    const box = h("input", { type: "checkbox", checked: true, value: template.template_id });
    return [box, h("label", { class: "tick" }, box, h("span", {}, template.title))];
  });
  const contents = [
    h("p", {}, `${account.name} 申请获得以下通知的发送权限`),
    h(
      "div",
      {},
      boxes.map(([, label]) => label),
    ),
    h("p", { class: "quiet" }, "每允许一次，公众号可以发一条这样的通知。全部不勾选再点“确定”，就是拒绝。"),
  ];
  return ask("订阅通知", contents, "确定", () => boxes.filter(([box]) => box.checked).map(([box]) => box.value));
}

/** Ask for one line of text. */
export function askText(title, words, value) {
  const field = h("input", { type: "text", required: true, maxlength: "500", value });
  return ask(title, [h("label", {}, words, field)], "确定", () => field.value);
}

export const tell = (title, ...contents) => ask(title, contents, null, () => null);
