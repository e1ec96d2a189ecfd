import { language, type Schemas } from "@guanxi/kit";
import { words } from "../../words";

/** A value as people read it. */
export function shownValue(value: boolean | number | string | null): string {
  if (value === null) return words.parameters.back;
  if (typeof value === "boolean") return value ? words.common.yes : words.common.no;
  return String(value);
}

/** What a parameter is about, in the language of the pages; in what it counts. */
export const helpOf = ({ help, english }: Schemas["ParameterOut"]) => (language.value === "en" ? english : help);
export const unitOf = ({ unit }: Schemas["ParameterOut"]) => words.rights.units[unit] ?? unit;
