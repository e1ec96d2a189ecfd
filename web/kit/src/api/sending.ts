import { Unreachable } from "./errors";

/** How long to wait before each further try of what may be sent again. */
const PAUSES_MS = [400, 1600];
const AWAY = new Set([502, 503, 504]);

/**
 * Keys of creating requests that have no answer yet. The same request sent again, by us or by a person who taps once
 * more, has the same key, so the server creates once; a changed one is another request.
 */
const unanswered = new Map<string, string>();

/** Send a request; what changes nothing, and what carries an Idempotency-Key, again where no answer came. */
export async function send(request: Request, creates: boolean): Promise<Response> {
  const what = creates ? `${request.url} ${await request.clone().text()}` : "";
  if (creates) {
    const key = unanswered.get(what) ?? crypto.randomUUID();
    unanswered.set(what, key);
    request.headers.set("Idempotency-Key", key);
  }
  const pauses = creates || request.method === "GET" ? PAUSES_MS : [];
  const response = await patiently(request, pauses);
  if (!AWAY.has(response.status)) unanswered.delete(what);
  return response;
}

async function patiently(request: Request, pauses: number[]): Promise<Response> {
  for (const pause of pauses) {
    const response = await fetch(request.clone()).catch(unlessAborted);
    if (response && !AWAY.has(response.status)) return response;
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  const response = await fetch(request).catch(unlessAborted);
  if (!response) throw new Unreachable();
  return response;
}

function unlessAborted(error: unknown): undefined {
  if (error instanceof DOMException && error.name === "AbortError") throw error;
  return undefined;
}
