import { defineConfig } from "vite";
import { application } from "../vite.base";
import { elementStyles } from "./element-styles";

const base = application("console");

export default defineConfig({ ...base, plugins: [...(base.plugins ?? []), elementStyles()] });
