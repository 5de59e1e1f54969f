// A vitest reporter that writes what it counted to the file that test.mjs names, as JSON.
import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { root } from "./workspace.mjs";

/** How much of each failure is told again at the end, in lines. */
const maxLines = 12;
/** And of each line, in characters. */
const maxCharacters = 300;

/**
 * @typedef {{ name: string, reason: string }} Named
 * @typedef {{ passed: number, failures: Named[], skipped: Named[], filtered: boolean }} Counts
 */
export default class CountReporter {
  onInit(vitest) {
    this.filtered = Boolean(vitest.config.testNamePattern);
  }

  onTestRunEnd(modules, unhandledErrors) {
    /** @type {Counts} */
    const counts = { passed: 0, failures: [], skipped: [], filtered: this.filtered };
    for (const error of unhandledErrors) {
      counts.failures.push({ name: "an error that nobody has caught", reason: reasonOf([error]) });
    }
    for (const module of modules) {
      const file = relative(root, module.moduleId);
      // A file that does not load, or a hook that throws, has no failing test to show for it.
      for (const part of [module, ...module.children.allSuites()]) {
        const name = part === module ? file : `${file} > ${part.fullName}`;
        if (part.errors().length > 0) counts.failures.push({ name, reason: reasonOf(part.errors()) });
      }
      for (const test of module.children.allTests()) count(counts, test, `${file} > ${test.fullName}`);
    }
    writeFileSync(process.env.KEYPLANE_TEST_COUNTS, JSON.stringify(counts));
  }
}

function count(counts, test, name) {
  const { state, note, errors = [] } = test.result();
  if (state === "passed") counts.passed += 1;
  else if (state === "skipped") {
    const reason = note ?? (test.options.mode === "todo" ? "to do" : "no reason given");
    counts.skipped.push({ name, reason });
  } else {
    const reason = state === "pending" ? "The run was cut off before it." : reasonOf(errors);
    counts.failures.push({ name, reason });
  }
}

function reasonOf(errors) {
  const text = errors.map(({ message, diff, stack }) => [message, diff, frameOf(stack)].filter(Boolean).join("\n"));
  const lines = stripVTControlCharacters(text.join("\n")).split("\n");
  return lines
    .slice(0, maxLines)
    .map((line) => line.slice(0, maxCharacters))
    .join("\n");
}

/** Where in our own code. */
function frameOf(stack = "") {
  const frame = stack.split("\n").find((line) => line.includes(root) && !line.includes("node_modules"));
  return frame?.trim().replace(`${root}/`, "");
}
