// What rings: the lock screen of a phone, and the banner of another chat over the one that is open.

import { h, icon, ICONS } from "./dom.js";
import { platformNow, shortTime } from "./time.js";

const BANNER_MS = 6_000;
const MOST_RINGS = 20;

export class LockScreen {
  /** `open(appId)` brings the chat of an account into view. */
  constructor(fan, open) {
    this.fan = fan;
    this.open = open;
    this.clock = h("time", { class: "hour" });
    this.rings = h("ol", { class: "rings", "aria-label": `${fan.name}的锁屏通知` });
    this.element = h(
      "div",
      { class: "lock", hidden: true },
      this.clock,
      this.rings,
      h("button", { type: "button", class: "unlock", onclick: () => this.lock(false) }, "点按解锁"),
    );
    this.banner = h("div", { class: "banner", "aria-live": "assertive" });
    this.button = h("button", { type: "button", class: "round", onclick: () => this.lock(this.element.hidden) });
    this.lock(false);
  }

  lock(locked) {
    this.element.hidden = !locked;
    this.rings.replaceChildren();
    this.banner.replaceChildren();
    this.nameTime();
    this.button.setAttribute("aria-label", locked ? `解锁${this.fan.name}的手机` : `锁上${this.fan.name}的手机`);
    this.button.setAttribute("aria-pressed", String(locked));
    this.button.replaceChildren(icon(locked ? ICONS.locked : ICONS.unlocked));
  }

  nameTime() {
    this.clock.textContent = shortTime(platformNow());
  }

  /** A message came: told on the lock screen, or over the open chat when it belongs to another. */
  ring(message, inView) {
    this.nameTime();
    if (!this.element.hidden) {
      this.rings.prepend(h("li", {}, this.card(message)));
      while (this.rings.childElementCount > MOST_RINGS) this.rings.lastElementChild.remove();
    } else if (!inView) {
      const card = this.card(message);
      this.banner.replaceChildren(card);
      setTimeout(() => card.remove(), BANNER_MS);
    }
  }

  card({ app_id: appId, account, title, line }) {
    const show = () => {
      this.lock(false);
      this.open(appId);
    };
    return h(
      "button",
      { type: "button", class: "ring", onclick: show },
      h("span", { class: "quiet" }, `微信 · ${account}`),
      h("strong", {}, title),
      line && h("span", { class: "first" }, line),
    );
  }
}
