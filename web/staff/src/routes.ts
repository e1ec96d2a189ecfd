import type { RouteRecordRaw } from "vue-router";

export const routes: RouteRecordRaw[] = [
  { path: "/", redirect: "/notices" },
  { path: "/notices", component: () => import("./pages/notices/NoticesPage.vue") },
];
