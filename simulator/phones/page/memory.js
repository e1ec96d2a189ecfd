// What the page remembers in this browser; where it may not remember anything, it forgets.

const KEY = "guanxi-phones";

function all() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}

export const recall = (name) => all()[name];

export function remember(name, value) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...all(), [name]: value }));
  } catch {
    // The page works without a memory.
  }
}
