/**
 * `pnpm bench revocation`: how long after the answer of `revokeKey` every one of 1,000 verifiers refuses the key. Two server
 * processes on one PostgreSQL, the verifiers in processes of their own, all on this machine; beside it, verifiers that
 * poll, in the same run. Figures swing with the machine, which does the servers' work and that of all verifiers.
 */
import { type ChildProcess, fork } from "node:child_process";
import { cpus, loadavg } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { report } from "./report.js";
import { createKeys, revokeKey } from "./revocation/api.js";
import { startInstallation } from "./revocation/installation.js";
import { measurePollers } from "./revocation/pollers.js";
import type { Target, WatchedKey } from "./revocation/verifier.js";

const keyCount = Number(process.env.BENCH_KEYS ?? 60);
const verifierCount = Number(process.env.BENCH_VERIFIERS ?? 1_000);
/** `guard`, or `stream`: what the stream alone takes. */
const kind = process.env.BENCH_VERIFIER ?? "guard";
const workers = 4;
const pauseMs = Number(process.env.BENCH_PAUSE_MS ?? 1_000);
/** How long a verifier may take before the benchmark gives up. */
const limitMs = 30_000;
/** The longer the interval, the fewer revocations fit into the run. */
const polls = process.env.BENCH_SKIP_POLLS
  ? []
  : [
      { intervalMs: 5_000, pollers: 50, keys: 8 },
      { intervalMs: 15_000, pollers: 100, keys: 3 },
      { intervalMs: 60_000, pollers: 200, keys: 1 },
    ];

const now = (): number => Number(process.hrtime.bigint()) / 1e6;

function ask<Answer>(child: ChildProcess, question?: object): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`verifiers of the benchmark ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as Answer);
    });
    if (question) child.send(question);
  });
}

async function startVerifiers(targets: readonly Target[]): Promise<ChildProcess[]> {
  const children = Array.from({ length: workers }, () =>
    fork(
      fileURLToPath(new URL("revocation/verifiers.ts", import.meta.url)),
      [kind, String(verifierCount / workers), JSON.stringify(targets)],
      {
        execArgv: ["--conditions=source", "--import", "tsx"],
        env: { ...process.env, NODE_ENV: "production" },
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      },
    ),
  );
  await Promise.all(children.map((child) => ask(child)));
  return children;
}

/** @returns milliseconds from the answer to each verifier's refusal; one that was quicker than the answer counts as 0. */
async function measureRevocation(
  children: readonly ChildProcess[],
  target: Target,
  { id }: WatchedKey,
): Promise<number[]> {
  await revokeKey(target, id);
  const answeredAt = now();
  await sleep(pauseMs);
  for (;;) {
    const times = (await Promise.all(children.map((child) => ask<number[]>(child, { refusalsOf: id })))).flat();
    if (times.length === verifierCount) return times.map((time) => Math.max(0, time - answeredAt));
    if (now() - answeredAt > limitMs)
      throw new Error(`only ${times.length} of ${verifierCount} verifiers refuse the key`);
    await sleep(100);
  }
}

function line(label: string, delays: readonly number[], unit: "ms" | "s" = "ms"): string {
  const sorted = [...delays].sort((a, b) => a - b);
  const at = (share: number): string => {
    const ms = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return (unit === "ms" ? ms.toFixed(1) : (ms / 1_000).toFixed(1)).padStart(7);
  };
  return `${label.padEnd(34)} p50 ${at(0.5)}   p99 ${at(0.99)}   max ${at(1)} ${unit}   (${sorted.length} refusals)`;
}

const installation = await startInstallation((process.env.BENCH_SERVER_FLAGS ?? "").split(" ").filter(Boolean));
let children: ChildProcess[] = [];
try {
  const { targets } = installation;
  const polled = polls.reduce((sum, { keys }) => sum + keys, 0);
  const keys = await createKeys(targets[0], keyCount + polled);
  const watched = keys.splice(0, keyCount);
  children = await startVerifiers(targets);
  await Promise.all(children.map((child) => ask(child, { know: watched })));

  const baselines = polls.map((poll) => measurePollers(targets, keys.splice(0, poll.keys), poll));
  const delays: number[] = [];
  for (const [index, key] of watched.entries()) {
    delays.push(...(await measureRevocation(children, targets[0], key)));
    process.stdout.write(`revoked ${index + 1} of ${keyCount}\r`);
  }
  const label = kind === "guard" ? "guards of the SDK" : "streams alone";
  report(kind === "guard" ? "revocation" : `revocation-${kind}`, [
    `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}; load average ${loadavg()[0]?.toFixed(1)}`,
    `${verifierCount} verifiers in ${workers} processes at 2 server processes on one PostgreSQL, all on this machine; ${keyCount} keys revoked one after another`,
    "from the answer of revokeKey until a verifier refuses the key",
    "",
    `${line(label, delays)}   to reach: p99 150, max 1000`,
    ...(await Promise.all(
      polls.map(async ({ intervalMs, pollers }, index) =>
        line(`polling every ${intervalMs / 1_000} s, ${pollers} pollers`, (await baselines[index]) ?? [], "s"),
      ),
    )),
  ]);
} finally {
  for (const child of children) if (child.connected) child.disconnect();
  await installation.stop();
}
