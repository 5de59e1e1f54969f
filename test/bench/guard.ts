/**
 * `pnpm bench guard`: verifications in the SDK's guard, from memory and with the key hashed every time, beside what people use in such
 * a place: a signed token checked by jose, and a flag evaluated by LaunchDarkly's SDK. Rounds in turns, in processor
 * time; the ratios are what to read.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { Fetch } from "../../packages/sdk/src/client/options.js";
import { createGuard, type Guard } from "../../packages/sdk/src/guard/index.js";
import { MemoryPlane } from "../../packages/sdk/src/testing/memory-plane.js";
import { MemoryServer } from "../../packages/sdk/src/testing/memory-server.js";
import { type Contender, contender, received, unexpected } from "./guard/contender.js";
import { tokenVerification } from "./guard/jose.js";
import { flagEvaluation } from "./guard/launchdarkly.js";
import { measureStart } from "./guard/start.js";
import { report } from "./report.js";

const keyCount = Number(process.env.BENCH_KEYS ?? 100_000);
const rounds = Number(process.env.BENCH_ROUNDS ?? 9);
const roundMs = Number(process.env.BENCH_ROUND_MS ?? 500);
const url = "http://keyplane.bench";
const token = "the-token-of-the-benchmark";

/** How many calls are counted and sent to compare the price of counting, each side's once. */
const countedCalls = 200_000;

/** Usage is taken without a look at it: what a server does with it costs nothing here. */
function swallowing(fetch: Fetch): Fetch {
  const body = JSON.stringify({
    data: { recordUsage: { __typename: "RecordUsagePayload", accepted: 0, rejected: [] } },
  });
  return (url, init) =>
    init.body?.includes("recordUsage(")
      ? Promise.resolve({ status: 200, headers: { get: () => null }, text: () => Promise.resolve(body) })
      : fetch(url, init);
}

/** Calls one after the other for a while. @returns how many in a second of one processor, whatever else the machine did. */
async function rateOf({ present, run }: Contender): Promise<number> {
  const until = performance.now() + roundMs;
  let [calls, microseconds] = [0, 0];
  do {
    // The clock is looked at seldom: it would cost as much as what is measured.
    const presented = Array.from({ length: 1_000 }, () => present(calls++));
    const before = process.cpuUsage();
    await run(presented);
    const { user, system } = process.cpuUsage(before);
    microseconds += user + system;
  } while (performance.now() < until);
  return (calls / microseconds) * 1e6;
}

/** The same for calls that leave something to send, with the price of sending it. */
async function rateWithSending({ present, run }: Contender, send: () => Promise<unknown>): Promise<number> {
  let microseconds = 0;
  const measure = async (work: () => Promise<unknown>): Promise<void> => {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    microseconds += user + system;
  };
  for (let from = 0; from < countedCalls; from += 1_000) {
    const presented = Array.from({ length: 1_000 }, (_, index) => present(from + index));
    await measure(() => run(presented));
  }
  await measure(send);
  return (countedCalls / microseconds) * 1e6;
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

const folder = mkdtempSync(join(tmpdir(), "keyplane-bench-"));
const closing: (() => unknown)[] = [];
try {
  const plane = new MemoryPlane();
  const server = new MemoryServer(plane);
  const owners = Array.from({ length: keyCount / 10 }, () => plane.createUser());
  const secrets = Array.from({ length: keyCount }, (_, index) => {
    const ownerId = owners[index % owners.length];
    const { secret } = plane.createKey({ ownerId, scopes: ["orders:read", "orders:write"], metadata: { plan: "pro" } });
    return secret;
  });
  const snapshotFile = join(folder, "keys.ndjson");
  const secretsFile = join(folder, "secrets.txt");
  writeFileSync(secretsFile, secrets.join("\n"));
  const options = { url, token, fetch: server.fetch, mode: "full", maxKeys: keyCount * 2 } as const;

  const guard = createGuard({ ...options, usage: false, snapshotFile });
  closing.push(() => guard.close());
  await guard.ready();

  const scopes = Object.freeze(["orders:read"]);
  // Far apart, so that no cache of the processor holds what is known of the next one.
  const secretAt = (index: number): string => secrets[(index * 7_919) % keyCount] as string;
  const flags = await flagEvaluation(false);
  closing.push(flags.close);
  const verifications = (by: Guard): Contender =>
    contender(
      (index) => received(secretAt(index)),
      async (presented) => {
        for (const key of presented) if (!(await by.verify(key, { scopes })).valid) throw unexpected();
      },
    );
  const contenders: Record<string, Contender> = {
    guard: verifications(guard),
    jose: await tokenVerification(),
    launchdarkly: flags.contender,
    membership: flags.membership,
  };
  const rates: Record<string, number[]> = Object.fromEntries(Object.keys(contenders).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, each] of Object.entries(contenders)) {
      const rate = await rateOf(each);
      if (round > 0) rates[name]?.push(rate);
    }
    process.stdout.write(`guard: round ${round} of ${rounds}\r`);
  }
  const rate = (name: string): number => median(rates[name] ?? []);
  const ratio = (name: string, to: string): string =>
    median((rates[name] ?? []).map((each, index) => each / (rates[to]?.[index] ?? Number.NaN))).toFixed(2);
  await guard.close();

  const fetch = swallowing(server.fetch);
  const recording = createGuard({ ...options, fetch, usage: { maxQueue: countedCalls } });
  await recording.ready();
  const recordingRate = await rateWithSending(verifications(recording), () => recording.close());
  const countedFlags = await flagEvaluation(true);
  const countingRate = await rateWithSending(countedFlags.contender, countedFlags.flush);
  countedFlags.close();
  const start = await measureStart({ url, token, snapshotFile, secretsFile, secret: secretAt(1), keyCount });
  report("guard", [
    `${cpus()[0]?.model}, one thread, Node ${process.version}; load average at the start ${loadavg()[0]?.toFixed(1)}`,
    "",
    `${keyCount} keys in memory, each hashed every time; medians of ${rounds} rounds of ${roundMs} ms, in turns; calls in a second of processor time; what is presented is new each time, as a request brings it`,
    `  guard.verify                              ${Math.round(rate("guard"))} /s   to reach: 700000`,
    `  LaunchDarkly boolVariation                ${Math.round(rate("launchdarkly"))} /s; guard.verify is ${ratio("guard", "launchdarkly")} times as fast   to reach: 1.0`,
    `    the same, by a segment of as many users ${Math.round(rate("membership"))} /s; guard.verify is ${ratio("guard", "membership")} times as fast`,
    `  jose jwtVerify, HS256                     ${Math.round(rate("jose"))} /s; guard.verify is ${ratio("guard", "jose")} times as fast   to reach: 40`,
    "",
    `${countedCalls} calls that are counted, sending included, once`,
    `  guard.verify, each call sent as usage     ${Math.round(recordingRate)} /s; ${recording.status().dropped} given up`,
    `  LaunchDarkly boolVariation, sent as sums  ${Math.round(countingRate)} /s`,
    "",
    `memory: ${Math.round(start.bytesPerKey)} bytes per key, with a tenth as many owners; ${Math.round(start.bytesPerUsedKey)} once each was presented`,
    `cold start from a snapshot of ${keyCount} keys (${start.megabytes.toFixed(0)} MB): ${Math.round(start.medianMs)} ms to the first verdict (median of ${start.times})   to reach: 300 ms`,
  ]);
} finally {
  await Promise.all(closing.map((close) => close()));
  rmSync(folder, { recursive: true, force: true });
}
process.exit();
