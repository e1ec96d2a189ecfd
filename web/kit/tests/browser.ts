/** As much of a browser as modules ask for when they are loaded; pages themselves are tested in a real one. */
const kept = new Map<string, string>();
const storage = {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
  removeItem: (key: string) => void kept.delete(key),
};

const define = (name: string, value: unknown) => Object.defineProperty(globalThis, name, { value, configurable: true });
define("localStorage", storage);
define("sessionStorage", storage);
define("window", new EventTarget());
define("navigator", { language: "zh-CN", onLine: true, userAgent: "" });
define("location", new URL("https://guanxi.example/app/staff/"));
