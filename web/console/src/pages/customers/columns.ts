import { words } from "../../words";
import type { Column } from "./filters";

/** What a column is called. */
export function titleOf(column: Column): string {
  const titles: Record<Column, string> = {
    name: words.customers.name,
    phone: words.customers.phone,
    stage: words.customers.stage,
    level: words.customers.level,
    tags: words.customers.tags,
    owner: words.customers.owner,
    following: words.customers.followed,
    followed_up_at: words.customers.followedUp,
    next_contact_at: words.customers.nextContact,
    last_record_at: words.customers.lastRecord,
    created_at: words.customers.created,
    number: words.customers.number,
  };
  return titles[column];
}
