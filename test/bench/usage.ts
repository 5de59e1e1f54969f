/**
 * `pnpm bench usage`: what usage costs verification, how much of it the server takes, and how fast it answers beside a plain
 * `$group` over the raw events. Figures swing with the machine; the ratios are what to read.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { VerifyKeyDocument } from "../../packages/sdk/src/_generated/documents.js";
import { report } from "./report.js";
import { measureQuestions } from "./usage/questions.js";
import { measureReports } from "./usage/reports.js";
import { post, sendLoad } from "./verify/load.js";
import { type Population, populate, savePopulation } from "./verify/seed.js";

const keyCount = Number(process.env.BENCH_KEYS ?? 1_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const roundMs = Number(process.env.BENCH_ROUND_MS ?? 2_000);
const eventCount = Number(process.env.BENCH_EVENTS ?? 10_000_000);
/** `verify` (with reports) and `questions`; a run of one of them is kept apart. */
const parts = (process.env.BENCH_PARTS ?? "verify,questions").split(",");
const connections = 32;

export interface Target {
  readonly child: ChildProcess;
  readonly port: number;
  readonly rootToken: string;
}

interface Recorded {
  readonly recorded: number;
  readonly counted: number;
  readonly duplicates: number;
  readonly lost: Readonly<Record<string, number>>;
}

function ask<Answer>(child: ChildProcess, question?: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a server of the benchmark ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as Answer);
    });
    if (question) child.send(question);
  });
}

async function start(variant: "keyplane" | "recording", populationFile: string): Promise<Target> {
  // Not bound to one core: the thread that counts is there to use another one.
  const child = fork(fileURLToPath(new URL("verify/server.ts", import.meta.url)), [variant, populationFile], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, NODE_ENV: "production" },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return { child, ...(await ask<{ port: number; rootToken: string }>(child)) };
}

/** Waits until everything recorded is counted, so that nothing of one round runs into the next. */
async function countAll({ child }: Target): Promise<Recorded> {
  for (;;) {
    const recorded = await ask<Recorded>(child, "recorded");
    if (recorded.counted + recorded.duplicates >= recorded.recorded) return recorded;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function measureVerify(population: Population, off: Target, on: Target): Promise<string[]> {
  const body = ({ secret }: Population["keys"][number]) => ({
    query: String(VerifyKeyDocument),
    operationName: "VerifyKey",
    variables: { input: { key: secret, scopes: ["orders:read"] } },
  });
  const load = (target: Target) => ({
    port: target.port,
    requests: population.keys.map((key) => post("/graphql", target.rootToken, body(key))),
    expect: '"valid":true',
    connections,
    durationMs: roundMs,
  });
  const [offLoad, onLoad] = [load(off), load(on)];
  const results: { off: number; on: number; behindMs: number }[] = [];
  for (let round = 0; round <= rounds; round++) {
    // In turns, because whoever comes second finds a warmer machine.
    const [first, second] = round % 2 === 0 ? [offLoad, onLoad] : [onLoad, offLoad];
    const one = await sendLoad(first);
    const endedAt = performance.now();
    await countAll(on);
    const behindMs = performance.now() - endedAt;
    const other = await sendLoad(second);
    const secondEndedAt = performance.now();
    await countAll(on);
    const [without, recorded] = round % 2 === 0 ? [one, other] : [other, one];
    if (without.wrong + recorded.wrong > 0) throw new Error("answers were not what they must be");
    const behind = round % 2 === 0 ? performance.now() - secondEndedAt : behindMs;
    const result = { off: without.perSecond, on: recorded.perSecond, behindMs: behind };
    if (round > 0) results.push(result);
    process.stdout.write(`verify: round ${round} of ${rounds}\r`);
  }
  const { lost: losses, counted } = await countAll(on);
  const lost = Object.values(losses).reduce((sum, count) => sum + count, 0);
  const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
  const [offRate, onRate] = [median(results.map((each) => each.off)), median(results.map((each) => each.on))];
  const ratio = median(results.map((each) => each.on / each.off));
  return [
    `verifyKey over HTTP, ${keyCount} keys, ${connections} connections, medians of ${rounds} interleaved rounds of ${roundMs} ms`,
    `  usage off  ${Math.round(offRate)} /s`,
    `  usage on   ${Math.round(onRate)} /s; ${counted} counted, ${lost} lost; all counted ${Math.round(median(results.map((each) => each.behindMs)))} ms after a round`,
    `  on/off     ${ratio.toFixed(3)} (median of the rounds' ratios)   to reach: 0.97`,
  ];
}

const folder = mkdtempSync(join(tmpdir(), "keyplane-bench-"));
const targets: Target[] = [];
try {
  const population = populate(keyCount);
  const populationFile = join(folder, "population.json");
  savePopulation(populationFile, population);
  const lines = [
    `${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}; embedded stores; load average at the start ${loadavg()[0]?.toFixed(1)}`,
    "",
  ];
  if (parts.includes("verify")) {
    const off = await start("keyplane", populationFile);
    const on = await start("recording", populationFile);
    targets.push(off, on);
    lines.push(...(await measureVerify(population, off, on)), "");
    off.child.kill();
    lines.push(...(await measureReports(population, on, () => countAll(on))), "");
    on.child.kill();
  }
  if (parts.includes("questions")) lines.push(...(await measureQuestions(join(folder, "questions"), eventCount)));
  report(parts.length === 2 ? "usage" : `usage-${parts.join()}`, lines);
} finally {
  for (const { child } of targets) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
