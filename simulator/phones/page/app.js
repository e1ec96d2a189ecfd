// The page: which account, which people, whose turn it is; and what their phones show live.

import { actsOf } from "./acts.js";
import { get, post, Refused } from "./api.js";
import { askFan } from "./dialogs.js";
import { h, icon, ICONS } from "./dom.js";
import { Drawer } from "./drawer.js";
import { recall, remember } from "./memory.js";
import { attempt, complain } from "./notices.js";
import { Phone } from "./phone.js";
import { listen } from "./stream.js";

const AGAIN_MS = 1_500;
const MOST_PHONES = 12;

const at = (id) => document.getElementById(id);

let accounts = [];
let account = null;
let fans = [];
let chosen = null;
let stopListening = () => {};
const phones = new Map();

const acts = actsOf({
  account: () => account,
  inView: () => openDrawer(false),
  openScan: (fan) => {
    pick(fan.fan_id);
    openDrawer(true, "part-scan");
  },
  close,
  openAccount,
});
const act = (fan, name, ...rest) => attempt(() => acts[name](fan, ...rest));

const drawer = new Drawer(at("drawer"), {
  fan: () => fans.find(({ fan_id: id }) => id === chosen) ?? null,
  account: () => account,
  act,
  moved: (words) => {
    at("date").hidden = words === null;
    at("date").textContent = words ?? "";
  },
  timeChanged: () => phones.forEach((phone) => phone.nameTimes()),
  troubled: (count) => {
    at("trouble").hidden = count === 0;
    at("trouble").textContent = `打开了 ${count} 个异常`;
  },
  closeDrawer: () => openDrawer(false),
});

function rememberView() {
  remember("app", account.app_id);
  remember(account.app_id, { fans: fans.map(({ fan_id: id }) => id), chosen });
}

// —— what the page says when there is nothing to show ——

function statePage(title, words, ...more) {
  phones.clear();
  at("tabs").replaceChildren();
  at("phones").replaceChildren(
    h("div", { class: "state-page", role: "status" }, h("h2", {}, title), h("p", {}, words), more),
  );
}

async function start() {
  try {
    ({ accounts } = await get("accounts"));
  } catch (error) {
    statePage(
      "连不上模拟器",
      "它可能已经停止。启动以后，这里会自动连上。",
      h("p", { class: "quiet" }, "启动：make demo"),
    );
    complainOnce(error);
    setTimeout(start, AGAIN_MS);
    return;
  }
  const official = accounts.filter(({ kind }) => kind === "official");
  if (!official.length) {
    statePage(
      "还没有公众号",
      accounts.length
        ? "这里只有小程序，小程序没有聊天页面。接入一个公众号以后，这里会自动出现。"
        : "接入一个公众号以后，这里会自动出现。运行 make demo，会自动接入一个。",
    );
    setTimeout(start, AGAIN_MS);
    return;
  }
  showAccounts(official);
  await choose(official.find(({ app_id: id }) => id === recall("app")) ?? official[0]);
}

async function openAccount(fan, appId) {
  const known = () => accounts.find(({ app_id: id }) => id === appId);
  if (!known()) {
    ({ accounts } = await get("accounts"));
    showAccounts(accounts.filter(({ kind }) => kind === "official"));
  }
  const memory = recall(appId) ?? { fans: [], chosen: null };
  // The person comes along into the other account's chats.
  const shown = [...new Set([...memory.fans, fan.fan_id])].slice(-MOST_PHONES);
  remember(appId, { fans: shown, chosen: fan.fan_id });
  await choose(known());
}

function complainOnce(error) {
  if (!(error instanceof Refused)) complain(error);
}

function showAccounts(official) {
  const list = at("account");
  list.hidden = false;
  list.disabled = official.length === 1;
  list.replaceChildren(...official.map(({ app_id: id, name }) => h("option", { value: id }, name)));
  list.onchange = () => choose(official.find(({ app_id: id }) => id === list.value));
}

