// `pnpm bench <name>`: runs a benchmark of test/bench, prints its figures and keeps them in test/bench/results.
import { existsSync } from "node:fs";
import { run, typescript } from "./lib/run.mjs";
import { inRoot, main } from "./lib/workspace.mjs";
import { ensureSetup } from "./setup.mjs";

const name = process.argv[2] ?? "";
const file = `test/bench/${name}.ts`;
if (!/^[a-z-]+$/.test(name) || name === "report" || !existsSync(inRoot(file))) {
  console.error("Say which benchmark to run: pnpm bench verify");
  process.exit(1);
}
await main(() => ensureSetup({ toStart: true }));
process.exitCode = run(process.execPath, [...typescript, file], { stdio: "inherit" });
