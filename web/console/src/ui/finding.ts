import { api, data, type Schemas } from "@guanxi/kit";

export interface Named {
  id: string;
  name: string;
}

const LIMIT = 20;

/** Colleagues at work whose name or user name has the text. */
export async function findStaff(text: string): Promise<Named[]> {
  const query = { text: text || null, state: "at_work" as const, limit: LIMIT };
  return (await data(api.GET("/staff/v1/staff", { params: { query } }))).items;
}

export async function staffNamed(id: string): Promise<Named> {
  return data(api.GET("/staff/v1/staff/{staff_id}", { params: { path: { staff_id: id } } }));
}

export async function findCodes(text: string): Promise<Named[]> {
  const query = { text: text || null, limit: LIMIT };
  return (await data(api.GET("/staff/v1/codes", { params: { query } }))).items.map(nameOf);
}

export async function codeNamed(id: string): Promise<Named> {
  return nameOf(await data(api.GET("/staff/v1/codes/{code_id}", { params: { path: { code_id: id } } })));
}

const nameOf = ({ id, name, target }: Schemas["CodeOut"]) => ({ id, name: name ?? target });

/** Guides who haven't left, also for those who may not see the staff. */
export async function findGuides(text: string): Promise<Named[]> {
  const { items } = await data(
    api.GET("/staff/v1/guides", { params: { query: { text: text || null, limit: LIMIT } } }),
  );
  return items.filter(({ left_at }) => !left_at);
}

export async function findStores(text: string): Promise<Named[]> {
  const query = { text: text || null, open: true, limit: LIMIT };
  return (await data(api.GET("/staff/v1/stores", { params: { query } }))).items;
}

export async function findChannels(text: string): Promise<Named[]> {
  const { items } = await data(api.GET("/staff/v1/channels", { params: { query: { limit: 200 } } }));
  return items.filter(({ name }) => name.includes(text));
}