async function choose(one) {
  account = one;
  at("account").value = one.app_id;
  const memory = recall(one.app_id) ?? { fans: [], chosen: null };
  fans = memory.fans.slice(0, MOST_PHONES).map((id) => ({ fan_id: id, name: "…" }));
  chosen = memory.chosen ?? fans[0]?.fan_id ?? null;
  phones.clear();
  at("phones").replaceChildren();
  showAll();
}

/** What each phone shows: a label or the phone's system may make it another menu than its neighbour's. */
async function loadMenu(id, phone) {
  try {
    phone.showMenu((await get(`accounts/${phone.account.app_id}/menu?fan_id=${id}`))?.button ?? []);
  } catch {
    phone.showMenu([]);
  }
}

// Many codes may be made at once: what changed is asked for when it has been quiet for a moment.
const reloads = {};
const RELOAD = { menu: refreshMenu, codes: () => drawer.loadPosters(), faults: () => drawer.loadFaults() };

function reload(what) {
  clearTimeout(reloads[what]);
  reloads[what] = setTimeout(RELOAD[what], 300);
}

function refreshMenu() {
  for (const [id, phone] of phones) loadMenu(id, phone);
}

// —— phones side by side ——

function showAll() {
  rememberView();
  stopListening();
  if (!fans.length) invite();
  stopListening = listen(
    account.app_id,
    fans.map(({ fan_id: id }) => id),
    {
      phones: showPhones,
      bubble: ({ fan_id: id, bubble }) => phones.get(id)?.add(bubble),
      ring: (message) => phones.get(message.fan_id)?.ring(message),
      follow: ({ fan_id: id, following }) => {
        phones.get(id)?.showFollowing(following);
        reload("menu");
        pick(chosen);
      },
      push: ({ fan_id: id, push_id: push, outcome }) => phones.get(id)?.mark(push, outcome),
      clock: (clock) => drawer.showClock(clock),
      changed: ({ what }) => reload(what),
      link: showLink,
    },
  );
}

function invite() {
  statePage(
    "请第一位顾客进来",
    "每位顾客有一部手机，可以扫码、关注、聊天。几位顾客可以并排看。",
    h("button", { type: "button", class: "primary", onclick: addFan }, "添加顾客"),
  );
  pick(null);
}

function showPhones({ clock, phones: there }) {
  drawer.showClock(clock);
  // Whom the simulator does not know (it was emptied) has no phone any more.
  fans = there.map(({ fan_id, name }) => ({ fan_id, name }));
  const known = new Set(fans.map(({ fan_id: id }) => id));
  for (const [id, phone] of phones) {
    if (!known.has(id)) {
      phone.element.remove();
      phones.delete(id);
    }
  }
  drawer.refresh();
  rememberView();
  if (!fans.length) {
    if (!at("phones").querySelector(".state-page")) invite();
    return;
  }
  if (!phones.size) at("phones").replaceChildren(addTile());
  for (const one of there) phoneOf(one).show(one);
  if (!known.has(chosen)) chosen = fans[0].fan_id;
  showTabs();
  pick(chosen);
}

function phoneOf(fan) {
  if (!phones.has(fan.fan_id)) {
    const phone = new Phone(fan, account, (action, ...rest) => act(fan, action, ...rest));
    loadMenu(fan.fan_id, phone);
    phone.element.addEventListener("pointerdown", () => pick(fan.fan_id));
    phone.element.addEventListener("focusin", () => pick(fan.fan_id));
    phones.set(fan.fan_id, phone);
    at("phones").insertBefore(phone.element, at("phones").querySelector(".add-tile"));
  }
  return phones.get(fan.fan_id);
}

function addTile() {
  return h(
    "button",
    { type: "button", class: "add-tile", onclick: addFan },
    icon(ICONS.plus),
    h("span", {}, "添加顾客"),
  );
}

