import { defineConfig } from "vitest/config";

export default defineConfig({
  // mainFields as Node reads them: with Vite's own, our code would get another copy of graphql than the libraries do.
  resolve: { conditions: ["source"], mainFields: ["main"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"], mainFields: ["main"] } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
    // Generous on purpose: a slow machine must not fail a test; a hang still ends.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    globalSetup: ["test/testkit/global-setup.ts"],
    // Without isolation a worker keeps its server from file to file: starting one costs more than most tests.
    pool: "forks",
    isolate: false,
    maxWorkers: 2,
  },
});
