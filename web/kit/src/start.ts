import { createApp, type Component } from "vue";
import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";
import { keepTicking } from "./clock";
import { stayLive } from "./live/stream";
import { rememberAccount } from "./login/account";
import { doors } from "./login/routes";
import { guard } from "./session/guard";
import { learn } from "./words/language";

/** Start an application: its own routes and the doors, under the base it was built for. */
export async function start(root: Component, base: string, routes: RouteRecordRaw[]): Promise<void> {
  rememberAccount();
  const router = createRouter({
    history: createWebHistory(base),
    routes: [...doors, ...routes, { path: "/:rest(.*)", redirect: "/" }],
    scrollBehavior: (to, from, saved) => saved ?? (to.fullPath === from.fullPath ? false : { top: 0 }),
  });
  guard(router);
  // Parts that came with a page have brought words of their own.
  router.beforeResolve(() => learn());
  // A page that was open while a new version came: its old parts are gone, so it is loaded anew, once.
  router.onError((_error, to) => {
    if (!navigator.onLine || sessionStorage.getItem("guanxi.reloaded") === to.fullPath) return;
    sessionStorage.setItem("guanxi.reloaded", to.fullPath);
    location.assign(router.resolve(to).href);
  });
  await learn();
  keepTicking();
  stayLive();
  createApp(root).use(router).mount("#app");
}