function showTabs() {
  at("tabs").replaceChildren(
    ...fans.map(({ fan_id: id, name }) =>
      h("button", { type: "button", "data-fan": id, onclick: () => pick(id, true) }, name),
    ),
    h("button", { type: "button", class: "add", "aria-label": "添加顾客", onclick: addFan }, icon(ICONS.plus)),
  );
}

function pick(id, bring = false) {
  const changed = id !== chosen;
  chosen = id;
  for (const [fan, phone] of phones) phone.element.classList.toggle("chosen", fan === id);
  for (const tab of at("tabs").querySelectorAll("[data-fan]"))
    tab.setAttribute("aria-pressed", String(tab.dataset.fan === id));
  const phone = phones.get(id);
  drawer.showFan(phone?.fan ?? null, phone?.following ?? false);
  if (bring) phone?.element.scrollIntoView({ inline: "center", block: "nearest" });
  if (changed) rememberView();
}

async function addFan() {
  await attempt(async () => {
    const answer = await askFan(fans.map(({ fan_id: id }) => id));
    if (answer === null) return;
    const fan = answer.fan_id ? answer : (await post("fans", answer)).fans[0];
    if (fans.length === 0) at("phones").replaceChildren();
    fans = [...fans, fan].slice(-MOST_PHONES);
    chosen = fan.fan_id;
    showAll();
    bringWhenShown(fan.fan_id);
  });
}

function bringWhenShown(id) {
  const watch = new MutationObserver(() => {
    if (!phones.has(id)) return;
    watch.disconnect();
    pick(id, true);
  });
  watch.observe(at("phones"), { childList: true });
}

function close(fan) {
  phones.get(fan.fan_id)?.element.remove();
  phones.delete(fan.fan_id);
  fans = fans.filter(({ fan_id: id }) => id !== fan.fan_id);
  if (chosen === fan.fan_id) chosen = fans[0]?.fan_id ?? null;
  showAll();
}

// —— connection, drawer, dropped and pasted posters ——

function showLink(link) {
  const lost = link === "lost";
  at("link").hidden = !lost;
  at("link").textContent = lost ? "连接中断，正在重连…" : "";
  at("link").classList.toggle("lost", lost);
}

const beside = matchMedia("(min-width: 1024px)");

function openDrawer(open, part) {
  const element = at("drawer");
  const over = !beside.matches;
  element.classList.toggle("open", open);
  element.inert = over && !open;
  at("shade").hidden = !(over && open);
  at("open-drawer").setAttribute("aria-expanded", String(open));
  if (open && over) drawer.refresh();
  if (open) {
    const target = part ? at(part) : element.querySelector("button:not([disabled])");
    target?.scrollIntoView({ block: "start" });
    target?.focus({ preventScroll: true });
  } else if (over && element.contains(document.activeElement)) {
    at("open-drawer").focus();
  }
}

at("open-drawer").addEventListener("click", () => openDrawer(!at("drawer").classList.contains("open")));
at("shade").addEventListener("click", () => openDrawer(false));
beside.addEventListener("change", () => openDrawer(false));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) openDrawer(false);
});

document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  const over = event.target.closest?.(".phone");
  if (over) pick(over.dataset.fan);
  if (event.dataTransfer.files.length && account) drawer.scanFiles(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length && account) drawer.scanFiles(event.clipboardData.files);
});

// The phone in the middle of a small screen is the one that things are done for.
let settle = 0;
at("phones").addEventListener(
  "scroll",
  () => {
    if (beside.matches) return;
    clearTimeout(settle);
    settle = setTimeout(() => {
      const middle = innerWidth / 2;
      for (const [id, { element }] of phones) {
        const { left, right } = element.getBoundingClientRect();
        if (left <= middle && middle < right) pick(id);
      }
    }, 80);
  },
  { passive: true },
);

openDrawer(false);
start();
