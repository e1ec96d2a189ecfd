import { api, data, session, type Schemas } from "@guanxi/kit";
import { words } from "../words";

/** All roles, if the person may know them. */
export async function rolesOf(): Promise<Schemas["RoleOut"][]> {
  if (!session.may("roles:read")) return [];
  return (await data(api.GET("/staff/v1/roles", { params: { query: { limit: 200 } } }))).items;
}

/** What a role is called: ready-made ones by their key, in the language of the pages. */
export const roleTitle = (key: string | null | undefined, name: string) => words.rights.roles[key ?? ""] ?? name;
