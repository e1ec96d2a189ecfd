import { computed, shallowRef, watch } from "vue";
import { api, data, onDoor, type Schemas } from "../api/client";
import { forgetKept } from "./kept";
import { keepTicket, ticket } from "./ticket";

export type Me = Schemas["MeOut"];

const LEFT = "guanxi.left";
const ENDED = "ended";

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

  /** Who am I? Asked once, unless `again`: then after what was asked before. */
  async know(again = false): Promise<void> {
    if (me.value && !again) return;
    if (again) await reading?.catch(() => {});
    reading ??= read().finally(() => (reading = null));
    await reading;
  },

  async enter(token: string): Promise<void> {
    me.value = null;
    keepTicket(token);
    sessionStorage.removeItem(LEFT);
    await session.know();
  },

  /** Whether the person logged out here, or was while at work: then nothing logs in again by itself. */
  wasLeft: (): boolean => sessionStorage.getItem(LEFT) !== null,
  wasEnded: (): boolean => sessionStorage.getItem(LEFT) === ENDED,

  /** End the session here, and on the server if it can be reached. */
  leave(): void {
    const headers = { Authorization: `Bearer ${ticket.value}` };
    void api.POST("/staff/v1/logout", { headers, keepalive: true }).catch(() => {});
    if (me.value) forgetKept(me.value.id);
    sessionStorage.setItem(LEFT, "");
    keepTicket(null);
  },
};

onDoor.ended = () => {
  if (me.value) sessionStorage.setItem(LEFT, ENDED);
  keepTicket(null);
};
onDoor.due = () => void session.know(true);
watch(ticket, () => (me.value = null), { flush: "sync" });
