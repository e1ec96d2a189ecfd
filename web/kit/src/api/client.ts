import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "../../generated/api";
import { creating } from "../../generated/creating";
import { language } from "../words/language";
import { refusal } from "./errors";
import { send } from "./sending";
import { ticket } from "../session/ticket";

export type Schemas = components["schemas"];

/** What a call takes, by its path: `Body<"/staff/v1/me/notices/read", "post">`. A schema's name may change. */
export type Body<Path extends keyof paths, Method extends keyof paths[Path]> = paths[Path][Method] extends {
  requestBody?: { content: { "application/json": infer Content } };
}
  ? Content
  : never;

const DOOR_CODES = new Set(["password_change_needed", "second_factor_setup_needed"]);

/** Who wants to know that the session ended, or that something is due before anything else. */
export const onDoor = { ended: () => {}, due: () => {} };

const ours: Middleware = {
  async onRequest({ request, schemaPath }) {
    request.headers.set("Accept-Language", language.value);
    const token = ticket.value;
    if (token) request.headers.set("Authorization", `Bearer ${token}`);
    return expectSuccess(await send(request, creating.has(`${request.method} ${schemaPath}`)), token);
  },
};

/** `token` is the one that was asked with: what comes late, after another log-in, ends nothing. */
async function expectSuccess(response: Response, token: string | null): Promise<Response> {
  if (response.ok) return response;
  const error = refusal(response, await response.json().catch(() => undefined));
  if (error.status === 401 && error.code === "unauthenticated" && token && token === ticket.value) onDoor.ended();
  if (error.status === 403 && DOOR_CODES.has(error.code)) onDoor.due();
  throw error;
}

/**
 * Our API, typed by its own document: `await data(api.GET("/staff/v1/me"))`. Whatever is not a success is thrown, as
 * `Refused` or `Unreachable`.
 */
export const api = createClient<paths>({ baseUrl: location.origin });
api.use(ours);

/** The body of an answer. */
export async function data<T>(asked: Promise<{ data?: T }>): Promise<T> {
  return (await asked).data as T;
}

/** A file of ours as an address for `<img>` and downloads; the caller revokes it. */
export async function picture(path: string): Promise<string> {
  const token = ticket.value;
  const headers = { Authorization: `Bearer ${token}`, "Accept-Language": language.value };
  const asked = new Request(new URL(path, location.origin), { headers });
  const response = await expectSuccess(await send(asked, false, true), token);
  return URL.createObjectURL(await response.blob());
}
