import { computed, ref, watch, type Ref } from "vue";
import { keep, readKept } from "../session/kept";
import { session } from "../session/session";

/** What is being written in a conversation: it outlives the page. */
export function useDraft(conversationId: string, mode: "reply" | "note"): Ref<string> {
  const name = `${conversationId}.${mode}`;
  const text = ref("");
  const staffId = computed(() => session.me.value?.id);
  watch(staffId, (id) => id && (text.value ||= readKept<string>("draft", id, name) ?? ""), { immediate: true });
  watch(text, (written) => staffId.value && keep("draft", staffId.value, name, written), { flush: "sync" });
  return text;
}
