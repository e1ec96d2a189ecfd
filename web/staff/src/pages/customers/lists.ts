import { api, data, moment, type Schemas, session, tickingNow } from "@guanxi/kit";
import { words } from "../../words";

/** Which customers: by what is known of them, by the platform's window, or by a list of reminders. */
export type List = "all" | "following" | "open" | Schemas["Reminder"];
export const LISTS = ["all", "following", "open", "due", "overdue", "quiet", "returning"] as const;

export interface Asked {
  list: List;
  q: string;
  tag: string;
  label: string;
}

export interface Row {
  id: string;
  name: string;
  says: string[];
  following: boolean | null;
  tags: string[];
}

interface Page {
  items: Row[];
  next?: string | null;
}

/** One page of what is asked for, whichever call gives it. */
export function readCustomers(asked: Asked, cursor?: string): Promise<Page> {
  if (asked.list === "open" || asked.label) return fans(asked, cursor);
  if (asked.list === "all" || asked.list === "following") return found(asked, cursor);
  return reminded(asked.list, cursor);
}

async function found({ list, q, tag }: Asked, cursor?: string): Promise<Page> {
  const mine = session.me.value?.scope === "own" || session.me.value?.is_guide;
  const filters = {
    q: q.trim() || null,
    tags_all: tag ? [tag] : null,
    following: list === "following" ? true : null,
    owner_ids: mine && session.me.value ? [session.me.value.id] : null,
  };
  const body = { filters, cursor: cursor ? Number(cursor) : null };
  const page = await data(api.POST("/staff/v1/customers/search", { body }));
  const items = page.items.map((one) => ({
    id: one.id,
    name: nameOf(one),
    says: [
      one.next_contact_at && nextOf(one.next_contact_at),
      one.followed_up_at && words.customers.noted(moment(one.followed_up_at)),
      words.customers.arrived(moment(one.created_at)),
    ]
      .filter(isSaid)
      .slice(0, 2),
    following: one.following,
    tags: one.tags.map((each) => each.name),
  }));
  return { items, next: page.next };
}

async function fans({ list, label }: Asked, cursor?: string): Promise<Page> {
  const query = { cursor, label_id: label || null, window: list === "open" ? ("open" as const) : null };
  const following = list === "following" ? true : null;
  const page = await data(api.GET("/staff/v1/me/fans", { params: { query: { ...query, following } } }));
  const items = page.items.map((fan) => ({
    id: fan.id,
    name: nameOf(fan),
    says: [
      fan.talked_at && words.customers.talked(moment(fan.talked_at)),
      words.customers.arrived(moment(fan.first_touch_at ?? fan.last_seen_at)),
    ].filter(isSaid),
    following: fan.following,
    tags: [],
  }));
  return { items, next: page.next };
}

async function reminded(reminder: Schemas["Reminder"], cursor?: string): Promise<Page> {
  const params = { path: { reminder }, query: { cursor } };
  const page = await data(api.GET("/staff/v1/me/reminders/{reminder}", { params }));
  const items = page.items.map((one) => ({
    id: one.id,
    name: nameOf(one),
    says: one.next_contact_at ? [nextOf(one.next_contact_at)] : [],
    following: null,
    tags: [],
  }));
  return { items, next: page.next };
}

/** What to call a customer whom nobody has named yet. */
export function nameOf({ name, number }: { name: string | null; number: number }): string {
  return name ?? words.customers.unnamed(number);
}

/** When to be in touch next, or when one should have been. */
export function nextOf(at: string): string {
  return new Date(at).getTime() < tickingNow() ? words.customers.missed(moment(at)) : words.customers.next(moment(at));
}

function isSaid(line: string | null): line is string {
  return Boolean(line);
}
