import { api, data } from "../api/client";
import { session } from "../session/session";
import { words } from "../words/kit";

const BEGUN_AS = "guanxi.wechat.begun";

interface Begun {
  appId: string;
  state: string;
  to: string;
  secondFactor: string | null;
}

export class StrangeState extends Error {
  override get message(): string {
    return words.logIn.strangeState;
  }
}

export function insideWechat(): boolean {
  return /MicroMessenger/i.test(navigator.userAgent);
}

/**
 * Go to the platform's page, which comes back to `returnTo` without asking anything. Its code opens one try only, so a
 * second factor goes along from the beginning.
 */
export async function begin(appId: string, returnTo: string, to: string, secondFactor: string | null): Promise<void> {
  const query = { app_id: appId, return_to: returnTo };
  const { url, state } = await data(api.GET("/staff/v1/login/wechat", { params: { query } }));
  sessionStorage.setItem(BEGUN_AS, JSON.stringify({ appId, state, to, secondFactor } satisfies Begun));
  location.replace(url);
}

/** Where the log-in that was begun leads to. */
export function begunTo(): string {
  return begun()?.to ?? "/";
}

/**
 * Come back with `code` and `state`. A state that is not the one this page began with is somebody else's: that link
 * would log this person in as them.
 */
export async function finish(code: string, state: string): Promise<void> {
  const mine = begun();
  if (!mine || mine.state !== state) throw new StrangeState();
  const body = { app_id: mine.appId, code, state, second_factor: mine.secondFactor };
  const { token } = await data(api.POST("/staff/v1/login/wechat", { body }));
  await session.enter(token);
}

function begun(): Begun | null {
  return JSON.parse(sessionStorage.getItem(BEGUN_AS) ?? "null") as Begun | null;
}
