import { computed, type Ref } from "vue";
import { api, data } from "../api/client";
import { useResource } from "../states/resource";
import type { QuickReply } from "./types";

/** One's own quick replies and the shared ones that have what was typed, in title or text. */
export function useQuickReplies(typed: Ref<string>) {
  const replies = useResource(() => data(api.GET("/staff/v1/quick-replies")));
  const found = computed<QuickReply[]>(() => {
    const wanted = typed.value.trim().toLowerCase();
    const all = replies.data.value ?? [];
    return wanted ? all.filter(({ title, text }) => `${title} ${text}`.toLowerCase().includes(wanted)) : all;
  });
  return { replies, found };
}
