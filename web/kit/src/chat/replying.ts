import { computed, shallowRef, watch } from "vue";
import { isRefusal, type Refused } from "../api/errors";
import { session } from "../session/session";
import { outboxOf } from "./outbox";
import type { Thread } from "./thread";
import type { Content, Outgoing } from "./types";

/** A reply that a colleague's answer stands in the way of. */
export interface Second extends Outgoing {
  error: Refused;
}

/** Sending: what has no number yet stands below the thread, also when the page was left and opened again. */
export function useReplying(thread: Thread) {
  const box = computed(() => (session.me.value ? outboxOf(session.me.value.id, thread.id) : null));
  const outgoing = computed(() => box.value?.entries.value ?? []);
  /** The person looks, and may send it all the same. */
  const second = shallowRef<Second | null>(null);

  function refused(one: Outgoing, error: Refused): void {
    if (isRefusal(error, "answered_meanwhile", "served_by_other")) second.value = { ...one, error };
    void thread.follow();
  }

  watch(
    box,
    (mine, _, onCleanup) => {
      if (!mine) return;
      onCleanup(mine.hear({ said: thread.said, refused }));
      mine.resume();
    },
    { immediate: true },
  );

  function drop(key: string): void {
    box.value?.drop(key);
    if (second.value?.key === key) second.value = null;
  }

  return {
    outgoing,
    second,
    drop,
    send: (content: Content) => box.value?.put(content, thread.newest.value),
    again: (key: string) => box.value?.again(key, { seen: thread.newest.value }),
    sendAnyway(): void {
      const one = second.value;
      second.value = null;
      if (one) box.value?.again(one.key, { seen: thread.newest.value, anyway: true });
    },
  };
}

export type Replying = ReturnType<typeof useReplying>;
