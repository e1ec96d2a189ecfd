import { usePages, type Pages } from "@guanxi/kit";
import type { Ref } from "vue";

interface Page<T> {
  items: T[];
  next?: string | null;
}

/** A list by pages that is read anew as far down as it was read, so that nothing jumps under who reads it. */
export function useDeepPages<T>(read: (cursor?: string) => Promise<Page<T>>): Pages<T> {
  let known: Ref<T[] | undefined> | undefined;

  async function readAsFar(cursor?: string): Promise<Page<T>> {
    let page = await read(cursor);
    const items = [...page.items];
    while (cursor === undefined && page.next && items.length < (known?.value?.length ?? 0)) {
      page = await read(page.next);
      items.push(...page.items);
    }
    return { items, next: page.next ?? null };
  }

  const pages = usePages<T, string>(readAsFar);
  known = pages.data;
  return pages;
}
