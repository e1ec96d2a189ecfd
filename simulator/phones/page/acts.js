// What people do with their phones, each as the requests that it takes.

import { get, post, Refused, WORDS } from "./api.js";
import { askPlace, askSubscribe, askText, tell } from "./dialogs.js";
import { h } from "./dom.js";

// What XML cannot carry: it comes along when text is pasted from elsewhere.
const UNSENDABLE = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u;
const CODE_AT_HAND = "6901234567892";
const scanSomething = () => askText("扫一扫", "码里的内容", CODE_AT_HAND).then((text) => text && { scan_result: text });

// What a person gives when a button of the menu asks for it.
const GIVEN = {
  scancode_push: scanSomething,
  scancode_waitmsg: scanSomething,
  location_select: () => askPlace().then((place) => place && { place }),
};

/** The acts by name, each of a person first; `page` has account(), inView(), openScan(fan), close(fan) and openAccount. */
export function actsOf(page) {
  const step = (fan, path, body) =>
    post(`fans/${fan.fan_id}/${path}`, { app_id: page.account().app_id, wait: false, ...body });

  // What happened is seen on the phone, so nothing may stand before it.
  const stepInView = async (fan, path, body) => {
    await step(fan, path, body);
    page.inView();
  };

  return {
    close: page.close,
    open: page.openAccount,
    scan: page.openScan,
    follow: (fan) => stepInView(fan, "follow", {}),
    unfollow: (fan) => stepInView(fan, "unfollow", {}),
    scanned: (fan, { url }) => stepInView(fan, "scan", { url }),

    async send(fan, text, item) {
      if (UNSENDABLE.test(text)) throw new Refused("unsendable", WORDS.unsendable);
      await step(fan, "send", { text, msgmenu_id: item });
    },

    picture: (fan) => step(fan, "send", { msgtype: "image" }),

    async voice(fan) {
      const recognition = await askText("发送语音", "这段语音说了什么", "你好，请问几点开门？");
      if (recognition !== null) await step(fan, "send", { msgtype: "voice", recognition });
    },

    async location(fan) {
      const place = await askPlace();
      if (place !== null) await step(fan, "send", { msgtype: "location", ...place });
    },

    async menu(fan, path, button) {
      const given = GIVEN[button.type] ? await GIVEN[button.type]() : {};
      if (given === null) return;
      await step(fan, "menu", { path, ...given });
      if (button.type === "view") {
        const link = h("a", { href: button.url, target: "_blank", rel: "noopener noreferrer" }, button.url);
        await tell("打开网页", h("p", {}, link));
      } else if (button.type === "miniprogram") {
        await tell("打开小程序", h("p", {}, `${button.appid} ${button.pagepath}`));
      }
    },

    async subscribe(fan) {
      const account = page.account();
      const { templates } = await get(`subscribe_templates?app_id=${account.app_id}`);
      if (!templates.length) {
        await tell("订阅通知", h("p", {}, "这个公众号还没有订阅通知的模板。"));
        return;
      }
      const accept = await askSubscribe(account, templates);
      if (accept === null) return;
      await step(fan, "subscribe_dialog", { template_ids: templates.map(({ template_id: id }) => id), accept });
    },
  };
}
