import { onBeforeUnmount, type Ref } from "vue";
import { onBeforeRouteLeave } from "vue-router";
import { session } from "@guanxi/kit";
import { words } from "../words";
import { confirmed } from "./confirmed";

/** Ask before a page with something unsaved is left; gives the question, for what leaves it without another address. */
export function useUnsaved(unsaved: Ref<boolean>): () => Promise<boolean> {
  const mayLeave = async () => !unsaved.value || confirmed(words.common.unsaved, words.common.leave);
  // A session that has ended can save nothing, and its question would stand over the log-in.
  onBeforeRouteLeave(() => !session.isOpen.value || mayLeave());
  const warn = (event: BeforeUnloadEvent) => unsaved.value && event.preventDefault();
  window.addEventListener("beforeunload", warn);
  onBeforeUnmount(() => window.removeEventListener("beforeunload", warn));
  return mayLeave;
}
