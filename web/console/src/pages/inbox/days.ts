import { toField } from "@guanxi/kit";

/** The business day of a moment. */
export function dayOf(at: string | undefined): string {
  return at ? toField(at).slice(0, 10) : "";
}

/** The time of day. */
export function clockOf(at: string): string {
  return toField(at).slice(11);
}
