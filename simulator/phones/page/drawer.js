// The drawer: scan, follow, time, faults; everything in it is done for the chosen person.

import { address, get, post, postPicture, put, Refused, remove, WORDS } from "./api.js";
import { h } from "./dom.js";
import { FAULTS, isThis, named, takesPlaceOf } from "./faults.js";
import { attempt, say } from "./notices.js";
import { dayOf, longTime, platformNow, setNow, span } from "./time.js";

const POSTERS_AT_FIRST = 6;

export class Drawer {
  /** `page` has fan(), account(), act(fan, action, …), moved(date), timeChanged(), troubled(count), closeDrawer(). */
  constructor(element, page) {
    this.element = element;
    this.page = page;
    this.allPosters = false;
    this.build();
    this.showFan(null, false);
  }

  build() {
    this.who = h("strong", {}, "—");
    this.file = h("input", {
      type: "file",
      accept: "image/*",
      class: "unseen",
      id: "poster-file",
      onchange: () => this.scanFiles(),
    });
    this.drop = h(
      "label",
      { class: "drop", for: "poster-file" },
      h("strong", {}, "选一张海报图片"),
      h("span", { class: "quiet" }, "也可以拖进来，或者粘贴"),
    );
    this.posters = h("div", { class: "posters" }, h("p", { class: "quiet" }, "正在找附近的海报…"));
    this.joinButton = h("button", { type: "button", onclick: () => this.do("follow") }, "直接关注");
    this.leaveButton = h("button", { type: "button", class: "warn", onclick: () => this.do("unfollow") }, "取消关注");
    this.time = h("p", { class: "now" });
    this.ahead = h("p", { class: "quiet" });
    this.clockButtons = [
      ["过一小时", { jump: "hour" }],
      ["过两天", { jump: "two_days" }],
      ["到月底", { jump: "month_end" }],
      ["过 31 天", { jump: "days", days: 31 }],
    ].map(([words, body]) =>
      h("button", { type: "button", disabled: true, onclick: () => this.jump(body, words) }, words),
    );
    this.real = h(
      "button",
      { type: "button", disabled: true, onclick: () => this.jump({ reset: true }, "已恢复真实时间") },
      "恢复真实时间",
    );
    this.groups = FAULTS.map((group, index) => this.faultGroup(group, index));
    this.calm = h(
      "button",
      { type: "button", class: "primary", disabled: true, onclick: () => this.allCalm() },
      "恢复正常",
    );
    this.element.replaceChildren(
      h(
        "div",
        { class: "drawer-head" },
        h("h2", {}, "操作台"),
        h("p", {}, "正在替 ", this.who, " 操作"),
        h("button", { type: "button", class: "plain close-drawer", onclick: () => this.page.closeDrawer() }, "完成"),
      ),
      this.section("scan", "扫海报", this.file, this.drop, h("h4", {}, "附近的海报"), this.posters),
      this.section("follow", "关注", h("div", { class: "row" }, this.joinButton, this.leaveButton)),
      this.section("time", "时间", this.time, this.ahead, h("div", { class: "row" }, this.clockButtons, this.real)),
      this.section(
        "faults",
        "异常开关",
        h("p", { class: "quiet" }, "打开一个，看看产品怎样应对。"),
        h(
          "div",
          { class: "faults" },
          this.groups.map(({ element }) => element),
        ),
        this.calm,
      ),
    );
    setInterval(() => this.tick(), 1_000);
  }

  section(id, title, ...children) {
    return h(
      "section",
      { id: `part-${id}`, tabindex: "-1", "aria-labelledby": `title-${id}` },
      h("h3", { id: `title-${id}` }, title),
      children,
    );
  }

  /** Show for whom things are done. */
  showFan(fan, following) {
    this.who.textContent = fan ? fan.name : "（还没有顾客）";
    this.joinButton.disabled = !fan || following;
    this.leaveButton.disabled = !fan || !following;
    this.file.disabled = !fan;
    this.drop.classList.toggle("off", !fan);
    for (const poster of this.posters.querySelectorAll(".poster")) poster.disabled = !fan;
  }

  do(action, ...rest) {
    return this.page.act(this.page.fan(), action, ...rest);
  }

  /** Ask for everything of the account anew. */
  async refresh() {
    if (this.page.account() === null) return;
    await Promise.all([this.loadPosters(), this.loadFaults(), this.loadClock()]);
  }

  async loadPosters() {
    const account = this.page.account();
    let codes;
    try {
      ({ codes } = await get(`codes?app_id=${account.app_id}&limit=200`));
    } catch (error) {
      this.posters.replaceChildren(h("p", { class: "quiet" }, `海报没有取到。${error.message}`));
      return;
    }
    if (!codes.length) {
      this.posters.replaceChildren(
        h("p", { class: "quiet" }, "附近还没有海报。产品生成带参数的二维码以后，会出现在这里。"),
      );
      return;
    }
    const some = this.allPosters ? codes : codes.slice(0, POSTERS_AT_FIRST);
    this.posters.replaceChildren(
      ...some.map((code) => this.poster(code)),
      ...(some.length < codes.length
        ? [
            h(
              "button",
              {
                type: "button",
                class: "plain all",
                onclick: () => {
                  this.allPosters = true;
                  this.loadPosters();
                },
              },
              `全部 ${codes.length} 张`,
            ),
          ]
        : []),
    );
  }

