import { watch } from "vue";
import type { RouteLocationNormalized, Router } from "vue-router";
import { listen } from "../live/stream";
import { session } from "./session";
import { ticket } from "./ticket";

declare module "vue-router" {
  interface RouteMeta {
    /** Shown without a session. */
    open?: boolean;
    /** The operation point that the page needs; who lacks it is sent home. */
    point?: string;
    /** Stands alone, without the application's navigation. */
    bare?: boolean;
  }
}

/**
 * Pages need a session unless `meta.open`. Who has none logs in (`/log-in`) and comes back; who has to change the
 * password or set up a second factor first does so (`/first`).
 */
export function guard(router: Router): void {
  router.beforeEach(async (to) => {
    if (to.meta.open) return true;
    if (!session.isOpen.value) return logIn(to);
    // Without an answer the page opens and says itself that the server is away.
    await session.know().catch(() => {});
    if (!session.isOpen.value) return logIn(to);
    const due = session.me.value?.due_first;
    if (due && to.path !== "/first") return { path: "/first", query: { to: to.fullPath } };
    if (session.me.value && to.meta.point && !session.may(to.meta.point)) return { path: "/", replace: true };
    return true;
  });

  // Opened without an answer: it comes when the network or the server is back.
  const know = () => session.isOpen.value && !session.me.value && void session.know().catch(() => {});
  window.addEventListener("online", know);
  listen(({ event }) => event === "hello" && know());

  const here = () => router.currentRoute.value;
  watch(ticket, (token) => {
    if (!token && !here().meta.open) void router.push(logIn(here()));
  });
  watch(session.me, (me) => {
    if (me?.due_first && !here().meta.open && here().path !== "/first") {
      void router.push({ path: "/first", query: { to: here().fullPath } });
    }
  });
}

function logIn(to: RouteLocationNormalized) {
  return { path: "/log-in", query: to.path === "/" ? {} : { to: to.fullPath } };
}

/** Where to go on after a log-in: a path of these pages, never another site's. */
export function wayBack(to: unknown): string {
  return typeof to === "string" && /^\/(?![/\\])/.test(to) ? to : "/";
}
