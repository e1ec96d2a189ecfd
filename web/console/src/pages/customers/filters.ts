import type { Schemas } from "@guanxi/kit";

export type Filters = Schemas["CustomerFilters"];
export type Row = Schemas["CustomerRowOut"];
type Days = Schemas["Days"];

export const COLUMNS = [
  "name",
  "phone",
  "stage",
  "level",
  "tags",
  "owner",
  "following",
  "followed_up_at",
  "next_contact_at",
  "last_record_at",
  "created_at",
  "number",
] as const;
export type Column = (typeof COLUMNS)[number];
export const USUAL: Column[] = ["name", "phone", "stage", "level", "tags", "owner", "following", "next_contact_at"];

/** What is given, without empty lists and texts: a condition that asks for nothing is none. */
export function tidy(filters: Filters): Filters {
  const given = Object.entries(filters).filter(([, value]) => {
    if (value === null || value === undefined || value === "") return false;
    return !(Array.isArray(value) && value.length === 0);
  });
  return Object.fromEntries(given) as Filters;
}

/** Filters as they stand in the address of the page; what isn't readable is none. */
export function fromAddress(text: unknown): Filters | undefined {
  if (typeof text !== "string") return undefined;
  try {
    const given: unknown = JSON.parse(text);
    return typeof given === "object" && given && !Array.isArray(given) ? (given as Filters) : undefined;
  } catch {
    return undefined;
  }
}

/** The columns there are among those named, if any. */
export function columnsFrom(named: readonly string[] | undefined): Column[] | undefined {
  const known = COLUMNS.filter((column) => named?.includes(column));
  return known.length ? known : undefined;
}

/** Whether two things say the same, in whatever order their names stand. */
export function same(one: object, other: object): boolean {
  const told = (value: object) => JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  return told(one) === told(other);
}

export const PRESETS = {
  last7: { since_days: -6, until_days: 0 },
  last30: { since_days: -29, until_days: 0 },
  before30: { until_days: -30, or_never: true },
  today: { since_days: 0, until_days: 0 },
  next7: { since_days: 0, until_days: 6 },
  overdue: { until_days: -1 },
} as const satisfies Record<string, Partial<Days>>;
export type Preset = keyof typeof PRESETS;

/** Which preset a span is; "range" for fixed days, "" for none. */
export function presetOf(days: Days | null | undefined): Preset | "range" | "" {
  if (!days) return "";
  const same = (preset: Partial<Days>) =>
    (days.since_days ?? null) === (preset.since_days ?? null) &&
    (days.until_days ?? null) === (preset.until_days ?? null) &&
    (days.or_never ?? false) === (preset.or_never ?? false);
  const found = (Object.keys(PRESETS) as Preset[]).find((name) => same(PRESETS[name]));
  return found && !days.since && !days.until ? found : "range";
}
