import { defineConfig } from "vite";
import { application } from "../vite.base.ts";
import { elementStyles } from "./element-styles.ts";

const base = application("console");

export default defineConfig({ ...base, plugins: [...(base.plugins ?? []), elementStyles()] });
