import { computed } from "vue";
import { isRefusal } from "../api/errors";
import { session } from "../session/session";
import type { Replying } from "./replying";
import type { Message } from "./types";

const SHOWN = 3;

/** What the second of two who answer is shown: who was first, and with what. */
export function useSecond(replying: Replying, messages: () => Message[]) {
  const one = computed(() => replying.second.value);
  const isServed = computed(() => isRefusal(one.value?.error, "served_by_other"));
  const who = computed(() => {
    const { error } = one.value ?? {};
    return isRefusal(error, "served_by_other", "answered_meanwhile") ? String(error.details["staff"] ?? "") : "";
  });
  const said = computed(() =>
    messages()
      .filter(({ author, staff_id }) => author === "staff" && staff_id !== session.me.value?.id)
      .filter(({ number }) => isServed.value || number > (one.value?.seen ?? 0))
      .slice(-SHOWN),
  );

  function leave(): void {
    replying.second.value = null;
  }

  return { one, isServed, who, said, leave };
}
