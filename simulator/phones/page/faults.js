// The switches: what goes wrong on the platform's side when one is on.

const push = (kind, words) => ({ at: "push_faults", body: { kind, times: null }, words });
const call = (body, words) => ({ at: "faults", body: { endpoint: "*", times: null, ...body }, words });

export const FAULTS = [
  {
    at: "push_faults",
    title: "微信推送给我们时",
    switches: [
      push("duplicate", ["重复推送", "同一条消息送达不止一次"]),
      push("reorder", ["乱序送达", "后发生的事先送到"]),
      push("burst", ["积压后一起送达", "先不送，再一下子全部送来"]),
      push("drop", ["推送丢失", "事情发生了，我们却收不到"]),
      push("stale", ["时间戳过期", "签名时间是很久以前的"]),
      push("bad_signature", ["签名错误", "签名对不上，应当拒收"]),
      push("bad_plain_signature", ["只有明文签名错误", "密文的签名没错，收不收都可以"]),
      push("wrong_app_id", ["发给了别的公众号", "密文里的 AppID 不是我们的"]),
      push("truncated", ["密文被截断", "只送到前半段"]),
      push("padded", ["密文被添加内容", "末尾多出一段"]),
      push("not_utf8", ["编码错误", "内容不是合法的 UTF-8"]),
    ],
  },
  {
    at: "faults",
    title: "我们调用微信接口时",
    switches: [
      call({ kind: "errcode", errcode: -1 }, ["服务器繁忙（-1）", "每个接口都回答系统繁忙"]),
      call({ kind: "errcode", errcode: 40001 }, ["令牌总是失效（40001）", "刚取的 access_token 也不认"]),
      call({ kind: "errcode", errcode: 45009 }, ["当天额度用完（45009）", "接口不再受理调用"]),
      call({ kind: "latency", latency_ms: 3000 }, ["接口变慢", "每次调用都要等 3 秒"]),
      call({ kind: "http_500" }, ["接口报 HTTP 500", "网关出错，没有内容"]),
      call({ kind: "http_500_after" }, ["办完事却报 500", "事情已经做了，回答是网关出错"]),
      call({ kind: "errcode_after", errcode: -1 }, ["办完事却说繁忙（-1）", "事情已经做了，回答是系统繁忙"]),
      call({ kind: "reset_after" }, ["办完事却断线", "事情已经做了，回答没有送到"]),
      call({ kind: "not_json" }, ["回答不是 JSON", "送来的是一页 HTML"]),
      call({ kind: "truncated" }, ["回答只有一半", "JSON 在中间断掉"]),
    ],
  },
];

/** What names a switch when it is turned off. */
export const named = ({ kind, endpoint }) => (endpoint ? { kind, endpoint } : { kind });

/** Whether the platform forgets one switch when another is turned on: of a kind there is one at a time. */
export const takesPlaceOf = (one, other) =>
  one.at === other.at && JSON.stringify(named(one.body)) === JSON.stringify(named(other.body));

/** Whether a fault of the server's list is this switch. */
export function isThis(fault, { body }) {
  return ["kind", "endpoint", "errcode"].every((name) => (fault[name] ?? null) === (body[name] ?? null));
}
