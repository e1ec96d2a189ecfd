import { api, data, session, throttled, useLive, whenOnline } from "@guanxi/kit";
import { computed, reactive, toRefs, watch } from "vue";

const PAUSE_MS = 1_000;
/** A notice of this kind stands for a conversation, which counts itself. */
const WAITING = "chat.waiting";

const seen = reactive({ notices: 0, rung: 0, mine: 0, store: 0, agents: 0, todos: 0 });

/** What badges say: unread notices, conversations of mine to look at and of lines that wait, to-dos, and all messages. */
export const counts = reactive({
  ...toRefs(seen),
  messages: computed(() => seen.notices - seen.rung + seen.mine + seen.store),
});

async function countNotices(): Promise<void> {
  const { unread, kinds } = await data(api.GET("/staff/v1/me/notices/unread"));
  Object.assign(seen, { notices: unread, rung: kinds[WAITING] ?? 0 });
}

async function countChats(): Promise<void> {
  if (!session.may("inbox:read")) return;
  const chats = await data(api.GET("/staff/v1/inbox/counts"));
  Object.assign(seen, { mine: chats.mine_unread, store: chats.store_waiting, agents: chats.agents_waiting });
}

async function countTodos(): Promise<void> {
  seen.todos = (await data(api.GET("/staff/v1/me/todos/counts"))).open;
}

/** A badge that can't be read keeps its number; the page itself says what is wrong. */
function quietly(count: () => Promise<void>): void {
  if (session.me.value && !session.me.value.due_first) void count().catch(() => {});
}

export function recount(): void {
  [countNotices, countChats, countTodos].forEach(quietly);
}

/** Keep the badges right as long as the application runs. */
export function keepCounting(): void {
  watch(session.me, recount, { immediate: true });
  whenOnline(recount);
  const chat = throttled(() => quietly(countChats), PAUSE_MS);
  useLive({ chat, notice: recount, notices_read: recount, todos: recount }, recount);
}
