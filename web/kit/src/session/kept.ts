const KINDS = ["outbox", "draft"] as const;
export type Kind = (typeof KINDS)[number];

const prefix = (kind: Kind, staffId: string) => `guanxi.${kind}.${staffId}.`;

/** What a person wrote and nobody has yet, on this device until that person logs out. */
export function readKept<T>(kind: Kind, staffId: string, name: string): T | null {
  const text = localStorage.getItem(prefix(kind, staffId) + name);
  return text === null ? null : (JSON.parse(text) as T);
}

/** Nothing is kept of what is empty; where the device refuses (it is full), the page goes on without. */
export function keep(kind: Kind, staffId: string, name: string, value: string | unknown[]): void {
  const key = prefix(kind, staffId) + name;
  try {
    if (value.length) localStorage.setItem(key, JSON.stringify(value));
    else localStorage.removeItem(key);
  } catch (refused) {
    console.warn(refused);
  }
}

/** Whoever uses this device next finds nothing. */
export function forgetKept(staffId: string): void {
  const theirs = KINDS.map((kind) => prefix(kind, staffId));
  Object.keys(localStorage)
    .filter((key) => theirs.some((start) => key.startsWith(start)))
    .forEach((key) => localStorage.removeItem(key));
}
