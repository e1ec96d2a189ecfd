import { onScopeDispose } from "vue";

/** Do it now, and during the pause after it at most once more: a burst of news costs two readings. */
export function throttled(act: () => void, pauseMs: number): () => void {
  let timer = 0;
  let again = false;

  function run(): void {
    if (timer) {
      again = true;
      return;
    }
    act();
    timer = window.setTimeout(() => {
      timer = 0;
      if (!again) return;
      again = false;
      run();
    }, pauseMs);
  }

  onScopeDispose(() => window.clearTimeout(timer));
  return run;
}
