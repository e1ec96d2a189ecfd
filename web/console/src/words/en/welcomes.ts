import type { Words } from "../zh";

export const welcomes: Words["welcomes"] = {
  title: "Welcomes",
  hint: "The first words after a follow. The guide's come first, then the store's and the channel's, then everybody's.",
  new: "New welcome",
  change: "Change welcome",
  none: "No welcome here yet",
  saved: "Saved; in force within seconds",
  whose: "For",
  choose: "Type a name to find it",
  of: {
    everybody: { title: "Everybody", hint: "Every new follower reads it where no other fits better." },
    channel: { title: "Channels", hint: "For those who follow by a code of the channel." },
    store: { title: "Stores", hint: "For codes of the store, and of its guides without a welcome of their own." },
    guide: { title: "Guides", hint: "For those who follow by a code of the guide." },
  },
  follow: "Upon a follow",
  followHint: "Where a placeholder has no value, less particular words are said.",
  scan: "When a follower scans again",
  scanHint: "May stay empty: then a scan has no answer.",
  silent: "No answer",
  placeholders: {
    guide: { token: "{导购}", title: "Guide", sample: "Li" },
    store: { token: "{门店}", title: "Store", sample: "City store" },
    channel: { token: "{渠道}", title: "Channel", sample: "Spring fair" },
    account: { token: "{公众号}", title: "Account", sample: "Official account" },
  },
  previewHint: "All names but the one it is for are samples.",
};
