import { fork } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const times = 5;

/** How long a new process takes from making a guard to the first verdict, with what was saved and without a server. */
export async function measureStart(question: {
  readonly url: string;
  readonly snapshotFile: string;
  readonly secret: string;
}): Promise<{ medianMs: number; times: number; megabytes: number }> {
  const measured: number[] = [];
  for (let time = 0; time < times; time++) measured.push(await startOnce(question));
  measured.sort((a, b) => a - b);
  const megabytes = statSync(question.snapshotFile).size / 1e6;
  return { medianMs: measured[times >> 1] ?? 0, times, megabytes };
}

function startOnce(question: object): Promise<number> {
  const child = fork(fileURLToPath(new URL("start-process.ts", import.meta.url)), [], {
    execArgv: ["--conditions=source", "--import", "tsx"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return new Promise((resolve, reject) => {
    child.once("message", (ms) => resolve(ms as number));
    child.once("exit", (code) => reject(new Error(`the process of the benchmark ended with ${code}`)));
    child.send(question);
  });
}
