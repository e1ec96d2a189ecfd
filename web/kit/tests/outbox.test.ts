import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { outboxOf } from "../src/chat/outbox";
import { keepTicket } from "../src/session/ticket";

const SAID = JSON.stringify({ number: 1 });
let sent: Request[] = [];
let answers: ((answer: Response | Error) => void)[] = [];

const hello = { kind: "text", text: "您好" } as const;
const stored = (conversation: string) => localStorage.getItem(`guanxi.outbox.staff.${conversation}`) ?? "";
const settled = () => vi.advanceTimersByTimeAsync(3_000);

/** The network breaks off, at each of the tries. */
async function lose(): Promise<void> {
  for (let tries = 0; tries < 3; tries++) {
    answers.shift()?.(new TypeError("Failed to fetch"));
    await settled();
  }
}

beforeEach(() => {
  [sent, answers] = [[], []];
  vi.useFakeTimers();
  vi.stubGlobal("fetch", (request: Request) => {
    sent.push(request);
    return new Promise<Response>((resolve, reject) =>
      answers.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer))),
    );
  });
  keepTicket("mine");
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("a reply is written down before it is sent, and forgotten once it is said", async () => {
  const box = outboxOf("staff", "one");
  box.put(hello, 3);
  expect(stored("one")).toContain("您好");
  await settled();
  answers.shift()?.(new Response(SAID, { status: 201 }));
  await vi.waitFor(() => expect(box.entries.value).toEqual([]));
  expect(stored("one")).toBe("");
});

test("one without an answer holds those behind it, and all go out again in order with their keys", async () => {
  const box = outboxOf("staff", "two");
  box.put(hello, 3);
  box.put({ ...hello, text: "在的" }, 3);
  await settled();
  await lose();
  expect(box.entries.value.map(({ state }) => state)).toEqual(["unanswered", "unanswered"]);
  const keys = box.entries.value.map(({ key }) => key);
  sent = [];
  box.resume();
  for (let each = 0; each < 2; each++) {
    await vi.waitFor(() => expect(answers).toHaveLength(1));
    answers.shift()?.(new Response(SAID, { status: 201 }));
  }
  await vi.waitFor(() => expect(box.entries.value).toEqual([]));
  expect(sent.map((request) => request.headers.get("Idempotency-Key"))).toEqual(keys);
});

test("what is older than ten minutes waits for its writer", async () => {
  const box = outboxOf("staff", "three");
  box.put(hello, 3);
  await settled();
  await lose();
  sent = [];
  await vi.advanceTimersByTimeAsync(11 * 60_000);
  box.resume();
  await settled();
  expect(sent).toEqual([]);
  box.again(box.entries.value[0]?.key ?? "", { seen: 9 });
  await vi.waitFor(() => expect(sent).toHaveLength(1));
  expect(await sent[0]?.json()).toMatchObject({ seen: 3 });
});

test("nothing of one person's is sent under the name of the next", async () => {
  const box = outboxOf("staff", "four");
  box.put(hello, 3);
  box.put(hello, 3);
  await settled();
  keepTicket("another's");
  answers.shift()?.(new Response(SAID, { status: 201 }));
  await vi.waitFor(() => expect(box.entries.value).toHaveLength(1));
  await settled();
  expect(sent).toHaveLength(1);
  expect(outboxOf("staff", "four")).not.toBe(box);
});
