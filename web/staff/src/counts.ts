import { api, data, session, throttled, useLive, whenOnline } from "@guanxi/kit";
import { computed, reactive, toRefs, watch } from "vue";

const PAUSE_MS = 1_000;
/** A notice of this kind stands for a conversation, which counts itself. */
const WAITING = "chat.waiting";
const NOTHING = { notices: 0, rung: 0, mine: 0, store: 0, agents: 0, todos: 0 };

const seen = reactive({ ...NOTHING });

/** What badges say: unread notices, conversations of mine to look at and of lines that wait, to-dos, and all messages. */
export const counts = reactive({
  ...toRefs(seen),
  messages: computed(() => seen.notices - seen.rung + seen.mine + seen.store),
});

/** A badge that can't be read keeps its number, the page itself says what is wrong; the answer asked for last counts. */
function counting(read: () => Promise<Partial<typeof NOTHING>>): () => void {
  let asked = 0;
  return () => {
    const mine = ++asked;
    if (!session.me.value || session.me.value.due_first) return;
    read()
      .then((counted) => mine === asked && Object.assign(seen, counted))
      .catch(() => {});
  };
}

const notices = counting(async () => {
  const { unread, kinds } = await data(api.GET("/staff/v1/me/notices/unread"));
  return { notices: unread, rung: kinds[WAITING] ?? 0 };
});

const chats = counting(async () => {
  if (!session.may("inbox:read")) return {};
  const counted = await data(api.GET("/staff/v1/inbox/counts"));
  return { mine: counted.mine_unread, store: counted.store_waiting, agents: counted.agents_waiting };
});

const todos = counting(async () => ({ todos: (await data(api.GET("/staff/v1/me/todos/counts"))).open }));

export function recount(): void {
  [notices, chats, todos].forEach((count) => count());
}

/** Keep the badges right as long as the application runs; they go with whose they were. */
export function keepCounting(): void {
  watch(session.me, (me) => {
    if (!me) Object.assign(seen, NOTHING);
    recount();
  });
  recount();
  whenOnline(recount);
  const [noticesSoon, chat, todosSoon] = [notices, chats, todos].map((count) => throttled(count, PAUSE_MS));
  useLive(
    { chat, notice: noticesSoon, notices_read: noticesSoon, todos: todosSoon } as Record<string, () => void>,
    recount,
  );
}
