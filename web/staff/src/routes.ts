import type { RouteRecordRaw } from "vue-router";

// A path that a notice names (`/tasks/…`) is a path here.
export const routes: RouteRecordRaw[] = [
  { path: "/", redirect: "/messages" },
  { path: "/messages", component: () => import("./pages/messages/MessagesPage.vue") },
  {
    path: "/chat/:id",
    component: () => import("./pages/chat/ChatPage.vue"),
    props: true,
    meta: { point: "inbox:read", bare: true },
  },
  { path: "/announcements/:id", component: () => import("./pages/messages/AnnouncementPage.vue"), props: true },
  {
    path: "/customers",
    component: () => import("./pages/customers/CustomersPage.vue"),
    meta: { point: "customers:read" },
  },
  {
    path: "/customers/:id",
    component: () => import("./pages/customers/CustomerPage.vue"),
    props: true,
    meta: { point: "customers:read" },
  },
  {
    path: "/reminders/:list?",
    redirect: ({ params }) => ({ path: "/customers", query: { list: params["list"] || "due" } }),
  },
  { path: "/code", component: () => import("./pages/code/CodePage.vue"), meta: { point: "codes:read" } },
  { path: "/todos", component: () => import("./pages/todos/TodosPage.vue") },
  { path: "/tasks/:id", component: () => import("./pages/tasks/TaskPage.vue"), props: true },
  { path: "/me", component: () => import("./pages/me/MePage.vue") },
  { path: "/me/numbers", component: () => import("./pages/me/NumbersPage.vue"), meta: { point: "fans:read" } },
  { path: "/me/security", component: () => import("./pages/me/SecurityPage.vue") },
  { path: "/me/wechat", component: () => import("./pages/me/WechatPage.vue") },
];
