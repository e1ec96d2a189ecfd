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
  // That something is unread is heard a little after the message is there.
  watch(
    () => thread.detail.data.value?.unread,
    (unread) => unread && seen(),
  );

  /** What comes above doesn't move what is being read: here, as browsers differ in it. */
  async function earlier(): Promise<void> {
    if (!box.value) return;
    const { scrollHeight } = box.value;
    box.value.style.overflowAnchor = "none";
    await thread.readEarlier();
    await nextTick();
    box.value.scrollTop += box.value.scrollHeight - scrollHeight;
    box.value.style.overflowAnchor = "";
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
