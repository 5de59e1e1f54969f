import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root. */
export const root = fileURLToPath(new URL("../..", import.meta.url));

/** A server that was started as the documentation says, with a data folder of its own. */
export interface ServerProcess {
  readonly url: string;
  /** What it has said to the person at the terminal. */
  readonly welcome: string;
  readonly rootToken: string;
  stop(): Promise<void>;
}

/** Runs `npm start`, as a person would on a new machine, but on any free port. */
export async function npmStart(): Promise<ServerProcess> {
  const dataDir = mkdtempSync(join(tmpdir(), "keyplane-docs-"));
  const child = spawn("npm", ["start"], {
    cwd: root,
    env: { ...withoutSettings(process.env), PORT: "0", KEYPLANE_DATA_DIR: dataDir },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const output = await said(child, /Root token.*\n.*\n/);
  const welcome = output.slice(output.indexOf("  Keyplane is running."));
  return {
    url: /http:\/\/127\.0\.0\.1:\d+(?=\/graphql)/.exec(welcome)?.[0] ?? "",
    welcome,
    rootToken: /keyplane_live_\w{49}/.exec(welcome)?.[0] ?? "",
    async stop() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGTERM");
      await ended;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** A server on a new machine has none of our settings. */
function withoutSettings(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const ours = /^(?:KEYPLANE_|TEST_|VITEST|NODE_ENV$|NODE_OPTIONS$|(?:DATABASE|MONGODB|REDIS)_URL$|HOST$)/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ours.test(name)));
}

function said(child: ChildProcess, expected: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (expected.test(output)) resolve(output);
    });
    child.once("close", (code) => reject(new Error(`npm start ended with ${code}: ${output}`)));
    child.once("error", reject);
  });
}
