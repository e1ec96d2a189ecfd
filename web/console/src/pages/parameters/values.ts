import { words } from "../../words";

/** A value as people read it. */
export function shownValue(value: boolean | number | string | null): string {
  if (value === null) return words.parameters.back;
  if (typeof value === "boolean") return value ? words.common.yes : words.common.no;
  return String(value);
}
