import { watchEffect } from "vue";
import { words } from "../words";

/** What the window is called. */
export function useTitle(title: () => string): void {
  watchEffect(() => (document.title = `${title()} · ${words.shell.product}`));
}
