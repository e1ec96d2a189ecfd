import { shallowRef, watch, type Ref } from "vue";
import { api, data, type Schemas } from "../api/client";
import { Refused } from "../api/errors";
import type { Thread } from "./thread";
import type { Content, Outgoing } from "./types";

/** What a colleague's answer stands in the way of: it is shown to the person, who may send all the same. */
const SECOND = new Set(["answered_meanwhile", "served_by_other"]);

/** Sending: what is on its way stands below the thread until it has a number, and what failed can be sent again. */
export function useReplying(id: Ref<string>, thread: Thread) {
  const outgoing = shallowRef<Outgoing[]>([]);
  const second = shallowRef<Outgoing | null>(null);
  let keys = 0;

  function change(one: Outgoing, error: unknown): void {
    outgoing.value = outgoing.value.map((each) => (each.key === one.key ? { ...each, error } : each));
  }

  function drop(key: number): void {
    outgoing.value = outgoing.value.filter((each) => each.key !== key);
    if (second.value?.key === key) second.value = null;
  }

  async function post(one: Outgoing): Promise<boolean> {
    const { content, seen, anyway } = one;
    const asked = id.value;
    const path = { conversation_id: asked };
    change(one, undefined);
    try {
      const said = await data(
        api.POST("/staff/v1/inbox/conversations/{conversation_id}/messages", {
          params: { path },
          body: { content, seen, anyway },
        }),
      );
      if (asked !== id.value) return true;
      drop(one.key);
      thread.take([said]);
      void thread.follow();
      return true;
    } catch (thrown) {
      if (asked !== id.value) return false;
      change(one, thrown);
      if (thrown instanceof Refused) void thread.follow();
      if (thrown instanceof Refused && SECOND.has(thrown.code)) second.value = { ...one, error: thrown };
      return false;
    }
  }

  function send(content: Content): Promise<boolean> {
    const one = { key: ++keys, content, seen: thread.newest.value, anyway: false, error: undefined };
    outgoing.value = [...outgoing.value, one];
    return post(one);
  }

  /** Once more: where no answer came, the very same, so that it is sent once. */
  function again(one: Outgoing): Promise<boolean> {
    const known = one.error instanceof Refused ? { ...one, seen: thread.newest.value } : one;
    return post(known);
  }

  function sendAnyway(): Promise<boolean> {
    const one = second.value;
    second.value = null;
    return one ? post({ ...one, seen: thread.newest.value, anyway: true }) : Promise.resolve(false);
  }

  watch(id, () => {
    outgoing.value = [];
    second.value = null;
  });

  return { outgoing, second, send, again, sendAnyway, drop };
}

export type Replying = ReturnType<typeof useReplying>;

/** A picture of the person's, as a file of ours. */
export async function uploadPicture(file: File, purpose = "attachment"): Promise<Schemas["FileOut"]> {
  return data(
    api.POST("/staff/v1/files", {
      params: { query: { name: file.name || "picture", purpose } },
      body: file as unknown as string,
      bodySerializer: (body) => body as unknown as BodyInit,
      headers: { "Content-Type": "application/octet-stream" },
    }),
  );
}
