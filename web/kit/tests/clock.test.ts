import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { hearDate, serverNow } from "../src/clock";

const NOON = Date.parse("2026-03-04T04:00:00Z");
const told = (ms: number) => hearDate(new Date(ms).toUTCString());

beforeEach(() => void vi.useFakeTimers({ now: NOON }));
afterEach(() => void vi.useRealTimers());

test.each([-1, 1])("a phone %s h off goes by the server's clock", (hours) => {
  const there = NOON - hours * 3_600_000;
  told(there);
  expect(Math.abs(serverNow() - there)).toBeLessThan(1_000);
  vi.advanceTimersByTime(60_000);
  expect(Math.abs(serverNow() - there - 60_000)).toBeLessThan(1_000);
});

test("whole seconds and a slow answer are no difference, and no date says nothing", () => {
  told(NOON);
  expect(serverNow()).toBe(NOON);
  told(NOON - 1_000);
  hearDate(null);
  expect(serverNow()).toBe(NOON);
});
