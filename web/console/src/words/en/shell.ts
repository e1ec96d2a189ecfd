import type { Words } from "../zh";

export const common: Words["common"] = {
  save: "Save",
  cancel: "Cancel",
  add: "New",
  change: "Change",
  remove: "Delete",
  yes: "Yes",
  no: "No",
  none: "None",
  all: "All",
  search: "Search",
  saved: "Saved",
  removed: "Deleted",
  on: "On",
  off: "Off",
  required: "Please fill in",
  by: (who, at) => `${who} · ${at}`,
  sureToRemove: (what) => `Delete “${what}”?`,
  moved:
    "Somebody else has just changed this too, so it was not saved. Yours is still here: saving again replaces theirs.",
  unsaved: "Changes are not saved yet and will be lost.",
  leave: "Leave",
  loadNewest: "Load what is there now",
};

export const nav: Words["nav"] = {
  label: "Main navigation",
  people: "Customers",
  account: "Official account",
  team: "Team and settings",
  inbox: "Inbox",
  customers: "Customers",
  autoReplies: "Automatic replies",
  welcomes: "Welcomes",
  menus: "Menus",
  codes: "QR codes",
  bannedWords: "Banned words",
  quickReplies: "Quick replies",
  serviceLevels: "Service levels",
  staff: "Staff",
  roles: "Roles and rights",
  parameters: "Parameters",
  unread: "unread conversations",
};

export const shell: Words["shell"] = {
  product: "Guanxi",
  skip: "Skip to the content",
  account: (name) => `Account menu: ${name}`,
  me: "My account",
  leave: "Log out",
};

export const finder: Words["finder"] = {
  open: "Find a customer",
  title: "Find a customer",
  field: "Name, last four digits of the mobile, or number",
  hint: "Name, whole mobile, its last four digits, or customer number",
  found: "Customers found",
  none: "Nobody was found. Try other words",
};

export const notices: Words["notices"] = {
  title: "Notices",
  open: (unread) => (unread ? `Notices, ${unread} unread` : "Notices"),
  all: "All notices",
  none: "No notices yet",
  noneUnread: "No unread notices",
  readAll: "Mark all as read",
};

export const pages: Words["pages"] = {
  home: "Back to the start",
  broken: "Something went wrong on this page. Open another one, or reload",
  forbidden: {
    title: "No permission",
    text: "Your role can't open this page. Please ask an administrator if you need it.",
  },
  nothing: { title: "No page to open yet", text: "Your role has no rights yet. Please ask an administrator." },
  notFound: { title: "No such page", text: "The address may be wrong, or what was here has moved." },
};
