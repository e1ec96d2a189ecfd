import type { RouteRecordRaw } from "vue-router";

const LogInPage = () => import("./LogInPage.vue");

/** The doors of every application: log-in, WeChat's way back, and what is due first. */
export const doors: RouteRecordRaw[] = [
  { path: "/log-in", component: LogInPage, meta: { open: true, bare: true } },
  { path: "/log-in/wechat", component: LogInPage, meta: { open: true, bare: true } },
  { path: "/first", component: () => import("./FirstPage.vue"), meta: { bare: true } },
];
