import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Ended, root, succeed } from "../sdk/program.js";

let built: Promise<string> | undefined;

/** The program as it is built for use, once for all tests. @returns its path. */
export function builtCli(): Promise<string> {
  const lib = pathToFileURL(join(root, "scripts/lib/program.mjs")).href;
  const script = `import { builtProgram } from ${JSON.stringify(lib)}; process.stdout.write(builtProgram());`;
  built ??= succeed(process.execPath, ["--input-type=module", "-e", script], root);
  return built;
}

/** A process of the program that runs. */
export interface RunningCli {
  readonly ended: Promise<Ended>;
  /** Resolves when standard output has so many lines. */
  lines(count: number): Promise<readonly string[]>;
  interrupt(): void;
}

/** Somebody at a computer of their own: a home for sessions, and the environment that commands get. */
export class CliUser {
  readonly home = mkdtempSync(join(tmpdir(), "keyplane-cli-"));
  readonly sessions = join(this.home, "keyplane/sessions.json");

  constructor(readonly environment: Readonly<Record<string, string>>) {}

  /** Runs a command to its end. @param stdin what is piped to it. */
  async run(args: readonly string[], stdin = ""): Promise<Ended> {
    return (await this.start(args, stdin)).ended;
  }

  /** Runs a command that must succeed, and reads the one JSON document that it prints. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is missing
  async json(args: readonly string[], stdin = ""): Promise<any> {
    const { code, stdout, stderr } = await this.run([...args, "--json"], stdin);
    if (code !== 0) throw new Error(`keyplane ${args.join(" ")} ended with ${code}:\n${stdout}\n${stderr}`);
    return JSON.parse(stdout);
  }

  /** Starts a command that goes on. */
  async start(args: readonly string[], stdin = ""): Promise<RunningCli> {
    const env = { PATH: process.env["PATH"] ?? "", HOME: this.home, XDG_CONFIG_HOME: this.home, ...this.environment };
    const child = spawn(process.execPath, [await builtCli(), ...args], { env, cwd: this.home });
    let [stdout, stderr] = ["", ""];
    let told: () => void = () => undefined;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      told();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    child.stdin.on("error", () => undefined); // a command that reads nothing may have ended
    child.stdin.end(stdin);
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        resolve({ code: code ?? -1, stdout, stderr });
        told();
      });
    });
    return {
      ended,
      async lines(count) {
        while (stdout.split("\n").length <= count && child.exitCode === null) {
          await new Promise<void>((resolve) => {
            told = resolve;
          });
        }
        return stdout.split("\n").slice(0, -1);
      },
      interrupt: () => void child.kill("SIGINT"),
    };
  }

  leave(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
