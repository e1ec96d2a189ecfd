// Elements without a template language; texts are never read as HTML.

/** Make an element: attributes (false and null leave one out), `on…` listeners, children. */
export function h(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** A line drawing of 24 × 24 units. */
export function icon(path) {
  const make = (name, attributes) => fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, []);
  const svg = make("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" });
  svg.append(make("path", { d: path }));
  return svg;
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const ICONS = {
  menu: "M4 7h16M4 12h16M4 17h16",
  locked: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  unlocked: "M6 11h12v9H6zM9 11V7a3 3 0 0 1 5.8-1",
  keyboard: "M3 6h18v12H3zM7 10h.01M11 10h.01M15 10h.01M8 14h8",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  scan: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M4 12h16",
  place: "M12 21s7-6.2 7-11.5A7 7 0 0 0 5 9.5C5 14.8 12 21 12 21zM12 12.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
  bell: "M6 16V11a6 6 0 1 1 12 0v5l1.5 2H4.5zM10 20.5h4",
  picture: "M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15.5 9h.01",
  voice: "M12 4a3 3 0 0 0-3 3v4a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v3",
};
