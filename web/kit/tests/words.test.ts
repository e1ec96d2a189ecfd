import { describe, expect, test } from "vitest";
import { wayBack } from "../src/session/guard";

type Words = Record<string, unknown>;
type Module = Record<string, Words>;

// Every file of Chinese words has an English one of the same name or folder: zh.ts, terms.zh.ts, zh/inbox.ts.
const files = import.meta.glob<Module>("../../*/src/**/words/{*zh.ts,zh/*.ts}", { eager: true });
const english = import.meta.glob<Module>("../../*/src/**/words/{*en.ts,en/*.ts}", { eager: true });
const CHINESE = /[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]/;

function leaves(words: Words, path = ""): [string, unknown][] {
  return Object.entries(words).flatMap(([key, value]) =>
    value && typeof value === "object" && Object.keys(value).length
      ? leaves(value as Words, `${path}${key}.`)
      : [[`${path}${key}`, value]],
  );
}

/** A list reads as a number too. */
function said(word: unknown): string {
  return typeof word === "function" ? String(word(...Array(word.length).fill(["2"]))) : String(word);
}

describe.each(Object.keys(files))("%s", (file) => {
  // What they are exported as is no word; the index of a folder holds the rest of it.
  const all = (module: Module | undefined) =>
    Object.entries(module ?? {}).flatMap(([name, words]) => leaves(words, /^(zh|en)$/.test(name) ? "" : `${name}.`));
  const zh = all(files[file]);
  const en = new Map(all(english[file.replace(/zh(\.ts|\/[^/]+)$/, "en$1")]));

  // What the server tells in Chinese alone has no Chinese here: a dictionary that is empty may hold any English.
  const theirs = zh.filter(([, word]) => typeof word === "object").map(([key]) => `${key}.`);
  const isOurs = (key: string) => !theirs.some((start) => key.startsWith(start) || `${key}.` === start);

  test("English has every word, and no other", () => {
    const ours = zh.map(([key]) => key).filter(isOurs);
    expect([...en.keys()].filter(isOurs).sort()).toEqual(ours.sort());
  });

  test("a word is empty in both or in neither, and no English one is Chinese", () => {
    for (const [key, word] of zh.filter(([key]) => isOurs(key))) {
      expect(said(en.get(key)) === "", key).toBe(said(word) === "");
      // What is the same in both is a name or a token.
      if (said(en.get(key)) !== said(word)) expect(said(en.get(key)), key).not.toMatch(CHINESE);
    }
  });
});

test("after a log-in the way goes on inside these pages only", () => {
  expect(wayBack("/todos?x=1")).toBe("/todos?x=1");
  for (const elsewhere of ["//evil.example", "/\\evil.example", "https://evil.example", undefined, ["/a"], "todos"]) {
    expect(wayBack(elsewhere)).toBe("/");
  }
});
