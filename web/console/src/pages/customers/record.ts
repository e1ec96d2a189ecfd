import { terms, type Schemas } from "@guanxi/kit";
import { words } from "../../words";

/** What a form of a record holds: all of it as text, "" for nothing. */
export const LINES = [
  "mnemonic",
  "level",
  "industry",
  "province",
  "city",
  "address",
  "postcode",
  "email",
  "home_page",
] as const;
const CHOSEN = ["name", "nature", "party", "status", "gender", "birthday", "remark"] as const;
export type Name = (typeof LINES)[number] | (typeof CHOSEN)[number];
export type Draft = Record<Name, string>;
const NEW: Partial<Draft> = { nature: "person", party: "prospect", status: "active" };

export function draftOf(record: Schemas["CustomerOut"] | null): Draft {
  const names: Name[] = [...CHOSEN, ...LINES];
  return Object.fromEntries(names.map((name) => [name, (record ? record[name] : NEW[name]) ?? ""])) as Draft;
}

/** What differs, as the server takes it: null takes something away. */
export function changes(draft: Draft, former: Draft): Partial<Record<Name, string | null>> {
  const names = (Object.keys(draft) as Name[]).filter((name) => draft[name].trim() !== former[name]);
  return Object.fromEntries(names.map((name) => [name, draft[name].trim() || null]));
}

/** What a field of a record is called; "" for one that has no name here. */
export function fieldTitle(name: string): string {
  const { name: called, level, party, status, nature } = words.customers;
  const [part = "", label = ""] = name.split(".");
  if (part === "phones") return (terms.phones as Record<string, string>)[label] ?? "";
  const others: Record<string, string> = { name: called, level, party, status, nature };
  return others[name] ?? (words.picture.fields as Record<string, string>)[name] ?? "";
}
