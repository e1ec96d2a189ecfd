import { onScopeDispose } from "vue";
import { listen } from "./stream";

/**
 * Hear the live events a page cares for: `useLive({ notice: add, todos: load }, load)`. `again` is called when lists
 * have to be read anew, because events may have been missed.
 */
export function useLive(on: Record<string, (data: never) => void>, again: () => void): void {
  const stop = listen(({ event, data }) => {
    if (event === "hello" || event === "reset") again();
    else on[event]?.(data as never);
  });
  onScopeDispose(stop);
}
