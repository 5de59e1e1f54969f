import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.mjs";
import { inRoot } from "./workspace.mjs";

/**
 * Runs the tests and counts them; everything is set up, also what is compiled. A run that breaks off without a count has one failure.
 *
 * @param {string[]} args arguments of `vitest run`, such as files or `-t name`.
 * @returns {import("./count-reporter.mjs").Counts}
 */
export function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), "keyplane-counts-"));
  const file = join(folder, "counts.json");
  try {
    const reporters = ["--reporter=default", `--reporter=${inRoot("scripts/lib/count-reporter.mjs")}`];
    const code = run(process.execPath, ["node_modules/vitest/vitest.mjs", "run", ...reporters, ...args], {
      // The caller has compiled it: see packages/server/src/testing/compiled-thread.ts.
      env: { KEYPLANE_TEST_COUNTS: file, TEST_COMPILED_THREAD: "1" },
      stdio: "inherit",
    });
    const counts = existsSync(file)
      ? JSON.parse(readFileSync(file, "utf8"))
      : { passed: 0, failures: [failure("the run broke off", code)], skipped: [], filtered: false };
    // Vitest may fail for what is no test, such as a coverage threshold: then something failed.
    if (code !== 0 && counts.failures.length === 0 && counts.passed > 0) {
      counts.failures.push(failure("vitest failed, and no test did", code));
    }
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const failure = (name, code) => ({ name, reason: `It ended with code ${code}.` });

/** The line that closes every run; scripts and CI read it. */
export function summary({ passed, failures, skipped }) {
  return `${passed} passed, ${failures.length} failed${skipped.length > 0 ? `, ${skipped.length} skipped` : ""}`;
}
