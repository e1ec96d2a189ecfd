import { defineConfig } from "vite";
import { application } from "../vite.base.ts";

export default defineConfig(application("console"));
