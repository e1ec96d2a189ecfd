import { hearDate } from "../clock";
import { uuid } from "../uuid";
import { Unreachable } from "./errors";

/** How long to wait before each further try of what may be sent again. */
const PAUSES_MS = [400, 1600];
const AWAY = new Set([502, 503, 504]);
/** A line that died while the phone slept never answers: so long a try may take, and so long one that carries a file. */
const TRY_MS = 15_000;
const FILE_TRY_MS = 60_000;
const FILE = "application/octet-stream";
const BODILESS = new Set([204, 205, 304]);

/**
 * Keys of creating requests that have no answer yet. The same request sent again, by us or by a person who taps once
 * more, has the same key, so the server creates once; a changed one is another request.
 */
const unanswered = new Map<string, string>();

/**
 * Send a request; what changes nothing, and what carries an Idempotency-Key, again where no answer came. A request that
 * brings a key of its own keeps it.
 */
export async function send(request: Request, creates: boolean, fetchesFile = false): Promise<Response> {
  const isFile = fetchesFile || request.headers.get("Content-Type") === FILE;
  const what = creates && !request.headers.has("Idempotency-Key") && !isFile ? await whole(request) : "";
  if (creates && !request.headers.has("Idempotency-Key")) {
    const key = unanswered.get(what) ?? uuid();
    if (what) unanswered.set(what, key);
    request.headers.set("Idempotency-Key", key);
  }
  const pauses = creates || request.method === "GET" ? PAUSES_MS : [];
  const response = await patiently(request, pauses, isFile ? FILE_TRY_MS : TRY_MS);
  if (!AWAY.has(response.status)) unanswered.delete(what);
  return response;
}

async function whole(request: Request): Promise<string> {
  return `${request.url} ${await request.clone().text()}`;
}

async function patiently(request: Request, pauses: number[], tryMs: number): Promise<Response> {
  for (const pause of pauses) {
    const response = await once(request.clone(), tryMs);
    if (response && !AWAY.has(response.status)) return response;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  const response = await once(request, tryMs);
  if (!response) throw new Unreachable();
  return response;
}

/** One try; an answer is one when all of it is here. */
async function once(request: Request, tryMs: number): Promise<Response | undefined> {
  const over = new AbortController();
  const callOff = () => over.abort();
  const timer = setTimeout(callOff, tryMs);
  request.signal.addEventListener("abort", callOff);
  if (request.signal.aborted) callOff();
  try {
    const response = await fetch(request, { signal: over.signal });
    // Files may come from the browser's cache, with the date of that day.
    if (tryMs !== FILE_TRY_MS) hearDate(response.headers.get("Date"));
    const body = BODILESS.has(response.status) ? null : await response.blob();
    return new Response(body, response);
  } catch (error) {
    if (request.signal.aborted) throw error;
    return undefined;
  } finally {
    clearTimeout(timer);
    request.signal.removeEventListener("abort", callOff);
  }
}
