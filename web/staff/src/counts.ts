import { api, data, session, useLive, whenOnline } from "@guanxi/kit";
import { reactive, watch } from "vue";

/** What the tabs' badges say. */
export const counts = reactive({ messages: 0, todos: 0 });

async function countMessages(): Promise<void> {
  counts.messages = (await data(api.GET("/staff/v1/me/notices/unread"))).unread;
}

async function countTodos(): Promise<void> {
  counts.todos = (await data(api.GET("/staff/v1/me/todos/counts"))).open;
}

/** A badge that can't be read keeps its number; the page itself says what is wrong. */
export function recount(): void {
  if (!session.me.value || session.me.value.due_first) return;
  for (const count of [countMessages, countTodos]) void count().catch(() => {});
}

/** Keep the badges right as long as the application runs. */
export function keepCounting(): void {
  watch(session.me, recount, { immediate: true });
  whenOnline(recount);
  useLive({ notice: recount, notices_read: recount, todos: recount }, recount);
}
