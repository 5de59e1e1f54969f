import { existsSync } from "node:fs";
import { run } from "./run.mjs";
import { hashOf, isStamped, stamp } from "./stamps.mjs";
import { inRoot, SetupError, say } from "./workspace.mjs";

const PNPM = "pnpm@10.34.9";
const MINIMUM_NODE = [20, 19];

/** What an install depends on. */
const lockHash = () => hashOf(["pnpm-lock.yaml", "pnpm-workspace.yaml"]);

/** Whether node_modules is what the lockfile says. */
export function isInstalled() {
  return existsSync(inRoot("node_modules/.modules.yaml")) && isStamped("installed", lockHash());
}

/** Installs the packages that the lockfile names, with a pnpm of our own, because the machine may have none or another. */
export function install() {
  if (isInstalled()) return;
  say("Installing packages (about half a minute the first time) …");
  // --config.confirm-modules-purge: nobody can answer a question here. The reporter that prints lines needs no terminal.
  const args = [
    "install",
    "--frozen-lockfile",
    "--prefer-offline",
    "--reporter=append-only",
    "--config.confirm-modules-purge=false",
  ];
  const code = run("npx", ["--yes", PNPM, ...args]);
  if (code !== 0) {
    throw new SetupError(
      "Installing the packages failed; the lines above say why. " +
        "Check that this machine reaches its npm registry and that the disk has 1 GB left, then run the command again.",
    );
  }
  stamp("installed", lockHash());
}

/** @throws SetupError on a Node that is too old for what we use. */
export function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  throw new SetupError(
    `Keyplane needs Node ${MINIMUM_NODE.join(".")} or newer, this is ${process.versions.node}; install a newer one and run the command again.`,
  );
}
