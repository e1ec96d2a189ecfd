import { nextTick, onBeforeUnmount, onMounted, ref, watch, type Ref } from "vue";
import type { Thread } from "./thread";
import type { Outgoing } from "./types";

const NEAR_PX = 120;

/** Where a thread is looked at: who reads at the end stays there, who reads further up is told that there is more. */
export function useScrolling(box: Readonly<Ref<HTMLElement | null>>, thread: Thread, outgoing: () => Outgoing[]) {
  const below = ref(false);
  let atEnd = true;

  const nearEnd = () => !box.value || box.value.scrollHeight - box.value.scrollTop - box.value.clientHeight < NEAR_PX;

  function toEnd(): void {
    box.value?.scrollTo({ top: box.value.scrollHeight });
    below.value = false;
    atEnd = true;
  }

  function seen(): void {
    if (!document.hidden && nearEnd()) void thread.markRead();
  }

  watch([() => thread.newest.value, () => outgoing().length], async ([, many], [, before]) => {
    const reads = !atEnd && many <= before;
    await nextTick();
    if (reads) below.value = true;
    else toEnd();
    seen();
  });

  /** What comes above doesn't move what is being read. */
  async function earlier(): Promise<void> {
    const height = box.value?.scrollHeight ?? 0;
    await thread.readEarlier();
    await nextTick();
    if (box.value) box.value.scrollTop += box.value.scrollHeight - height;
  }

  function onScroll(): void {
    atEnd = nearEnd();
    if (atEnd) below.value = false;
    seen();
  }

  // A keyboard that comes up and a picture that has arrived leave the end where it is.
  const stay = () => atEnd && toEnd();
  const sizes = new ResizeObserver(stay);

  onMounted(() => {
    if (!box.value) return;
    // What the browser would do of its own accord is done here.
    box.value.style.overflowAnchor = "none";
    sizes.observe(box.value);
    box.value.addEventListener("load", stay, true);
    toEnd();
    seen();
    document.addEventListener("visibilitychange", seen);
  });
  onBeforeUnmount(() => {
    sizes.disconnect();
    document.removeEventListener("visibilitychange", seen);
  });

  return { below, toEnd, earlier, onScroll };
}
