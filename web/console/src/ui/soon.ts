import { onScopeDispose } from "vue";

/** Do it when nothing was changed for a moment; not any more once the page is left. */
export function useSoon(act: () => unknown, pauseMs = 250): () => void {
  let timer = 0;
  onScopeDispose(() => window.clearTimeout(timer));
  return () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(act, pauseMs);
  };
}
