import { defineConfig } from "tsdown";

export default defineConfig({
  // One for each subpath of `exports` in package.json.
  entry: {
    index: "src/index.ts",
    express: "src/adapters/express.ts",
    fastify: "src/adapters/fastify.ts",
    fetch: "src/adapters/fetch.ts",
    guard: "src/guard/index.ts",
    hono: "src/adapters/hono.ts",
    testing: "src/testing/index.ts",
    ws: "src/adapters/ws.ts",
    yoga: "src/adapters/yoga.ts",
  },
  format: ["esm", "cjs"],
  // No platform: the core needs only fetch, URL, timers and crypto.randomUUID, which Node, Bun, Deno, workers and
  // browsers have.
  platform: "neutral",
  target: "es2022",
  dts: { oxc: true },
  clean: true,
  // @keyplane/schema is bundled, so that applications install this one package, and ipaddr.js, by which decide() reads
  // addresses. Of the frameworks only types are named, and only by their own adapters.
  deps: { onlyBundle: ["ipaddr.js"], neverBundle: ["fastify", "hono"] },
  // No module of ours does anything when it is loaded.
  inputOptions: { treeshake: { moduleSideEffects: false }, resolve: { mainFields: ["module", "main"] } },
});
