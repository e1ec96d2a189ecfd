import type { RouteLocation, RouteRecordRaw } from "vue-router";
import { startPage } from "./shell/navigation";

declare module "vue-router" {
  interface RouteMeta {
    /** The operation point of the page; who lacks it is told so in its place. */
    needs?: string;
    /** The page fills the window and scrolls in its own parts. */
    whole?: boolean;
  }
}

/** What notices and to-dos link to and only the phone's pages have; the session is the same. */
function onThePhone(to: RouteLocation): false {
  location.assign(`/app/staff${to.fullPath}`);
  return false;
}

const elsewhere = ["tasks", "todos", "announcements"].map((first) => ({
  path: `${first}/:id?`,
  component: () => import("./pages/NothingPage.vue"),
  beforeEnter: onThePhone,
}));

export const routes: RouteRecordRaw[] = [
  {
    path: "/",
    component: () => import("./shell/Shell.vue"),
    children: [
      { path: "", component: () => import("./pages/NothingPage.vue"), beforeEnter: startPage },
      { path: "me", component: () => import("./pages/account/MePage.vue") },
      { path: "me/wechat", redirect: "/me" },
      { path: "notices", component: () => import("./pages/NoticesPage.vue") },
      {
        path: "inbox/:conversationId?",
        component: () => import("./pages/inbox/InboxPage.vue"),
        meta: { needs: "inbox:read", whole: true },
      },
      {
        path: "customers",
        component: () => import("./pages/customers/CustomersPage.vue"),
        meta: { needs: "customers:read" },
      },
      {
        path: "customers/:customerId",
        component: () => import("./pages/customers/CustomerPage.vue"),
        meta: { needs: "customers:read" },
      },
      {
        path: "auto-replies",
        component: () => import("./pages/replies/RepliesPage.vue"),
        meta: { needs: "replies:read" },
      },
      {
        path: "auto-replies/new",
        component: () => import("./pages/replies/ReplyPage.vue"),
        meta: { needs: "replies:write" },
      },
      {
        path: "auto-replies/:replyId",
        component: () => import("./pages/replies/ReplyPage.vue"),
        meta: { needs: "replies:read" },
      },
      {
        path: "reminders/:list?",
        component: () => import("./pages/lists/RemindersPage.vue"),
        props: true,
        meta: { needs: "followups:write" },
      },
      { path: "pool", component: () => import("./pages/lists/PoolPage.vue"), meta: { needs: "pool:read" } },
      {
        path: "mobile-changes",
        component: () => import("./pages/lists/MobileChangesPage.vue"),
        meta: { needs: "customers:correct" },
      },
      {
        path: "customer-imports",
        component: () => import("./pages/lists/ImportsPage.vue"),
        meta: { needs: "customers:import" },
      },
      {
        path: "customer-imports/:id",
        component: () => import("./pages/lists/ImportPage.vue"),
        props: true,
        meta: { needs: "customers:import" },
      },
      ...elsewhere,
      {
        path: "welcomes",
        component: () => import("./pages/welcomes/WelcomesPage.vue"),
        meta: { needs: "welcomes:read" },
      },
      { path: "menus", component: () => import("./pages/menus/MenusPage.vue"), meta: { needs: "menus:read" } },
      { path: "codes", component: () => import("./pages/codes/CodesPage.vue"), meta: { needs: "codes:read" } },
      { path: "staff", component: () => import("./pages/staff/StaffPage.vue"), meta: { needs: "staff:read" } },
      { path: "roles", component: () => import("./pages/staff/RolesPage.vue"), meta: { needs: "roles:read" } },
      {
        path: "parameters",
        component: () => import("./pages/parameters/ParametersPage.vue"),
        meta: { needs: "parameters:read" },
      },
      {
        path: "banned-words",
        component: () => import("./pages/settings/BannedWordsPage.vue"),
        meta: { needs: "words:write" },
      },
      {
        path: "quick-replies",
        component: () => import("./pages/settings/QuickRepliesPage.vue"),
        meta: { needs: "inbox:reply" },
      },
      {
        path: "service-levels",
        component: () => import("./pages/settings/ServiceLevelsPage.vue"),
        meta: { needs: "inbox:report" },
      },
      { path: ":rest(.*)", component: () => import("./pages/NotFoundPage.vue") },
    ],
  },
];
