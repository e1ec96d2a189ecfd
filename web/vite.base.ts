import vue from "@vitejs/plugin-vue";
import type { UserConfig } from "vite";

/** How each application is built: under /app/<name>/, nothing inline (the pages' policy forbids it), no foreign address. */
export function application(name: string): UserConfig {
  return {
    base: `/app/${name}/`,
    plugins: [vue()],
    build: {
      target: "es2022",
      manifest: true,
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 1500,
    },
    // For `npx vite` beside a running API.
    server: { proxy: { "/staff/v1": "http://127.0.0.1:8000", "/files": "http://127.0.0.1:8000" } },
  };
}
