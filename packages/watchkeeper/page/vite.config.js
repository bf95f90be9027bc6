import { defineConfig } from "vite";

const KEEPER = process.env.KEEPER ?? "http://127.0.0.1:8080";

export default defineConfig({
  build: {
    outDir: "../src/watchkeeper/keeper/web/static",
    emptyOutDir: true,
    target: "es2022",
    // The policy of the page forbids inline scripts and data: scripts.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { host: "127.0.0.1", proxy: { "/api": KEEPER } },
});
