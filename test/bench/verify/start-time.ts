import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Times `npm start` from its beginning to the first answer, with a fresh data folder and with the same one again. */
export async function measureStart(repeats = 5): Promise<string[]> {
  const fresh: Start[] = [];
  const old: Start[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const dataDir = mkdtempSync(join(tmpdir(), "keyplane-bench-"));
    fresh.push(await start(dataDir));
    old.push(await start(dataDir));
    rmSync(dataDir, { recursive: true, force: true });
  }
  return [
    line("start to first answer, fresh data folder", fresh, "5.0 s"),
    line("start to first answer, old data folder", old, "3.0 s"),
  ];
}

interface Start {
  readonly seconds: number;
  readonly memoryMb: number;
}

async function start(dataDir: string): Promise<Start> {
  const startedAt = performance.now();
  const child = spawn("npm", ["start", "--silent"], {
    cwd: root,
    env: { ...process.env, PORT: "0", KEYPLANE_DATA_DIR: dataDir, KEYPLANE_LOG_LEVEL: "info" },
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  try {
    const port = await new Promise<number>((resolve, reject) => {
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        const found = /"port":(\d+)/.exec(output)?.[1];
        if (found) resolve(Number(found));
      });
      child.once("exit", (code) => reject(new Error(`the server ended with ${code}: ${output}`)));
    });
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`);
    if (!answer.ok) throw new Error(`the first answer was ${answer.status}`);
    return { seconds: (performance.now() - startedAt) / 1000, memoryMb: memoryOf(child.pid) };
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.pid) process.kill(-child.pid, "SIGTERM");
    await ended;
  }
}

/** Resident memory of the largest process of a group, in MB; 0 where the system does not tell. */
function memoryOf(group: number | undefined): number {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${childOf(group)}/status`, "utf8"))?.[1];
    return Math.round(Number(kilobytes) / 1000);
  } catch {
    return 0;
  }
}

/** `npm` stays as the parent of the server. */
function childOf(pid: number | undefined): string {
  let current = String(pid);
  for (;;) {
    const child = readFileSync(`/proc/${current}/task/${current}/children`, "utf8").trim().split(" ")[0];
    if (!child) return current;
    current = child;
  }
}

function line(label: string, starts: readonly Start[], goal: string): string {
  const sorted = [...starts].sort((a, b) => a.seconds - b.seconds);
  const median = sorted[Math.floor(sorted.length / 2)];
  const range = `${sorted[0]?.seconds.toFixed(2)} to ${sorted.at(-1)?.seconds.toFixed(2)}`;
  return `${label.padEnd(42)} ${median?.seconds.toFixed(2)} s (${range}), ${median?.memoryMb} MB   to reach: ${goal}`;
}
