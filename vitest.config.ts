import { configDefaults, defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files to leave out, as globs with commas between: what a second run on another database need not do again. */
const exclude = [...configDefaults.exclude, ...(process.env.TEST_EXCLUDE?.split(",") ?? [])];

/** What takes more than a minute, by its path. Begun late, it would run alone at the end, on one core. */
const slow = /guard\/simulation\/|http\/startup|isolation\/foreign-ids|exact-usage/;

class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean => slow.test(moduleId);
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}

export default defineConfig({
  // mainFields as Node reads them, and the file that Node takes for graphql's "index": left to itself, Vite would give our
  // code another copy of graphql than the libraries get.
  resolve: {
    conditions: ["source"],
    mainFields: ["main"],
    alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }],
  },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"], mainFields: ["main"] } },
  test: {
    // Generous on purpose: a slow machine must not fail a test; a hang still ends.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 60_000 } },
    pool: "forks",
    maxWorkers: 2,
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        extends: true,
        // Each file in a process of its own: these tests put time that passes when told to in the place of the real one.
        test: { name: "sdk", include: ["packages/sdk/src/**/*.test.ts"], exclude, isolate: true },
      },
      {
        extends: true,
        test: {
          name: "rest",
          include: ["packages/*/src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: [...exclude, "packages/sdk/**"],
          globalSetup: ["test/testkit/global-setup.ts"],
          // Without isolation a worker keeps its server from file to file: starting one costs more than most tests.
          isolate: false,
        },
      },
    ],
  },
});
