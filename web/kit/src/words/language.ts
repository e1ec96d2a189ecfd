import { ref, shallowReactive } from "vue";

export type Language = "zh" | "en";

const KEPT_AS = "guanxi.language";

/** The language of the pages and of the server's answers. */
export const language = ref<Language>(chosen());

const loaders: (() => Promise<void>)[] = [];

function chosen(): Language {
  const kept = localStorage.getItem(KEPT_AS) ?? navigator.language;
  return kept.toLowerCase().startsWith("en") ? "en" : "zh";
}

/**
 * Words of a page: Chinese is the source, English has the same shape (so the type check finds what is missing) and is
 * loaded when it is wanted. Read in templates they follow the language.
 */
export function speak<Words extends object>(zh: Words, en: () => Promise<{ en: Words }>): Words {
  const spoken = shallowReactive({ ...zh });
  loaders.push(async () => void Object.assign(spoken, language.value === "en" ? (await en()).en : zh));
  return spoken as Words;
}

/** Load the words of the language; the pages are mounted after it. */
export async function learn(): Promise<void> {
  document.documentElement.lang = language.value === "en" ? "en" : "zh-CN";
  await Promise.all(loaders.map((load) => load()));
}

export async function setLanguage(to: Language): Promise<void> {
  language.value = to;
  localStorage.setItem(KEPT_AS, to);
  await learn();
}
