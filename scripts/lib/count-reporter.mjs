// A vitest reporter that writes what it counted to the file that test.mjs names, as JSON.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { root } from "./workspace.mjs";

/**
 * @typedef {{ passed: number, failed: number, skipped: { name: string, reason: string }[], filtered: boolean }} Counts
 */
export default class CountReporter {
  onInit(vitest) {
    this.filtered = Boolean(vitest.config.testNamePattern);
  }

  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Counts} */
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: [], filtered: this.filtered };
    for (const module of modules) {
      // A file that does not load, or a hook that throws, has no failing test to show for it.
      for (const part of [module, ...module.children.allSuites()]) counts.failed += part.errors().length > 0 ? 1 : 0;
      for (const test of module.children.allTests()) count(counts, test, relative(root, module.moduleId));
    }
    writeFileSync(process.env.KEYPLANE_TEST_COUNTS, JSON.stringify(counts));
  }
}

function count(counts, test, file) {
  const { state, note } = test.result();
  if (state === "passed") counts.passed += 1;
  else if (state === "skipped") {
    const reason = note ?? (test.options.mode === "todo" ? "to do" : "no reason given");
    counts.skipped.push({ name: `${file} > ${test.fullName}`, reason });
  } else counts.failed += 1; // "pending" too: the run was cut off before it
}
