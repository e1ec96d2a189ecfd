import { expect, test } from "vitest";
import { Parser } from "../src/live/parse";

const STREAM = [
  "retry: 1500\n\n",
  'id: 7\nevent: notice\ndata: {"title":"新任务"}\n\n',
  ": a beat\n\n",
  'event: hello\r\ndata: {"number":\r\ndata: 8}\r\n\r\n',
].join("");

test("events come whole, wherever the pieces are cut", () => {
  for (let size = 1; size <= STREAM.length; size++) {
    const parser = new Parser();
    const events = [];
    for (let at = 0; at < STREAM.length; at += size) events.push(...parser.take(STREAM.slice(at, at + size)));
    expect(events).toEqual([
      { id: "7", event: "notice", data: { title: "新任务" } },
      { id: null, event: "hello", data: { number: 8 } },
    ]);
    expect(parser.retry).toBe(1500);
  }
});

test("what has not ended yet is no event", () => {
  const parser = new Parser();
  expect(parser.take("event: todos\ndata: {}\n")).toEqual([]);
  expect(parser.take("\n")).toEqual([{ id: null, event: "todos", data: {} }]);
});
