import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { EmbeddedMongoOptions } from "../options.js";

/** A server in a process of its own, which can be killed. */
export interface ServerProcess {
  readonly url: string;
  /** As `kill -9`: no chance to finish anything. */
  kill(): Promise<void>;
  /** As a user stops it. */
  stop(): Promise<void>;
}

const script = fileURLToPath(new URL("../serve.ts", import.meta.url));

/** Starts `serve.ts`; resolves once it listens. @throws with what it printed when it does not start. */
export async function startProcess(options: Partial<EmbeddedMongoOptions>): Promise<ServerProcess> {
  const child = spawn(process.execPath, ["--conditions=source", "--import", "tsx", script, JSON.stringify(options)], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  let printed = "";
  child.stderr.on("data", (bytes: Buffer) => {
    printed += bytes.toString();
  });
  const url = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`The server ended with ${code}: ${printed}`)));
  });
  return { url, kill: () => end(child, "SIGKILL"), stop: () => end(child, "SIGTERM") };
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else {
      child.once("exit", () => resolve());
      child.kill(signal);
    }
  });
}
