import { onScopeDispose, readonly, ref } from "vue";

const off = ref(!navigator.onLine);
window.addEventListener("online", () => (off.value = false));
window.addEventListener("offline", () => (off.value = true));

/** Whether the device has no network. */
export const offline = readonly(off);

/** Do something each time the network is back. */
export function whenOnline(act: () => void): void {
  window.addEventListener("online", act);
  onScopeDispose(() => window.removeEventListener("online", act));
}
