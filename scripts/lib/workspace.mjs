// Where things are, and how set-up speaks. Plain Node and nothing else: this runs before anything is installed.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The workspace's root. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** What set-up keeps: stamps and the database template. Gone with node_modules, as it should be. */
export const cacheFolder = join(root, "node_modules/.cache/keyplane");

/** A path below the root. */
export const inRoot = (...parts) => join(root, ...parts);

/** Tells a person at the terminal what goes on. Standard error: standard output belongs to the command's own result. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** What a person can act on, without a stack. */
export class SetupError extends Error {
  name = "SetupError";
}

/** Runs a script's main function; a SetupError ends the process with its sentence and exit code 1. */
export async function main(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`\n${error.message}`);
    process.exit(1);
  }
}
