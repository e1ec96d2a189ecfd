// One phone: the chat of one person with the account.

import { drawBubble } from "./bubbles.js";
import { h, icon, ICONS } from "./dom.js";
import { LockScreen } from "./lock.js";
import { shortTime } from "./time.js";

const PAUSE_MS = 5 * 60_000;
const MOST_BUBBLES = 300;
const MOST_LINES = 4;

export class Phone {
  /** `act(action, …)` does what the person does. */
  constructor(fan, account, act) {
    this.fan = fan;
    this.account = account;
    this.act = act;
    this.latest = null;
    this.build();
    this.showFollowing(false);
  }

  build() {
    const say = (event) => {
      event.preventDefault();
      this.send();
    };
    this.caption = h("span", { class: "state" });
    this.log = h("div", {
      class: "log",
      role: "log",
      "aria-live": "polite",
      "aria-label": `${this.fan.name}的聊天记录`,
      tabindex: "0",
    });
    this.field = h("textarea", {
      rows: "1",
      maxlength: "2048",
      "aria-label": `以${this.fan.name}的身份写消息`,
      placeholder: "写消息，回车发送",
      oninput: () => this.grow(),
      onkeydown: (event) => this.key(event),
      enterkeyhint: "send",
    });
    this.sendButton = h("button", { class: "primary send", type: "submit" }, "发送");
    this.moreButton = h(
      "button",
      {
        type: "button",
        class: "round",
        "aria-label": "更多：扫一扫、位置、图片、语音、订阅通知",
        "aria-expanded": "false",
        onclick: () => this.toggleMore(),
      },
      icon(ICONS.plus),
    );
    this.swap = h("button", { type: "button", class: "round", hidden: true, onclick: () => this.swapMenu() });
    this.form = h("form", { class: "writer", onsubmit: say }, this.field, this.moreButton, this.sendButton);
    this.menu = h("div", { class: "menu", role: "group", "aria-label": "公众号菜单", hidden: true });
    this.more = h(
      "div",
      { class: "more", hidden: true },
      this.tool("scan", ICONS.scan, "扫一扫"),
      this.tool("location", ICONS.place, "位置"),
      this.tool("picture", ICONS.picture, "图片"),
      this.tool("voice", ICONS.voice, "语音"),
      this.tool("subscribe", ICONS.bell, "订阅通知"),
    );
    this.bar = h("div", { class: "bar" }, this.swap, this.form, this.menu);
    this.join = h(
      "div",
      { class: "join" },
      h("button", { type: "button", class: "primary", onclick: () => this.act("follow") }, "关注公众号"),
      h("button", { type: "button", onclick: () => this.act("scan") }, "扫海报关注"),
    );
    this.greeting = h(
      "div",
      { class: "profile" },
      h("span", { class: "face big", "aria-hidden": "true" }, this.account.name.slice(0, 1)),
      h("h3", {}, this.account.name),
      h("p", {}, `${this.fan.name}还没有关注这个公众号。`),
      h("p", { class: "quiet" }, "扫一张海报，或直接关注，就会收到欢迎语。"),
    );
    this.lock = new LockScreen(this.fan, (appId) => (appId === this.account.app_id ? this.toEnd() : this.act("open", appId)));
    this.element = h(
      "section",
      { class: "phone", "aria-label": `${this.fan.name}的手机`, "data-fan": this.fan.fan_id },
      h(
        "div",
        { class: "caption" },
        h("strong", {}, this.fan.name),
        this.caption,
        this.lock.button,
        h(
          "button",
          {
            type: "button",
            class: "round",
            "aria-label": `把${this.fan.name}移出视图`,
            onclick: () => this.act("close"),
          },
          icon(ICONS.close),
        ),
      ),
      h(
        "div",
        { class: "screen" },
        h("h2", { class: "title" }, this.account.name),
        this.log,
        this.bar,
        this.more,
        this.join,
        this.lock.banner,
        this.lock.element,
      ),
    );
    this.log.append(this.greeting);
  }

  tool(action, path, words) {
    return h(
      "button",
      {
        type: "button",
        class: "tool",
        onclick: () => {
          this.toggleMore(false);
          this.act(action);
        },
      },
      h("span", {}, icon(path)),
      words,
    );
  }

  /** Show the phone as the server says it is. */
  show({ following, bubbles, pending, accepted }) {
    this.log.setAttribute("aria-live", "off");
    this.log.replaceChildren();
    this.latest = null;
    for (const bubble of bubbles) this.add(bubble);
    if (!bubbles.length) this.log.append(this.greeting);
    for (const push of pending) this.mark(push, "pending");
    for (const push of accepted) this.mark(push, "accepted");
    this.showFollowing(following);
    this.toEnd();
    // Only what comes from now on is read aloud.
    requestAnimationFrame(() => this.log.setAttribute("aria-live", "polite"));
  }

