import { computed, shallowRef, watch } from "vue";
import { api, data, onDoor, type Schemas } from "../api/client";
import { keepTicket, ticket } from "./ticket";

export type Me = Schemas["MeOut"];

const LEFT = "guanxi.left";

const me = shallowRef<Me | null>(null);
let reading: Promise<void> | null = null;

async function read(): Promise<void> {
  me.value = await data(api.GET("/staff/v1/me"));
}

/** The person who is logged in, if anybody is. */
export const session = {
  me: computed(() => me.value),
  isOpen: computed(() => ticket.value !== null),

  /** Whether the person holds an operation point (`fans:read`). The server decides; this only hides what it refuses. */
  may: (point: string): boolean => me.value?.points.includes(point) ?? false,

  /** Who am I? Asked once, unless `again`. */
  async know(again = false): Promise<void> {
    if (me.value && !again) return;
    reading ??= read().finally(() => (reading = null));
    await reading;
  },

  async enter(token: string): Promise<void> {
    me.value = null;
    keepTicket(token);
    sessionStorage.removeItem(LEFT);
    await session.know();
  },

  /** Whether the person logged out here: then nothing logs in again by itself. */
  wasLeft: (): boolean => sessionStorage.getItem(LEFT) !== null,

  /** End the session here and on the server; here in any case. */
  async leave(): Promise<void> {
    await api.POST("/staff/v1/logout").catch(() => {});
    sessionStorage.setItem(LEFT, "");
    keepTicket(null);
  },
};

onDoor.ended = () => keepTicket(null);
onDoor.due = () => void session.know(true);
watch(ticket, () => (me.value = null), { flush: "sync" });
