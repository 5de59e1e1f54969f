// `npm test`: sets up what is missing, runs the tests, and ends with one line: N passed, N failed[, N skipped].
// Arguments go to vitest: `npm test -- packages/schema -t "checksum"`.
import { runTests, summary } from "./lib/run-tests.mjs";
import { main } from "./lib/workspace.mjs";
import { ensureSetup } from "./setup.mjs";

await main(() => ensureSetup({ toStart: true }));
const counts = runTests(process.argv.slice(2));
// With a name filter everything else counts as skipped, and nobody wants to read that.
if (!counts.filtered) for (const { name, reason } of counts.skipped) console.log(`skipped: ${name}: ${reason}`);
// Again, because it stands far above in a long run; each line says what it is, so that CI finds it.
for (const { name, reason } of counts.failures) {
  for (const line of [name, ...reason.split("\n").map((each) => `  ${each}`)]) console.log(`failed: ${line}`);
}
if (counts.passed + counts.failures.length === 0) console.log("No test ran.");
console.log(summary(counts));
process.exitCode = counts.failures.length > 0 || counts.passed === 0 ? 1 : 0;
