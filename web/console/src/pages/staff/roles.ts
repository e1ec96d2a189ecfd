import { api, data, session, type Schemas } from "@guanxi/kit";

/** All roles, if the person may know them. */
export async function rolesOf(): Promise<Schemas["RoleOut"][]> {
  if (!session.may("roles:read")) return [];
  return (await data(api.GET("/staff/v1/roles", { params: { query: { limit: 200 } } }))).items;
}
