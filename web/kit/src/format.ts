import { serverNow, tickingNow } from "./clock";
import { language } from "./words/language";
import { words } from "./words/kit";

/** The business is in China: its times are told there, wherever the phone is. China has no summer time. */
const ZONE = "Asia/Shanghai";
const OFFSET = "+08:00";
const MINUTE = 60_000;

const digits = new Intl.DateTimeFormat("sv-SE", { timeZone: ZONE, dateStyle: "short", timeStyle: "short" });

/** "2026-03-04 18:05" in business time; what a `datetime-local` field takes has a T in between. */
export function toField(at: string | Date): string {
  return digits.format(new Date(at)).replace(" ", "T");
}

/** What a `datetime-local` field holds, as the server wants it; nothing when it is empty. */
export function fromField(value: string): string | null {
  return value ? new Date(`${value}:00${OFFSET}`).toISOString() : null;
}

/** A moment as people say it: just now, 12 minutes ago, 18:05, yesterday 18:05, 03-04 18:05, 2025-03-04. */
export function moment(at: string | null | undefined, now = tickingNow()): string {
  if (!at) return "";
  const [day = "", clock = ""] = toField(at).split("T");
  const ago = now - new Date(at).getTime();
  if (ago >= 0 && ago < MINUTE) return words.time.now;
  if (ago >= 0 && ago < 60 * MINUTE) return words.time.minutes(Math.floor(ago / MINUTE));
  if (day === dayAt(now)) return clock;
  if (day === dayAt(now - 1440 * MINUTE)) return words.time.yesterday(clock);
  if (day === dayAt(now + 1440 * MINUTE)) return words.time.tomorrow(clock);
  return day.slice(0, 4) === dayAt(now).slice(0, 4) ? `${day.slice(5)} ${clock}` : day;
}

/** 11月22日 18:05, as a limit is told. */
export function dayAndTime(at: string): string {
  return told(at, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** 11月22日星期日; with the year where it isn't this one. */
export function dayName(at: string, now = serverNow()): string {
  const year = dayAt(now).slice(0, 4) === toField(at).slice(0, 4) ? {} : ({ year: "numeric" } as const);
  return told(at, { ...year, month: "long", day: "numeric", weekday: "long" });
}

/** Making one costs far more than using it, and a thread tells many times. */
const formats = new Map<string, Intl.DateTimeFormat>();

function told(at: string, options: Intl.DateTimeFormatOptions): string {
  const locale = language.value === "en" ? "en-GB" : "zh-CN";
  const name = `${locale} ${Object.keys(options).join()}`;
  const format = formats.get(name) ?? new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options });
  formats.set(name, format);
  return format.format(new Date(at));
}

function dayAt(at: number): string {
  return toField(new Date(at)).slice(0, 10);
}

/** 1234567 → 1,234,567 */
export function count(n: number): string {
  return n.toLocaleString(language.value === "en" ? "en" : "zh-CN");
}

/** Money, from fen. */
export function money(fen: number): string {
  const yuan = { style: "currency", currency: "CNY" } as const;
  return (fen / 100).toLocaleString(language.value === "en" ? "en" : "zh-CN", yuan);
}

/** +8613800138000 → 138 0013 8000; what the server masked stays as it is. */
export function phone(text: string | null): string {
  const mobile = /^\+86(1\d{2})(\d{4})(\d{4})$/.exec(text ?? "");
  return mobile ? mobile.slice(1).join(" ") : (text ?? "");
}
