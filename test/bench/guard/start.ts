import { fork } from "node:child_process";
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";

const times = 5;

/** What a process says of its guard's start. */
export interface Start {
  readonly ms: number;
  /** Of heap and typed arrays, once all keys were read. */
  readonly bytes: number;
  /** The same once each key was presented. */
  readonly bytesUsed: number;
}

/** How long a new process takes from making a guard to the first verdict, with what was saved and without a server. */
export async function measureStart(question: {
  readonly url: string;
  /** A snapshot is only read for the token that it was made with. */
  readonly token: string;
  readonly snapshotFile: string;
  /** All keys, a line each. */
  readonly secretsFile: string;
  readonly secret: string;
  readonly keyCount: number;
}): Promise<{ medianMs: number; bytesPerKey: number; bytesPerUsedKey: number; times: number; megabytes: number }> {
  const measured: Start[] = [];
  for (let time = 0; time < times; time++) measured.push(await startOnce(question));
  measured.sort((a, b) => a.ms - b.ms);
  const { ms, bytes, bytesUsed } = measured[times >> 1] as Start;
  const megabytes = statSync(question.snapshotFile).size / 1e6;
  const { keyCount } = question;
  return { medianMs: ms, bytesPerKey: bytes / keyCount, bytesPerUsedKey: bytesUsed / keyCount, times, megabytes };
}

function startOnce(question: object): Promise<Start> {
  const child = fork(fileURLToPath(new URL("start-process.ts", import.meta.url)), [], {
    execArgv: ["--expose-gc", "--conditions=source", "--import", "tsx"],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return new Promise((resolve, reject) => {
    child.once("message", (start) => resolve(start as Start));
    child.once("exit", (code) => reject(new Error(`the process of the benchmark ended with ${code}`)));
    child.send(question);
  });
}
