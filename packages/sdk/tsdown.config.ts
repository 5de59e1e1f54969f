import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts"],
  format: ["esm", "cjs"],
  // No platform: the core needs only fetch, URL, timers and crypto.randomUUID, which Node, Bun, Deno, workers and
  // browsers have.
  platform: "neutral",
  target: "es2022",
  dts: { oxc: true },
  clean: true,
  // @keyplane/schema is bundled, so that applications install this one package; nothing of node_modules is. ipaddr.js is
  // needed by decide() alone, which nothing here calls.
  deps: { onlyBundle: [], neverBundle: ["ipaddr.js"] },
  // No module of ours does anything when it is loaded.
  inputOptions: { treeshake: { moduleSideEffects: false } },
});
