import { computed, onScopeDispose, provide, shallowRef, watch, type InjectionKey } from "vue";
import { api, data } from "../api/client";
import { serverNow } from "../clock";
import { useLive } from "../live/useLive";
import { whenOnline } from "../offline";
import { useResource } from "../states/resource";
import { throttled } from "./throttle";
import type { ChatNews, ConversationDetail, Message } from "./types";

const PAGE = 50;
const MOST = 200;
const PAUSE_MS = 300;
/** Whoever looks says so at least this often: the server forgets it after two minutes and tells no more. */
const LOOK_MS = 60_000;
/** The server's links to files live for half an hour at least. */
const LINKS_MS = 25 * 60_000;
/** After the end of the time for replies, or while the server doesn't think so yet. */
const END_PAUSE_MS = 1_000;
const LATE_PAUSE_MS = 5_000;
/** Browsers wait no longer. */
const LONGEST_MS = 2 ** 31 - 1;
const UNSETTLED = new Set(["pending", "sending"]);

/** Ask for the links of files anew: one stopped working. */
export const renewing: InjectionKey<() => void> = Symbol("renewing");

/**
 * One conversation: who it is with, what was said, and what is said from now on. A page that goes from one to the next
 * gives its component `:key="id"`.
 */
export function useThread(id: string) {
  const messages = shallowRef<Message[]>([]);
  const begins = shallowRef(false);
  const failedEarlier = shallowRef<unknown>();
  let earlier: Promise<void> | null = null;
  let linked = Date.now();
  let catching = Promise.resolve();
  let next: Promise<void> | null = null;

  const path = { conversation_id: id };
  const read = (query: { before?: number; after?: number; limit: number }) =>
    data(api.GET("/staff/v1/inbox/conversations/{conversation_id}/messages", { params: { path, query } }));
  const readDetail = () => data(api.GET("/staff/v1/inbox/conversations/{conversation_id}", { params: { path } }));

  const detail = useResource<ConversationDetail>(
    async () => {
      const [about] = await Promise.all([readDetail(), messages.value.length ? readOn() : readNewest()]);
      return about;
    },
    { renew: false },
  );
  async function readNewest(): Promise<void> {
    const newest = await read({ limit: PAGE });
    take(newest);
    begins.value = newest.length < PAGE;
  }
  const newest = computed(() => messages.value.at(-1)?.number ?? 0);

  /** These are in the thread, as they are now. */
  function take(fresh: Message[]): void {
    const known = new Map(messages.value.map((message) => [message.number, message]));
    fresh.forEach((message) => known.set(message.number, message));
    messages.value = [...known.values()].sort(byNumber);
  }

  /**
   * All that came since, what became of what was on its way (to the phone, or from it into our files), and all with
   * files again when their links grow old.
   */
  async function readOn(): Promise<void> {
    const isOld = Date.now() - linked > LINKS_MS;
    const first = messages.value.find((message) => isUnsettled(message) || (isOld && message.media?.url));
    let after = first ? first.number - 1 : newest.value;
    if (isOld) linked = Date.now();
    for (let size = MOST; size === MOST;) {
      const fresh = await read({ after, limit: MOST });
      take(fresh);
      size = fresh.length;
      after = fresh.reduce((most, { number }) => Math.max(most, number), after);
    }
  }

  async function catchUp(): Promise<void> {
    next = null;
    try {
      await readOn();
      detail.data.value = await readDetail();
      detail.error.value = undefined;
    } catch (thrown) {
      detail.error.value = thrown;
    }
  }

  /** Read on from where the page stands; one reading at a time, one more after it, and what fails is made good by that. */
  function follow(): Promise<void> {
    if (!detail.data.value) return detail.load();
    next ??= catching = catching.then(catchUp);
    return next;
  }

  /** A reply has its number. */
  function said(message: Message): void {
    take([message]);
    void follow();
  }

  async function readEarlier(): Promise<void> {
    const first = messages.value[0]?.number;
    if (begins.value || first === undefined) return;
    try {
      const older = await read({ before: first, limit: PAGE });
      take(older);
      begins.value = older.length < PAGE;
      failedEarlier.value = undefined;
    } catch (thrown) {
      failedEarlier.value = thrown;
    }
  }

  /** All up to the newest was looked at; said once per number, and a failure is no news to anybody. */
  let told = 0;
  async function markRead(): Promise<void> {
    const number = newest.value;
    if (!detail.data.value?.unread || number <= told) return;
    told = number;
    await api
      .POST("/staff/v1/inbox/conversations/{conversation_id}/read", { params: { path }, body: { number } })
      .catch(() => (told = 0));
  }

  // What is broken in itself isn't asked for over and over.
  let renewed = 0;
  provide(renewing, () => {
    if (Date.now() - renewed < LOOK_MS) return;
    renewed = Date.now();
    linked = 0;
    void follow();
  });

  // Nobody tells when the time for replies is over.
  let end = 0;
  watch(detail.data, (about) => {
    window.clearTimeout(end);
    if (!about?.window.until) return;
    const left = new Date(about.window.until).getTime() - serverNow();
    const pause = left > 0 ? left + END_PAUSE_MS : LATE_PAUSE_MS;
    end = window.setTimeout(() => void follow(), Math.min(pause, LONGEST_MS));
  });
  const looking = window.setInterval(() => document.hidden || void follow(), LOOK_MS);
  onScopeDispose(() => {
    window.clearTimeout(end);
    window.clearInterval(looking);
  });

  const followSoon = throttled(() => void follow(), PAUSE_MS);
  useLive({ chat: (news: ChatNews) => news.conversation_id === id && followSoon() }, followSoon);
  whenOnline(followSoon);

  return {
    id,
    detail,
    messages,
    newest,
    begins,
    failedEarlier,
    take,
    said,
    follow,
    markRead,
    readEarlier: () => (earlier ??= readEarlier().finally(() => (earlier = null))),
  };
}

export type Thread = ReturnType<typeof useThread>;

function isUnsettled({ sent, media }: Message): boolean {
  return (sent !== null && UNSETTLED.has(sent.state)) || media?.state === "waiting";
}

function byNumber(one: Message, other: Message): number {
  return one.number - other.number;
}
