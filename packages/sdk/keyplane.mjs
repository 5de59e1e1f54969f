#!/usr/bin/env node
// `npx keyplane` in this workspace: builds the program when its sources have changed, and runs it. What is published is the
// program alone: see publishConfig in package.json.
import { pathToFileURL } from "node:url";
import { builtProgram } from "../../scripts/lib/program.mjs";
import { main } from "../../scripts/lib/workspace.mjs";

await main(async () => {
  await import(pathToFileURL(builtProgram()).href);
});
