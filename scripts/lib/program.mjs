import { existsSync } from "node:fs";
import { join } from "node:path";
import { runQuietly } from "./run.mjs";
import { whileLocked } from "./setup-lock.mjs";
import { hashOf, isStamped, stamp } from "./stamps.mjs";
import { cacheFolder, inRoot } from "./workspace.mjs";

const sources = [
  "packages/sdk/src",
  "packages/schema/src",
  "packages/sdk/package.json",
  "packages/sdk/tsdown.cli.config.ts",
  "pnpm-lock.yaml",
];
const folder = join(cacheFolder, "cli");
const file = join(folder, "keyplane.js");

/**
 * The program `keyplane`, built from the sources as they are; at once when it is current. Several processes may call it. Not where
 * the published package is built: `npm pack` and a test must not get into each other's way.
 *
 * @returns its path. @throws SetupError when it does not build.
 */
export function builtProgram() {
  const isCurrent = () => existsSync(file) && isStamped("cli-build", hashOf(sources));
  if (isCurrent()) return file;
  whileLocked(() => {
    if (isCurrent()) return;
    const hash = hashOf(sources);
    const tsdown = inRoot("packages/sdk/node_modules/tsdown/dist/run.mjs");
    const args = [tsdown, "--config", "tsdown.cli.config.ts", "--out-dir", folder];
    runQuietly("Building keyplane", process.execPath, args, { cwd: inRoot("packages/sdk") });
    stamp("cli-build", hash);
  });
  return file;
}
