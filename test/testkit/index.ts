/** The face of the testkit: `import { describe, expect, ok, test } from "../testkit/index.js"`. */
import { test as base } from "vitest";
import { startServer } from "./server.js";
import { World } from "./world.js";

export { describe, expect } from "vitest";
export { Caller, eventFields, keyFields, verdictFields } from "./caller.js";
export { day, hour, minute, second, TestClock } from "./clock.js";
export { GraphqlFailure, mutate, sendGraphql } from "./graphql.js";
export { idsOf, type ListName, type ListPage, readPage, readPages } from "./lists.js";
export { startServer, type TestServer } from "./server.js";
export { malformedIds, strangeIds, strangeTexts } from "./strange.js";
export { ok, testPassword, World } from "./world.js";

/** `test("…", async ({ world }) => …)`: all tests of a worker share one server; every story makes its own tenants. */
export const test = base.extend<{ $worker: { world: World } }>({
  world: [
    // biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameter's pattern
    async ({}, use) => {
      const server = await startServer();
      await use(new World(server));
      await server.stop();
    },
    { scope: "worker" },
  ],
});
