// No Chinese outside an application's `words/`: what people read has an English counterpart there. Comments may have it.
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";

const CHINESE = /[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]/;
const wrong = [];

for (const folder of ["kit", ...process.argv.slice(2)]) {
  for (const entry of await readdir(`${folder}/src`, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!/\.(vue|ts|css)$/.test(file) || file.split(path.sep).includes("words")) continue;
    const blank = (comment) => comment.replace(/[^\n]/g, " ");
    const text = (await readFile(file, "utf8")).replace(/<!--.*?-->|\/\*.*?\*\/|^\s*\/\/.*$/gms, blank);
    text.split("\n").forEach((line, number) => {
      if (CHINESE.test(line)) wrong.push(`${file}:${number + 1}: ${line.trim()}`);
    });
  }
}
if (wrong.length) {
  console.error(`Words that belong into words/zh.ts and words/en.ts:\n${wrong.join("\n")}`);
  process.exit(1);
}
