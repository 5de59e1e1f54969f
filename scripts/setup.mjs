// Everything between a fresh clone and a running server or test, in one call. Plain Node: nothing is installed yet.
import { pathToFileURL } from "node:url";
import { generators } from "./lib/generators.mjs";
import { install, isInstalled, requireNode } from "./lib/install.mjs";
import { whileLocked } from "./lib/setup-lock.mjs";
import { hashOf, isStamped, stamp } from "./lib/stamps.mjs";
import { main, say } from "./lib/workspace.mjs";

const isCurrent = ({ name, sources, isThere }) => isThere() && isStamped(name, hashOf(sources));

/**
 * Installs and generates what is missing or out of date; when nothing is, it takes some milliseconds. Two processes may
 * call it at once. What the repository holds is left alone.
 *
 * @param {{ toStart?: boolean }} [options] whether also what is compiled: a start needs it, and a run of all tests.
 * @throws SetupError, whose message tells what to do.
 */
export function ensureSetup({ toStart = false } = {}) {
  requireNode();
  const needed = generators.filter(({ committed, compiled }) => !committed && (toStart || !compiled));
  if (isInstalled() && needed.every(isCurrent)) return;
  const begin = Date.now();
  whileLocked(() => {
    install();
    for (const generator of needed) if (!isCurrent(generator)) generate(generator);
  });
  say(`Set-up done in ${((Date.now() - begin) / 1000).toFixed(1)} s.`);
}

/** Generates everything in order, whether it is current or not. */
export function generateAll() {
  requireNode();
  whileLocked(() => {
    install();
    generators.forEach(generate);
  });
}

function generate({ name, what, sources, generate: run }) {
  say(`Generating the ${what} …`);
  const hash = hashOf(sources); // before: what changes meanwhile must count as changed
  run();
  stamp(name, hash);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(() => ensureSetup({ toStart: true }));
