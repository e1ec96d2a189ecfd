import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { application } from "../vite.base.ts";

const icons = fileURLToPath(new URL("src/vant-icons.css", import.meta.url));

/** Vant's parts ask for its font of icons; ours takes its place. */
const withoutFont: Plugin = {
  name: "without-font",
  enforce: "pre",
  resolveId: (source, importer) => (source === "../../icon/index.css" && importer?.includes("/vant/") ? icons : null),
};

/** What nearly every page stands on comes in one piece: on a phone's network each request costs more than its bytes. */
const together = {
  groups: [{ name: "base", test: /node_modules|kit\/src\/(?!login|(chat\/)?words\/(terms\.)?en)|staff\/src\/parts/ }],
};

const base = application("staff");
export default defineConfig({
  ...base,
  plugins: [withoutFont, ...(base.plugins ?? [])],
  build: { ...base.build, rolldownOptions: { output: { codeSplitting: together } } },
});
