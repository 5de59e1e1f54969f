import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";
import { inRoot, root, SetupError, say } from "./workspace.mjs";

/** Where the tools of the packages are, for those that look for each other on PATH. */
const binFolders = ["packages/server/node_modules/.bin", "node_modules/.bin"].map((folder) => inRoot(folder));

/**
 * Runs a program to its end and shows what it prints on standard error.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, stdio?: import("node:child_process").StdioOptions }} [options]
 * @returns {number} its exit code; 1 when a signal or a missing program ended it.
 */
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, PATH: [...binFolders, process.env.PATH].join(delimiter), ...options.env },
    stdio: options.stdio ?? ["ignore", 2, 2],
    shell: process.platform === "win32" && command === "npx", // there it is a command file
  });
  if (result.error) say(`${command}: ${result.error.message}`);
  return result.status ?? 1;
}

/** Runs a program quietly; when it fails, what it printed becomes part of the error. */
export function runQuietly(what, command, args, options = {}) {
  const result = spawnSync(command, args, {
    cwd: options.cwd ?? root,
    env: { ...process.env, PATH: [...binFolders, process.env.PATH].join(delimiter), ...options.env },
    encoding: "utf8",
  });
  if (result.status === 0) return;
  const printed = [result.error?.message, result.stdout, result.stderr].filter(Boolean).join("\n").trim();
  throw new SetupError(`${printed}\n\n${what} failed; the lines above say why.`);
}

/** The arguments that let node run a TypeScript file of ours. */
export const typescript = ["--conditions=source", "--import", "tsx"];
