import { api, data } from "../api/client";
import { session } from "../session/session";
import { words } from "../words/kit";

const KEPT_AS = "guanxi.wechat";
const BEGUN_AS = "guanxi.wechat.begun";

interface Begun {
  appId: string;
  state: string;
  to: string;
}

/** The account whose menu or notice opened the page (`?app_id=`); remembered, since it is named only then. */
export function accountOf(query: URLSearchParams): string | null {
  const named = query.get("app_id");
  if (named) localStorage.setItem(KEPT_AS, named);
  return named ?? localStorage.getItem(KEPT_AS);
}

export function insideWechat(): boolean {
  return /MicroMessenger/i.test(navigator.userAgent);
}

/** Go to the platform's page, which comes back to `returnTo` without asking anything. */
export async function begin(appId: string, returnTo: string, to: string): Promise<void> {
  const query = { app_id: appId, return_to: returnTo };
  const { url, state } = await data(api.GET("/staff/v1/login/wechat", { params: { query } }));
  sessionStorage.setItem(BEGUN_AS, JSON.stringify({ appId, state, to } satisfies Begun));
  location.replace(url);
}

/**
 * Come back with `code` and `state`; gives where to go on. A state that is not the one this page began with is
 * somebody else's: that link would log this person in as them.
 */
export async function finish(code: string, state: string, secondFactor?: string): Promise<string> {
  const begun = JSON.parse(sessionStorage.getItem(BEGUN_AS) ?? "null") as Begun | null;
  if (!begun || begun.state !== state) throw new StrangeState();
  const body = { app_id: begun.appId, code, state, second_factor: secondFactor ?? null };
  const { token } = await data(api.POST("/staff/v1/login/wechat", { body }));
  sessionStorage.removeItem(BEGUN_AS);
  await session.enter(token);
  return begun.to;
}

export class StrangeState extends Error {
  override get message(): string {
    return words.logIn.strangeState;
  }
}
