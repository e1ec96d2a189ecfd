import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Unreachable } from "../src/api/errors";
import { send } from "../src/api/sending";

type Answer = Response | Error;
let sent: Request[] = [];
let answers: (() => Answer)[] = [];

const lost = () => new TypeError("Failed to fetch");
const status = (code: number) => () => new Response("{}", { status: code });
const keyOf = (request: Request | undefined) => request?.headers.get("Idempotency-Key");
const post = (body: string) => new Request("https://guanxi.example/staff/v1/tags", { method: "POST", body });

beforeEach(() => {
  [sent, answers] = [[], []];
  vi.useFakeTimers();
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push(request);
    const answer = (answers.shift() ?? status(200))();
    if (answer instanceof Error) throw answer;
    return answer;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function through<T>(asked: Promise<T>): Promise<T> {
  const settled = asked.catch(() => {});
  await vi.runAllTimersAsync();
  await settled;
  return asked;
}

test("a creating request whose answer was lost is repeated with its key", async () => {
  answers = [lost, status(503), status(201)];
  expect((await through(send(post("a"), true))).status).toBe(201);
  expect(sent).toHaveLength(3);
  expect(keyOf(sent[0])).toBeTruthy();
  expect(new Set(sent.map(keyOf)).size).toBe(1);
});

test("a person who tries again sends the same key; after an answer, or of another content, it is a new one", async () => {
  answers = [lost, lost, lost];
  await expect(through(send(post("b"), true))).rejects.toBeInstanceOf(Unreachable);
  await through(send(post("b"), true));
  await through(send(post("b"), true));
  await through(send(post("c"), true));
  const [first, , , again, second, other] = sent.map(keyOf);
  expect(again).toBe(first);
  expect(new Set([first, second, other]).size).toBe(3);
});

test("a refusal is an answer: the next try has a key of its own", async () => {
  answers = [status(422)];
  await through(send(post("d"), true));
  await through(send(post("d"), true));
  expect(keyOf(sent[0])).not.toBe(keyOf(sent[1]));
});

test("what changes something and has no key is sent once", async () => {
  answers = [lost];
  const put = new Request("https://guanxi.example/staff/v1/me/password", { method: "PUT", body: "{}" });
  await expect(through(send(put, false))).rejects.toBeInstanceOf(Unreachable);
  expect(sent).toHaveLength(1);
});

test("an answer that breaks off is none: the next try has the same key", async () => {
  const broken = new ReadableStream({ pull: (stream) => stream.error(lost()) });
  answers = [() => new Response(broken), status(201)];
  expect((await through(send(post("e"), true))).status).toBe(201);
  expect(keyOf(sent[1])).toBe(keyOf(sent[0]));
});

test("a key that a request brings along is kept, whatever was answered", async () => {
  const own = () => new Request(post("f"), { headers: { "Idempotency-Key": "mine" } });
  answers = [status(422)];
  await through(send(own(), true));
  await through(send(own(), true));
  expect(sent.map(keyOf)).toEqual(["mine", "mine"]);
});

test("a line that says nothing is given up", async () => {
  const dead = (signal: AbortSignal) =>
    new Promise<Response>((_, reject) => signal.addEventListener("abort", () => reject(lost())));
  vi.stubGlobal("fetch", (_: Request, { signal }: { signal: AbortSignal }) => dead(signal));
  await expect(through(send(post("g"), true))).rejects.toBeInstanceOf(Unreachable);
});

test("what was called off is not repeated", async () => {
  const off = new AbortController();
  answers = [() => (off.abort(), new DOMException("called off", "AbortError"))];
  const asked = new Request("https://guanxi.example/", { signal: off.signal });
  await expect(through(send(asked, false))).rejects.toThrow("called off");
  expect(sent).toHaveLength(1);
});
