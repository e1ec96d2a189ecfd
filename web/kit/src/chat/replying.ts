import { shallowRef } from "vue";
import { api, data, type Schemas } from "../api/client";
import { isRefusal, Refused } from "../api/errors";
import type { Thread } from "./thread";
import type { Content, Outgoing } from "./types";

/** Sending: what is on its way stands below the thread until it has a number, and what failed can be sent again. */
export function useReplying(thread: Thread) {
  const outgoing = shallowRef<Outgoing[]>([]);
  /** A reply that a colleague's answer stands in the way of: the person looks, and may send it all the same. */
  const second = shallowRef<Outgoing | null>(null);
  let keys = 0;

  function drop(key: number): void {
    outgoing.value = outgoing.value.filter((each) => each.key !== key);
    if (second.value?.key === key) second.value = null;
  }

  async function post(one: Outgoing): Promise<boolean> {
    const { key, content, seen, anyway } = one;
    const change = (error: unknown) =>
      (outgoing.value = outgoing.value.map((each) => (each.key === key ? { ...one, error } : each)));
    const params = { path: { conversation_id: thread.id } };
    const body = { content, seen, anyway };
    change(undefined);
    try {
      const said = await data(api.POST("/staff/v1/inbox/conversations/{conversation_id}/messages", { params, body }));
      drop(key);
      thread.take([said]);
      void thread.follow();
      return true;
    } catch (thrown) {
      change(thrown);
      if (isRefusal(thrown, "answered_meanwhile", "served_by_other")) second.value = { ...one, error: thrown };
      if (thrown instanceof Refused) void thread.follow();
      return false;
    }
  }

  function send(content: Content): Promise<boolean> {
    const one = { key: ++keys, content, seen: thread.newest.value, anyway: false, error: undefined };
    outgoing.value = [...outgoing.value, one];
    return post(one);
  }

  /** Once more. Where no answer came it is the very same request, so it is sent once. */
  function again(one: Outgoing): Promise<boolean> {
    return post(one.error instanceof Refused ? { ...one, seen: thread.newest.value } : one);
  }

  function sendAnyway(): Promise<boolean> {
    const one = second.value;
    second.value = null;
    return one ? post({ ...one, seen: thread.newest.value, anyway: true }) : Promise.resolve(false);
  }

  return { outgoing, second, send, again, sendAnyway, drop };
}

export type Replying = ReturnType<typeof useReplying>;

/** A picture of the person's, as a file of ours. */
export function uploadPicture(file: File): Promise<Schemas["FileOut"]> {
  return data(
    api.POST("/staff/v1/files", {
      params: { query: { name: file.name || "picture", purpose: "attachment" } },
      body: file as unknown as string,
      bodySerializer: (body) => body as unknown as BodyInit,
      headers: { "Content-Type": "application/octet-stream" },
    }),
  );
}
