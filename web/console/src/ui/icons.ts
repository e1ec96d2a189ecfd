/** Drawn on 24 by 24, in strokes. */
export const icons = {
  chat: "M4 5h16v11H9l-5 4z",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-6 8-6s7 2 8 6",
  reply: "M10 5 4 11l6 6M4 11h10a6 6 0 0 1 6 6v2",
  menu: "M5 6h14M5 12h14M5 18h14",
  code: "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2v2h-2zM18 18h2v2h-2zM18 14h2M14 20h2",
  shield: "M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  chart: "M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6",
  badge: "M6 4h12v16H6zM12 11a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM9 16c.5-2 1.500-3 3-3s2.500 1 3 3",
  key: "M8 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 12h9M18 12v4M15 12v3",
  sliders: "M5 4v16M12 4v16M19 4v16M3 9h4M10 15h4M17 8h4",
  bell: "M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  down: "M6 9l6 6 6-6",
  up: "M6 15l6-6 6 6",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  image: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.01",
  card: "M4 5h16v14H4zM14 9h3v3h-3zM7 9h4M7 12h4M7 15h10",
  note: "M5 4h14v10l-6 6H5zM13 20v-6h6M8 8h8M8 11h5",
  back: "M15 5l-7 7 7 7",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  trash: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  phone: "M7 3h10v18H7zM11 18h2",
} as const;

export type IconName = keyof typeof icons;