  poster(code) {
    const life = code.expires_at ? `到 ${dayOf(new Date(code.expires_at))}` : "长期有效";
    return h(
      "button",
      {
        type: "button",
        class: "poster",
        disabled: !this.page.fan(),
        "aria-label": `扫海报，${code.caption ?? `场景 ${code.scene}`}，${life}`,
        onclick: () => this.do("scanned", { url: code.url }),
      },
      h("img", {
        src: address(`code_picture?ticket=${encodeURIComponent(code.ticket)}`),
        alt: "",
        loading: "lazy",
        width: "80",
        height: "80",
      }),
      h("span", { class: code.caption ? "words" : "scene" }, code.caption ?? code.scene),
      h("span", { class: "quiet" }, life),
    );
  }

  /** Scan the first file for the chosen person. */
  scanFiles(files = this.file.files) {
    const [picture] = files;
    const fan = this.page.fan();
    if (!picture) return null;
    this.drop.classList.add("busy");
    return attempt(async () => {
      if (fan === null) throw new Refused("no_fan", WORDS.no_fan);
      const found = await postPicture("scan_picture", picture);
      if (found.app_id !== this.page.account().app_id)
        throw new Refused("code_unknown", "这张海报属于另一个公众号，请先切换公众号。");
      await this.page.act(fan, "scanned", { url: found.url });
    }).finally(() => {
      this.drop.classList.remove("busy");
      // The same file may be chosen again.
      this.file.value = "";
    });
  }

  async loadClock() {
    await attempt(async () => this.showClock(await get("clock")));
  }

  showClock(clock) {
    this.clock = clock;
    setNow(clock.now);
    for (const button of this.clockButtons) button.disabled = !clock.movable;
    this.real.disabled = !clock.movable || Math.abs(clock.offset) < 1;
    this.tick();
    this.page.timeChanged();
  }

  tick() {
    if (!this.clock) return;
    const { offset, movable } = this.clock;
    const moved = Math.abs(offset) >= 1;
    this.time.textContent = longTime(platformNow());
    this.ahead.textContent = !movable
      ? "模拟器启动时没有时钟文件，不能拨动。"
      : moved
        ? `比真实时间${offset > 0 ? "快" : "慢"} ${span(offset)}`
        : "与真实时间一致";
    this.page.moved(moved ? longTime(platformNow()) : null);
  }

  jump(body, words) {
    return attempt(async () => {
      this.showClock(await post("clock", body));
      say(body.reset ? words : `${words}：现在是 ${longTime(platformNow())}`);
    });
  }

  faultGroup({ at, title, switches }, index) {
    const boxes = switches.map((one) =>
      h("input", {
        type: "checkbox",
        role: "switch",
        disabled: true,
        onchange: (event) => this.turn(one, event.target.checked),
      }),
    );
    const lines = switches.map(({ words: [name, meaning] }, number) =>
      h(
        "label",
        { class: "switch" },
        h("span", {}, h("strong", {}, name), h("span", { class: "quiet" }, meaning)),
        boxes[number],
      ),
    );
    const trouble = h("p", { class: "quiet", hidden: true });
    const element = h("details", { open: index === 0 }, h("summary", {}, title), trouble, lines);
    return { at, switches, boxes, trouble, element };
  }

  /** Set the switches as the server has them; those that can't be asked for cannot be used. */
  async loadFaults() {
    const app = this.page.account().app_id;
    const on = [];
    for (const { at, switches, boxes, trouble } of this.groups) {
      let faults = null;
      try {
        const answer = await get(`${at}?app_id=${app}`);
        faults = answer.faults ?? answer;
      } catch (error) {
        trouble.textContent = error.message;
      }
      trouble.hidden = faults !== null;
      switches.forEach((one, number) => {
        boxes[number].disabled = faults === null;
        boxes[number].checked = faults !== null && faults.some((fault) => isThis(fault, one));
      });
      on.push(...(faults ?? []));
    }
    this.calm.disabled = on.length === 0;
    this.page.troubled(on.length);
  }

  switchedOn() {
    return this.groups.flatMap(({ switches, boxes }) => switches.filter((_, number) => boxes[number].checked));
  }

  async turn(one, on) {
    const { app_id: app } = this.page.account();
    const former = on ? this.switchedOn().find((other) => other !== one && takesPlaceOf(one, other)) : undefined;
    await attempt(async () => {
      if (on) await put(one.at, { app_id: app, ...one.body });
      else await remove(`${one.at}?${new URLSearchParams({ app_id: app, ...named(one.body) })}`);
      const instead = former ? `，代替了“${former.words[0]}”` : "";
      say(`${on ? "已打开" : "已关上"}：${one.words[0]}${instead}`);
    });
    await this.loadFaults();
  }

  async allCalm() {
    const app = this.page.account().app_id;
    const done = await attempt(() =>
      Promise.all([remove(`push_faults?app_id=${app}`), remove(`faults?app_id=${app}`)]),
    );
    if (done) say("全部异常已关上，一切恢复正常");
    await this.loadFaults();
  }
}
