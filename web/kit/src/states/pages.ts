import { computed, shallowRef, type Ref } from "vue";
import { useResource, type Resource } from "./resource";

interface Page<T, Cursor> {
  items: T[];
  next?: Cursor | null;
}

/** A list that is read page by page. */
export interface Pages<T> extends Resource<T[]> {
  hasMore: Ref<boolean>;
  loadMore: () => Promise<void>;
  failedMore: Ref<unknown>;
}

/** `read` gets the cursor of a page, undefined for the first; `load` begins anew. */
export function usePages<T, Cursor = string>(read: (cursor?: Cursor) => Promise<Page<T, Cursor>>): Pages<T> {
  const next = shallowRef<Cursor | null>();
  const failedMore = shallowRef<unknown>();
  let reading: Promise<void> | null = null;

  const first = useResource(async (isLatest) => {
    const page = await read(undefined);
    if (isLatest()) [next.value, failedMore.value] = [page.next ?? null, undefined];
    return page.items;
  });

  async function readMore(): Promise<void> {
    const before = first.data.value;
    const cursor = next.value;
    if (!before || cursor == null) return;
    try {
      const page = await read(cursor);
      // The list may have begun anew meanwhile.
      if (first.data.value !== before) return;
      first.data.value = [...before, ...page.items];
      next.value = page.next ?? null;
      failedMore.value = undefined;
    } catch (thrown) {
      failedMore.value = thrown;
    }
  }

  return {
    ...first,
    failedMore,
    hasMore: computed(() => next.value != null),
    loadMore: () => (reading ??= readMore().finally(() => (reading = null))),
  };
}
