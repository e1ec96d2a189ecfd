import { session } from "@guanxi/kit";
import { ref, watch, type Ref } from "vue";

/**
 * What is being written in a conversation, kept on this device until it is sent: phones close pages, and networks go. Each
 * colleague's own; what could not be sent (`unsent`) is kept with it.
 */
export function useDraft(conversationId: string, unsent: Ref<string[]>): Ref<string> {
  const key = `guanxi.draft.${session.me.value?.id}.${conversationId}`;
  const text = ref(localStorage.getItem(key) ?? "");
  watch([text, unsent], () => {
    const kept = [...unsent.value, text.value].filter(Boolean).join("\n");
    if (kept) localStorage.setItem(key, kept);
    else localStorage.removeItem(key);
  });
  return text;
}
