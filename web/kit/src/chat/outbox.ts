import { shallowRef, watch } from "vue";
import { api, data } from "../api/client";
import { Refused, wordsOf } from "../api/errors";
import { listen } from "../live/stream";
import { keep, readKept } from "../session/kept";
import { ticket } from "../session/ticket";
import { uuid } from "../uuid";
import type { Content, Message, Outgoing } from "./types";

/** What is older has waited so long that only its writer sends it. */
const FRESH_MS = 10 * 60_000;

/** Who looks at a conversation hears what became of its replies. */
export interface Listener {
  said: (message: Message) => void;
  refused: (one: Outgoing, error: Refused) => void;
}

const boxes = new Map<string, Outbox>();
// Nothing of one person's is sent under the name of the next.
watch(ticket, () => boxes.clear(), { flush: "sync" });
const resumeAll = () => boxes.forEach((box) => box.resume());
window.addEventListener("online", resumeAll);
listen(({ event }) => event === "hello" && resumeAll());

/** The replies of a person in a conversation that have no number yet; the same one wherever it is asked for. */
export function outboxOf(staffId: string, conversationId: string): Outbox {
  const name = `${staffId}.${conversationId}`;
  const box = boxes.get(name) ?? makeOutbox(staffId, conversationId);
  boxes.set(name, box);
  return box;
}

export type Outbox = ReturnType<typeof makeOutbox>;

/**
 * Replies are written down before they are sent, one after the other. The key of each is its Idempotency-Key, so it is
 * said once however often it is sent, by this page or the next.
 */
function makeOutbox(staffId: string, conversationId: string) {
  const stored = () => readKept<Outgoing[]>("outbox", staffId, conversationId) ?? [];
  const store = (all: Outgoing[]) => keep("outbox", staffId, conversationId, all);
  const unanswered = (one: Outgoing): Outgoing => (one.state === "sending" ? { ...one, state: "unanswered" } : one);

  const entries = shallowRef(stored().map(unanswered));
  const listeners = new Set<Listener>();
  const token = ticket.value;
  let isSending = false;

  /** In another tab there may be others: each is changed alone, and what was forgotten there doesn't come back. */
  function change(key: string, to: Partial<Outgoing> | null): void {
    const changed = (all: Outgoing[]) =>
      all.flatMap((one) => (one.key !== key ? [one] : to === null ? [] : [{ ...one, ...to }]));
    store(changed(stored()));
    entries.value = changed(entries.value);
  }

  async function post({ key, content, seen, anyway }: Outgoing): Promise<void> {
    const params = { path: { conversation_id: conversationId } };
    const asked = { params, body: { content, seen, anyway }, headers: { "Idempotency-Key": key } };
    try {
      const said = await data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/messages", asked));
      change(key, null);
      listeners.forEach((listener) => listener.said(said));
    } catch (thrown) {
      const problem = wordsOf(thrown);
      if (thrown instanceof Refused && thrown.status < 500 && thrown.status !== 401) {
        change(key, { state: "failed", problem });
        const one = entries.value.find((each) => each.key === key);
        if (one) listeners.forEach((listener) => listener.refused(one, thrown));
      } else {
        // Those behind it would overtake it.
        const waiting = entries.value.filter(({ state }) => state === "sending");
        waiting.forEach((each) => change(each.key, { state: "unanswered", problem }));
      }
    }
  }

  async function sendAll(): Promise<void> {
    if (isSending) return;
    isSending = true;
    for (;;) {
      const one = entries.value.find(({ state }) => state === "sending");
      if (!one || ticket.value !== token) break;
      await post(one);
    }
    isSending = false;
  }

  /** Again those without an answer, in their order and unchanged. */
  function retry(which: (one: Outgoing) => boolean): void {
    const waiting = entries.value.filter((one) => one.state === "unanswered" && which(one));
    waiting.forEach(({ key }) => change(key, { state: "sending", problem: "" }));
    void sendAll();
  }

  const isFresh = ({ at }: Outgoing) => Date.now() - at < FRESH_MS;

  return {
    entries,

    /** Hear what becomes of them; gives what ends it. */
    hear(listener: Listener): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },

    put(content: Content, seen: number): void {
      const one: Outgoing = {
        key: uuid(),
        content,
        seen,
        anyway: false,
        at: Date.now(),
        state: "sending",
        problem: "",
      };
      store([...stored(), one]);
      entries.value = [...entries.value, one];
      // It doesn't overtake the one before it.
      retry(isFresh);
    },

    /** Send one once more: what was refused as something new, what has no answer as what it was. */
    again(key: string, to: Pick<Outgoing, "seen"> & Partial<Outgoing>): void {
      const one = entries.value.find((each) => each.key === key);
      if (one?.state === "failed") change(key, { ...to, state: "sending", problem: "" });
      retry(() => one?.state === "unanswered");
    },

    drop: (key: string) => change(key, null),
    resume: () => retry(isFresh),
  };
}
