import { onScopeDispose, ref, watch, type Ref } from "vue";
import { api } from "../api/client";
import { whenOnline } from "../offline";

const EVERY_MS = 60_000;

/** Say every minute that an inbox is open; `away` keeps new conversations off. */
export function usePresence(): Ref<boolean> {
  const away = ref(false);
  // Nobody waits for it: the next one comes in a minute.
  const tell = () => void api.PUT("/staff/v1/me/presence", { body: { away: away.value } }).catch(() => {});
  const timer = window.setInterval(tell, EVERY_MS);
  onScopeDispose(() => window.clearInterval(timer));
  whenOnline(tell);
  watch(away, tell, { immediate: true });
  return away;
}
