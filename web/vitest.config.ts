import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vitest/config";

export default defineConfig({
  plugins: [vue()],
  // Somewhere else than the business is.
  test: {
    env: { TZ: "America/New_York" },
    include: ["*/tests/*.test.ts"],
    setupFiles: ["kit/tests/browser.ts"],
  },
});
