import { session } from "@guanxi/kit";
import type { IconName } from "../ui/icons";
import { words } from "../words";

export interface Entry {
  path: string;
  point: string;
  icon: IconName;
  title: () => string;
}

interface Group {
  title: () => string;
  entries: Entry[];
}

const GROUPS: Group[] = [
  {
    title: () => words.nav.people,
    entries: [
      { path: "/inbox", point: "inbox:read", icon: "chat", title: () => words.nav.inbox },
      { path: "/customers", point: "customers:read", icon: "person", title: () => words.nav.customers },
      { path: "/reminders", point: "followups:write", icon: "clock", title: () => words.reminders.title },
      { path: "/pool", point: "pool:read", icon: "waves", title: () => words.pool.title },
    ],
  },
  {
    title: () => words.nav.account,
    entries: [
      { path: "/auto-replies", point: "replies:read", icon: "reply", title: () => words.nav.autoReplies },
      { path: "/welcomes", point: "welcomes:read", icon: "smile", title: () => words.nav.welcomes },
      { path: "/menus", point: "menus:read", icon: "menu", title: () => words.nav.menus },
      { path: "/codes", point: "codes:read", icon: "code", title: () => words.nav.codes },
      { path: "/banned-words", point: "words:write", icon: "shield", title: () => words.nav.bannedWords },
    ],
  },
  {
    title: () => words.nav.team,
    entries: [
      { path: "/quick-replies", point: "inbox:reply", icon: "bolt", title: () => words.nav.quickReplies },
      { path: "/service-levels", point: "inbox:report", icon: "chart", title: () => words.nav.serviceLevels },
      { path: "/staff", point: "staff:read", icon: "badge", title: () => words.nav.staff },
      { path: "/roles", point: "roles:read", icon: "key", title: () => words.nav.roles },
      { path: "/parameters", point: "parameters:read", icon: "sliders", title: () => words.nav.parameters },
    ],
  },
];

/** What the person may open; a group without anything is no group. */
export function shown(): Group[] {
  return GROUPS.map((group) => ({ ...group, entries: group.entries.filter(({ point }) => session.may(point)) })).filter(
    ({ entries }) => entries.length,
  );
}

/** Where each role begins the day (K-09); composed roles begin with the first thing they may do. */
const FIRST: Record<string, string> = {
  guide: "/inbox",
  service: "/inbox",
  store_manager: "/inbox",
  rep: "/customers",
  finance: "/customers",
  manager: "/customers",
  marketer: "/auto-replies",
  admin: "/staff",
};

/** The page to begin with; `true`: there is none, stay where you are. */
export function startPage(): string | true {
  const open = shown().flatMap(({ entries }) => entries);
  const first = FIRST[session.me.value?.role ?? ""];
  return open.find(({ path }) => path === first)?.path ?? open[0]?.path ?? true;
}
