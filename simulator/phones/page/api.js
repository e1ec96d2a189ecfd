// The simulator's control side, with every refusal in words.

const BASE = new URL("../sim/", import.meta.url);
const PATIENCE_MS = 15_000;

export const WORDS = {
  offline: "连不上模拟器，操作没有发出。恢复连接后请再试一次。",
  slow: "模拟器很久没有回答，操作可能没有完成。请看一眼手机再决定要不要重试。",
  no_fan: "先添加一位顾客，再替他扫海报。",
  account_unknown: "模拟器里没有这个公众号了，请刷新页面。",
  fan_unknown: "模拟器里没有这位顾客了，请移出后重新添加。",
  already_following: "这位顾客已经关注了公众号，不用再关注。",
  not_following: "还没有关注公众号。先点“关注公众号”，或扫一张海报。",
  not_an_official_account: "小程序不能被关注，请换一个公众号。",
  code_unknown: "这张二维码不属于这里的公众号。请换一张由本系统生成的海报。",
  code_expired: "这张二维码已经过期。请让导购换一张新的海报。",
  no_code_seen: "图片里没有找到二维码。请换一张更清楚、二维码完整的图片。",
  not_a_picture: "这个文件不是能识别的图片。请用 PNG 或 JPG 格式的海报。",
  picture_too_large: "图片超过 10 MB，请换一张小一点的。",
  no_clock_file: "模拟器启动时没有时钟文件，不能拨动时间。用 make demo 启动就可以。",
  clock_too_far: "时间已经拨得太远，请先恢复真实时间。",
  button_unknown: "菜单刚刚换过，没有这个按钮了。请再看一眼菜单。",
  balance_gone: "这位顾客没有剩下的通知次数了，先请他再订阅一次。",
  button_pushes_nothing: "这个菜单按钮在这里没有动作。",
  endpoint_unknown: "平台没有这个接口，故障开关没有打开。",
  phone_balance_gone: "小程序的手机号验证次数用完了，按钮按不动。",
  not_a_mini_program: "这件事只有小程序能做，请换一个账号。",
  template_unknown: "公众号没有这个订阅模板了，请重新打开订阅通知。",
  too_many_templates: "一次申请的通知太多了，平台不会弹出。",
  media_unknown: "这个文件已经过期，打不开了。",
  push_unknown: "模拟器里没有这条推送了。",
  never_sent: "这条消息还没有送出过，稍后再试。",
  push_cancelled: "模拟器刚刚被清空，这次操作没有完成。",
  invalid_request: "填写的内容不合规矩，请检查后再试。",
  unsendable: "消息里有无法发送的字符。请删掉看不见的特殊字符，再发一次。",
  not_found: "这个版本的模拟器还没有这项功能。",
};

/** A refusal: its stable code, and words for a person. */
export class Refused extends Error {
  constructor(code, words) {
    super(words);
    this.code = code;
  }
}

export const get = (path) => call("GET", path);
export const post = (path, body) => call("POST", path, JSON.stringify(body), "application/json");
export const put = (path, body) => call("PUT", path, JSON.stringify(body), "application/json");
export const remove = (path) => call("DELETE", path);
export const postPicture = (path, file) => call("POST", path, file, "application/octet-stream");

/** The address of something on the control side. */
export const address = (path) => new URL(path, BASE).href;

async function call(method, path, body, type) {
  const options = { method, body, headers: type && { "Content-Type": type }, signal: AbortSignal.timeout(PATIENCE_MS) };
  let response;
  try {
    response = await fetch(address(path), options);
  } catch (error) {
    const code = error.name === "TimeoutError" ? "slow" : "offline";
    throw new Refused(code, WORDS[code]);
  }
  if (response.ok) return response.status === 204 ? null : response.json();
  const code = await response.json().then(
    (answer) => answer.error.code,
    () => "unknown",
  );
  throw new Refused(code, WORDS[code] ?? `操作没有成功（${response.status} ${code}）。`);
}
