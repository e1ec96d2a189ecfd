import { expect, test } from "vitest";
import { dayAndTime, dayName, fromField, moment, money, phone, toField } from "../src/format";

const NOON = Date.parse("2026-03-04T04:00:00Z");
const ago = (minutes: number) => new Date(NOON - minutes * 60_000).toISOString();

test.each([
  [0.5, "刚刚"],
  [12, "12 分钟前"],
  [90, "10:30"],
  [-90, "13:30"],
  [13 * 60, "昨天 23:00"],
  [-13 * 60, "明天 01:00"],
  [3 * 1440, "03-01 12:00"],
  [365 * 1440, "2025-03-04"],
])("%s minutes ago is said in business time", (minutes, said) => {
  expect(moment(ago(minutes), NOON)).toBe(said);
});

test("no moment is nothing", () => {
  expect(moment(null)).toBe("");
});

test("a field holds business time, and gives back the moment it was made of", () => {
  expect(toField("2026-03-04T18:05:00Z")).toBe("2026-03-05T02:05");
  expect(fromField("2026-03-05T02:05")).toBe("2026-03-04T18:05:00.000Z");
  expect(fromField("")).toBeNull();
});

test("numbers and money are written as people read them", () => {
  expect(phone("+8613800138000")).toBe("138 0013 8000");
  expect(phone("+86138****8000")).toBe("+86138****8000");
  expect(phone(null)).toBe("");
  expect(money(123456)).toBe("¥1,234.56");
});

test("limits and days are told in business time", () => {
  expect(dayAndTime("2026-11-22T10:05:00Z")).toBe("11月22日 18:05");
  expect(dayName("2026-11-22T20:00:00Z", NOON)).toBe("11月23日星期一");
  expect(dayName("2025-11-22T10:05:00Z", NOON)).toBe("2025年11月22日星期六");
});
