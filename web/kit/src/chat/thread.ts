import { computed, shallowRef, triggerRef, watch, type Ref } from "vue";
import { api, data } from "../api/client";
import { useLive } from "../live/useLive";
import { useResource } from "../states/resource";
import { throttled } from "./throttle";
import type { ChatNews, ConversationDetail, Message } from "./types";

const PAGE = 50;
const MOST = 200;
const PAUSE_MS = 300;
const UNSETTLED = new Set(["pending", "sending"]);

/** One conversation: who it is with, what was said, and what is said from now on. */
export function useThread(id: Ref<string>) {
  const messages = shallowRef<Message[]>([]);
  const begins = shallowRef(false);
  const failedEarlier = shallowRef<unknown>();
  let earlier: Promise<void> | null = null;
  let catching: Promise<void> | null = null;

  const path = () => ({ conversation_id: id.value });
  const read = (query: { before?: number; after?: number; limit: number }) =>
    data(api.GET("/staff/v1/inbox/conversations/{conversation_id}/messages", { params: { path: path(), query } }));
  const readDetail = () =>
    data(api.GET("/staff/v1/inbox/conversations/{conversation_id}", { params: { path: path() } }));

  const detail = useResource<ConversationDetail>(async () => {
    const [about, newest] = await Promise.all([readDetail(), read({ limit: PAGE })]);
    if (about.id === id.value) {
      messages.value = newest.toSorted(byNumber);
      begins.value = newest.length < PAGE;
    }
    return about;
  });
  const newest = computed(() => messages.value.at(-1)?.number ?? 0);

  function take(fresh: Message[]): void {
    const known = new Map(messages.value.map((message) => [message.number, message]));
    fresh.forEach((message) => known.set(message.number, message));
    messages.value = [...known.values()].sort(byNumber);
  }

  /** All that came since, and what became of what was on its way. */
  async function catchUp(): Promise<void> {
    const asked = id.value;
    const waiting = messages.value.find(({ sent }) => sent && UNSETTLED.has(sent.state))?.number ?? newest.value + 1;
    let after = Math.min(waiting - 1, newest.value);
    for (let size = MOST; size === MOST; ) {
      const fresh = await read({ after, limit: MOST });
      if (asked !== id.value) return;
      take(fresh);
      size = fresh.length;
      after = fresh.reduce((most, { number }) => Math.max(most, number), after);
    }
    const about = await readDetail();
    if (asked === id.value) detail.data.value = about;
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
    const [asked, first] = [id.value, messages.value[0]?.number];
    if (begins.value || first === undefined) return;
    try {
      const older = await read({ before: first, limit: PAGE });
      if (asked !== id.value) return;
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
      .POST("/staff/v1/inbox/conversations/{conversation_id}/read", { params: { path: path() }, body: { number } })
      .catch(() => (told = 0));
  }

  function settle(about: ConversationDetail): void {
    if (about.id === id.value) detail.data.value = about;
    triggerRef(messages);
  }

  watch(id, () => {
    [messages.value, begins.value, told] = [[], false, 0];
    detail.data.value = undefined;
    void detail.load();
  });
  const followSoon = throttled(() => void follow(), PAUSE_MS);
  useLive({ chat: (news: ChatNews) => news.conversation_id === id.value && followSoon() }, followSoon);

  return {
    detail,
    messages,
    newest,
    begins,
    failedEarlier,
    take,
    settle,
    follow,
    markRead,
    readEarlier: () => (earlier ??= readEarlier().finally(() => (earlier = null))),
  };
}

export type Thread = ReturnType<typeof useThread>;

function byNumber(one: Message, other: Message): number {
  return one.number - other.number;
}
