import { computed, shallowRef, watch, type Ref } from "vue";
import { api, data } from "../api/client";
import { useLive } from "../live/useLive";
import { useResource, type Resource } from "../states/resource";
import type { Pages } from "../states/pages";
import { throttled } from "./throttle";
import type { Conversation, View } from "./types";

const PAUSE_MS = 700;
const PAGE = 50;

export interface ListFilters {
  view: View;
  open?: boolean | undefined;
  unread?: boolean | undefined;
  customer_id?: string | undefined;
}

/** Conversations of a view. News bring its first page up to date; what was read below it stays. */
export function useConversationList(filters: Ref<ListFilters>): Pages<Conversation> {
  const next = shallowRef<string | null>(null);
  const failedMore = shallowRef<unknown>();
  let reading: Promise<void> | null = null;

  const page = (cursor?: string) =>
    data(api.GET("/staff/v1/inbox/conversations", { params: { query: { ...filters.value, cursor, limit: PAGE } } }));

  const list: Resource<Conversation[]> = useResource(async (isLatest) => {
    const first = await page();
    if (isLatest()) [next.value, failedMore.value] = [first.next, undefined];
    return first.items;
  });

  async function refresh(): Promise<void> {
    const [asked, before] = [filters.value, list.data.value];
    if (!before || list.loading.value) return list.load();
    try {
      const first = await page();
      if (asked !== filters.value || list.data.value !== before) return;
      const below = first.next === null ? [] : before.filter(isBelow(first.items, asked.view));
      if (!below.length) next.value = first.next;
      list.data.value = [...first.items, ...below];
      list.error.value = undefined;
    } catch (thrown) {
      list.error.value = thrown;
    }
  }

  async function readMore(): Promise<void> {
    const [before, cursor] = [list.data.value, next.value];
    if (!before || cursor === null) return;
    try {
      const more = await page(cursor);
      if (list.data.value !== before) return;
      const known = new Set(before.map(({ id }) => id));
      list.data.value = [...before, ...more.items.filter(({ id }) => !known.has(id))];
      next.value = more.next;
      failedMore.value = undefined;
    } catch (thrown) {
      failedMore.value = thrown;
    }
  }

  watch(filters, () => {
    list.data.value = undefined;
    void list.load();
  });
  const refreshSoon = throttled(() => void refresh(), PAUSE_MS);
  useLive({ chat: refreshSoon }, refreshSoon);

  return {
    ...list,
    failedMore,
    hasMore: computed(() => next.value !== null),
    loadMore: () => (reading ??= readMore().finally(() => (reading = null))),
  };
}

/** Whether a conversation read before stands below a first page, so that the page says nothing of it. */
function isBelow(first: Conversation[], view: View): (each: Conversation) => boolean {
  const known = new Set(first.map(({ id }) => id));
  const last = first.at(-1);
  return (each) => {
    if (!last || known.has(each.id)) return false;
    if (view === "waiting") return (each.waiting_since ?? "") > (last.waiting_since ?? "");
    return each.last_at < last.last_at;
  };
}