  add(bubble) {
    this.greeting.remove();
    const at = new Date(bubble.at);
    if (this.latest === null || Math.abs(at - this.latest) > PAUSE_MS) {
      this.log.append(h("time", { class: "note", datetime: bubble.at }, shortTime(at)));
    }
    this.latest = at;
    const atEnd = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
    // 顾客01 is known by the end of the name, an account by its beginning.
    const face = bubble.from === "me" ? this.fan.name.slice(-2) : this.account.name.slice(0, 1);
    this.log.append(drawBubble(bubble, face, this.act));
    while (this.log.childElementCount > MOST_BUBBLES) this.log.firstElementChild.remove();
    if (atEnd || bubble.from === "me") this.toEnd();
  }

  /** Say of my bubble that its push is under way, met no answer or no reply, or nothing (it was replied to). */
  mark(push, outcome) {
    const lines = [...this.log.querySelectorAll(".line.me")].filter((line) => line.dataset.push === push);
    for (const line of lines) {
      line.classList.toggle("pending", outcome === "pending");
      const failed = outcome === "silent" || outcome === "malformed";
      if (failed && !line.querySelector(".failed")) {
        line.append(
          h("span", { class: "failed", role: "img", title: "公众号没有回应", "aria-label": "公众号没有回应" }, "!"),
        );
      }
      if (outcome === "accepted" && !line.nextElementSibling?.matches(".received")) {
        line.after(h("p", { class: "received" }, "公众号已收到，未设自动回复"));
        if (!line.nextElementSibling.nextElementSibling) this.toEnd();
      }
    }
  }

  showFollowing(following) {
    this.following = following;
    this.caption.textContent = following ? "已关注" : "未关注";
    this.caption.classList.toggle("on", following);
    this.bar.hidden = !following;
    this.join.hidden = following;
    if (!following) this.toggleMore(false);
  }

  send() {
    const text = this.field.value.trim();
    if (!text) return;
    this.field.value = "";
    this.grow();
    this.field.focus();
    this.act("send", text).then((done) => {
      // What could not be sent is not lost.
      if (!done && !this.field.value) this.field.value = text;
      this.grow();
    });
  }

  key(event) {
    // While Chinese is being composed, Enter chooses a word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.send();
  }

  grow() {
    this.form.classList.toggle("filled", this.field.value.trim() !== "");
    this.field.rows = 1;
    const { lineHeight, paddingTop, paddingBottom } = getComputedStyle(this.field);
    const height = this.field.scrollHeight - parseFloat(paddingTop) - parseFloat(paddingBottom);
    this.field.rows = Math.max(1, Math.min(MOST_LINES, Math.round(height / parseFloat(lineHeight))));
  }

  toggleMore(open = this.more.hidden) {
    this.more.hidden = !open;
    this.moreButton.setAttribute("aria-expanded", String(open));
    if (open) this.toEnd();
  }

  /** Something of an account came to this phone, seen at once only where its chat is open. */
  ring(message) {
    this.lock.ring(message, message.app_id === this.account.app_id);
  }

  /** Name the times anew: what was today is not after the clock has jumped. */
  nameTimes() {
    this.lock.nameTime();
    for (const time of this.log.querySelectorAll("time")) time.textContent = shortTime(new Date(time.dateTime));
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
  }

  /** Put a new menu in the place of the field; the person swaps them, and who writes is left alone by the same one. */
  showMenu(buttons) {
    const said = JSON.stringify(buttons);
    if (said === this.shownMenu) return;
    this.shownMenu = said;
    this.menu.replaceChildren(...buttons.map((button, index) => this.menuButton(button, index)));
    const any = buttons.length > 0;
    this.swap.hidden = !any;
    this.swapMenu(any);
  }

  swapMenu(toMenu = this.menu.hidden) {
    this.menu.hidden = !toMenu;
    this.form.hidden = toMenu;
    this.toggleMore(false);
    this.swap.replaceChildren(icon(toMenu ? ICONS.keyboard : ICONS.menu));
    this.swap.setAttribute("aria-label", toMenu ? "改用键盘" : "打开菜单");
  }

  menuButton(button, index) {
    const children = button.sub_button ?? [];
    if (!children.length) {
      return h("button", { type: "button", onclick: () => this.act("menu", [index], button) }, button.name);
    }
    const tap = (child, position) => () => {
      details.open = false;
      this.act("menu", [index, position], child);
    };
    const details = h(
      "details",
      {
        onkeydown: (event) => {
          if (event.key === "Escape") details.open = false;
        },
      },
      h("summary", {}, button.name),
      h(
        "div",
        { class: "submenu" },
        children.map((child, position) => h("button", { type: "button", onclick: tap(child, position) }, child.name)),
      ),
    );
    return details;
  }
}
