// `pnpm check`: all that CI asks of a change. Goes on after a failure, so that one run names everything.
// `pnpm check --no-tests` leaves the tests out, for those who have run them already.
import { readFileSync } from "node:fs";
import { generators } from "./lib/generators.mjs";
import { run, typescript } from "./lib/run.mjs";
import { runTests, summary } from "./lib/run-tests.mjs";
import { filesBelow } from "./lib/stamps.mjs";
import { inRoot, main, root, SetupError, say } from "./lib/workspace.mjs";
import { ensureSetup, generateAll } from "./setup.mjs";

const bin = (name) => inRoot("node_modules/.bin", name);

/** Each step answers null when all is well, or what is wrong in a few words. */
const steps = [
  ["types", () => exited(run(bin("tsc"), ["-p", "tsconfig.json"]))],
  ["lint", () => exited(run(bin("oxlint"), ["--deny-warnings"]))],
  ["format", () => exited(run(bin("biome"), ["check", "--error-on-warnings", "."]))],
  ["unused code", () => exited(run(bin("knip"), []))],
  ["generated files", generatedFilesAreCurrent],
  ["migrations", () => exited(run(process.execPath, [...typescript, "scripts/migration.ts", "check"]))],
  ...(process.argv.includes("--no-tests") ? [] : [["tests", testsPass]]),
];

function exited(code) {
  return code === 0 ? null : `exit code ${code}`;
}

/** Compares with what was there before, not with git: an archive without history can be checked too. */
function generatedFilesAreCurrent() {
  const before = committed();
  generateAll();
  const after = committed();
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (file) => before.get(file) !== after.get(file),
  );
  return changed.length === 0 ? null : `were out of date and are current now, commit them: ${changed.join(", ")}`;
}

function committed() {
  const files = generators.flatMap((generator) => (generator.committed ? filesBelow(inRoot(generator.committed)) : []));
  return new Map(files.map((file) => [file.slice(root.length), readFileSync(file, "utf8")]));
}

function testsPass() {
  const counts = runTests([]);
  return counts.failures.length === 0 && counts.passed > 0 ? null : summary(counts);
}

function attempt(step) {
  try {
    return step();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    return "did not run";
  }
}

await main(() => ensureSetup());
const rows = steps.map(([name, step]) => {
  say(`\n── ${name}`);
  const begin = Date.now();
  const problem = attempt(step);
  return { name, problem, seconds: ((Date.now() - begin) / 1000).toFixed(1) };
});

console.log();
for (const { name, problem, seconds } of rows) {
  console.log(
    `${problem === null ? "passed" : "FAILED"}  ${name.padEnd(16)} ${seconds.padStart(6)} s${problem ? `  ${problem}` : ""}`,
  );
}
process.exitCode = rows.some(({ problem }) => problem !== null) ? 1 : 0;
