import { api, data, session, type Schemas } from "@guanxi/kit";

/** The official accounts that work, if the person may know them. */
export async function accountsOf(): Promise<Schemas["AccountOut"][]> {
  if (!session.may("accounts:read")) return [];
  const { items } = await data(api.GET("/staff/v1/accounts", { params: { query: { limit: 200 } } }));
  return items.filter(({ kind, disabled_at }) => kind === "official" && !disabled_at);
}
