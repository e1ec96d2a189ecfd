import { computed, onScopeDispose, shallowRef, watch } from "vue";
import { api, data } from "../api/client";
import { useLive } from "../live/useLive";
import { useResource } from "../states/resource";
import { throttled } from "./throttle";
import type { ChatNews, ConversationDetail, Message } from "./types";

const PAGE = 50;
const MOST = 200;
const PAUSE_MS = 300;
/** Browsers wait no longer. */
const LONGEST_MS = 2 ** 31 - 1;
const UNSETTLED = new Set(["pending", "sending"]);

/**
 * One conversation: who it is with, what was said, and what is said from now on. A page that goes from one to the next
 * gives its component `:key="id"`.
 */
export function useThread(id: string) {
  const messages = shallowRef<Message[]>([]);
  const begins = shallowRef(false);
  const failedEarlier = shallowRef<unknown>();
  let earlier: Promise<void> | null = null;
  let catching: Promise<void> | null = null;

  const path = { conversation_id: id };
  const read = (query: { before?: number; after?: number; limit: number }) =>
    data(api.GET("/staff/v1/inbox/conversations/{conversation_id}/messages", { params: { path, query } }));
  const readDetail = () => data(api.GET("/staff/v1/inbox/conversations/{conversation_id}", { params: { path } }));

  const detail = useResource<ConversationDetail>(async () => {
    const [about, newest] = await Promise.all([readDetail(), read({ limit: PAGE })]);
    messages.value = newest.toSorted(byNumber);
    begins.value = newest.length < PAGE;
    return about;
  });
  const newest = computed(() => messages.value.at(-1)?.number ?? 0);

  /** These are in the thread, as they are now. */
  function take(fresh: Message[]): void {
    const known = new Map(messages.value.map((message) => [message.number, message]));
    fresh.forEach((message) => known.set(message.number, message));
    messages.value = [...known.values()].sort(byNumber);
  }

  /** All that came since, and what became of what was on its way: to the phone, or from it into our files. */
  async function catchUp(): Promise<void> {
    const waiting = messages.value.find(isUnsettled);
    let after = waiting ? waiting.number - 1 : newest.value;
    for (let size = MOST; size === MOST;) {
      const fresh = await read({ after, limit: MOST });
      take(fresh);
      size = fresh.length;
      after = fresh.reduce((most, { number }) => Math.max(most, number), after);
    }
    detail.data.value = await readDetail();
    detail.error.value = undefined;
  }

  /** Read on from where the page stands; one reading at a time, and what fails is made good by the next. */
  async function follow(): Promise<void> {
    if (!detail.data.value) return detail.load();
    await catching;
    catching = catchUp()
      .catch((thrown: unknown) => void (detail.error.value = thrown))
      .finally(() => (catching = null));
    await catching;
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

  // Nobody tells when the time for replies is over.
  let end = 0;
  watch(
    () => detail.data.value?.window.until,
    (until) => {
      window.clearTimeout(end);
      const left = until ? new Date(until).getTime() - Date.now() : -1;
      if (left >= 0) end = window.setTimeout(() => void follow(), Math.min(left + PAUSE_MS, LONGEST_MS));
    },
  );
  onScopeDispose(() => window.clearTimeout(end));

  const followSoon = throttled(() => void follow(), PAUSE_MS);
  useLive({ chat: (news: ChatNews) => news.conversation_id === id && followSoon() }, followSoon);

  return {
    id,
    detail,
    messages,
    newest,
    begins,
    failedEarlier,
    take,
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
