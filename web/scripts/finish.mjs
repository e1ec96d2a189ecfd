// After a build (the argument is an application's name): compress every file once, and hold the first load to its limit.
import { readFile, readdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const LEAST_BYTES = 1024;
const COMPRESSED = new Set([".html", ".js", ".css", ".svg", ".json"]);
const [app, built] = process.argv.slice(2);

const sizes = new Map();
for (const entry of await readdir(built, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const file = path.join(entry.parentPath, entry.name);
  const name = path.relative(built, file);
  const bytes = await readFile(file);
  const zipped = gzipSync(bytes, { level: 9 });
  sizes.set(name, zipped.length);
  if (bytes.length < LEAST_BYTES || !COMPRESSED.has(path.extname(name))) continue;
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };
  await writeFile(`${file}.gz`, zipped);
  await writeFile(`${file}.br`, brotliCompressSync(bytes, quality));
}

const { firstLoad } = JSON.parse(await readFile(`${app}/package.json`, "utf8"));
const manifest = JSON.parse(await readFile(path.join(built, ".vite/manifest.json"), "utf8"));

/** The files that a part of the application needs, itself and what it imports at once. */
function filesOf(part, found = new Set()) {
  const { file, css = [], imports = [] } = manifest[part];
  if (found.has(file)) return found;
  [file, ...css].forEach((each) => found.add(each));
  imports.forEach((each) => filesOf(each, found));
  return found;
}

let failed = false;
for (const page of firstLoad.pages) {
  const files = new Set(["index.html", ...filesOf("index.html"), ...filesOf(page)]);
  const kB = [...files].reduce((sum, file) => sum + sizes.get(file), 0) / 1000;
  const over = kB > firstLoad.kB || files.size > firstLoad.requests;
  failed ||= over;
  const limits = `limit ${firstLoad.kB} kB, ${firstLoad.requests} requests`;
  console.log(
    `  ${app} ${page}: ${kB.toFixed(1)} kB compressed, ${files.size} requests (${limits})${over ? " TOO MUCH" : ""}`,
  );
}
process.exit(failed ? 1 : 0);
