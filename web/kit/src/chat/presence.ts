import { computed, onScopeDispose, ref, watch, type WritableComputedRef } from "vue";
import { api, data } from "../api/client";
import { whenOnline } from "../offline";
import { session } from "../session/session";
import { ticket } from "../session/ticket";

const EVERY_MS = 60_000;

/** As the server knows it: switched on one page, it is so on all. */
const isAway = ref(true);
/** What was switched and isn't known there yet. */
let wanted: boolean | null = null;
watch(ticket, () => ([isAway.value, wanted] = [true, null]), { flush: "sync" });

/** Nobody waits for it: the next one comes in a minute, and says what this one couldn't. */
async function tell(): Promise<void> {
  if (document.hidden || session.me.value?.due_first || !session.may("inbox:reply")) return;
  const said = wanted;
  try {
    const { away } = await data(api.PUT("/staff/v1/me/presence", { body: { away: said } }));
    if (wanted === said) [isAway.value, wanted] = [away, null];
  } catch {
    // See above.
  }
}

/** Say every minute, as long as the page is looked at, that somebody is there who may answer. For the shell. */
export function usePresence(): void {
  const beat = () => void tell();
  const timer = window.setInterval(beat, EVERY_MS);
  document.addEventListener("visibilitychange", beat);
  onScopeDispose(() => {
    window.clearInterval(timer);
    document.removeEventListener("visibilitychange", beat);
  });
  whenOnline(beat);
  watch(() => [session.me.value?.id, session.me.value?.due_first], beat, { immediate: true });
}

/** The switch that keeps new conversations off. */
export function useAway(): WritableComputedRef<boolean> {
  return computed({
    get: () => isAway.value,
    set(to) {
      isAway.value = wanted = to;
      void tell();
    },
  });
}
