import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createId } from "@keyplane/schema";
import { compose, openDatabase, readEnvironment } from "@keyplane/server";
import { type Db, MongoClient } from "mongodb";
import { collectionsOf } from "../../../packages/server/src/modules/usage/storage/documents.js";
import { ensureIndexes } from "../../../packages/server/src/modules/usage/storage/indexes.js";
import { applyRows, rowUpdates } from "../../../packages/server/src/modules/usage/storage/rows.js";
import { defaultRetention } from "../../../packages/server/src/modules/usage/storage/tiers.js";
import type { UsageEvent } from "../../../packages/server/src/modules/usage/usage-event.js";
import { withDatabase } from "../../../packages/server/src/testing/mongo-url.js";

const keyCount = 1_000;
const days = 30;
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const repeats = 5;
const rootToken = "the-root-token-of-the-benchmark-000";

/**
 * A question about 30 days of 1,000 keys by the hour, over HTTP, beside a plain `$group` over the raw events on the same store,
 * which runs in a process of its own.
 */
export async function measureQuestions(folder: string, eventCount: number): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const { child, url: server } = await startStore();
  const url = withDatabase(server, "keyplane");
  try {
    const client = new MongoClient(url, { writeConcern: { w: 1 } });
    const database = await openDatabase({ databaseUrl: null, dataDir: null });
    const keyplane = await compose(
      readEnvironment({
        KEYPLANE_DATA_DIR: join(folder, "server"),
        KEYPLANE_ROOT_TOKEN: rootToken,
        KEYPLANE_LOG_LEVEL: "warn",
        MONGODB_URL: url,
      }),
      { database },
    );
    const { port } = await keyplane.http.listen(0, "127.0.0.1");
    // The newest day is whole, so that both sides count the same.
    const to = Math.floor(Date.now() / dayMs) * dayMs;
    const window = { tenantId: await createTenant(port), from: to - days * dayMs, to };
    const loadMs = await load(client.db(), eventCount, window);

    const ask = () => askServer(port, window);
    const [hourly, group] = [await timesOf(repeats, ask), await timesOf(1, () => plainGroup(client.db(), window))];
    if (hourly.answer !== eventCount || group.answer !== eventCount) {
      throw new Error(`counted ${hourly.answer} and ${group.answer} of ${eventCount} events`);
    }
    await keyplane.stop();
    await database.close();
    await client.close();
    return [
      `${days} days by the hour of ${keyCount} keys, ${eventCount} events (loaded in ${Math.round(loadMs / 1_000)} s), the same store`,
      `  usage, over HTTP, ${keyCount} series of ${days * 24} values  ${Math.round(hourly.medianMs)} ms (median of ${repeats})`,
      `  $group over the raw events, by the driver     ${Math.round(group.medianMs)} ms (once)`,
      `  times as fast  ${(group.medianMs / hourly.medianMs).toFixed(0)}`,
    ];
  } finally {
    child.kill();
  }
}

interface Window {
  readonly tenantId: string;
  readonly from: number;
  readonly to: number;
}

function startStore(): Promise<{ child: ChildProcess; url: string }> {
  const child = fork(fileURLToPath(new URL("store.ts", import.meta.url)), [], {
    execArgv: ["--import", "tsx"],
    env: { ...process.env, NODE_ENV: "production" },
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  return new Promise((resolve, reject) => {
    child.once("message", (url) => resolve({ child, url: url as string }));
    child.once("exit", (code) => reject(new Error(`the store of the benchmark ended with ${code}`)));
  });
}

/** Raw events and the rows that count them, a day at a time; as the server would write them, but without its checks. */
async function load(db: Db, eventCount: number, { tenantId, from }: Window): Promise<number> {
  const startedAt = performance.now();
  await ensureIndexes(db, defaultRetention);
  const collections = collectionsOf(db);
  const keys = Array.from({ length: keyCount }, () => ({ keyId: createId("Key"), userId: createId("User") }));
  const insertedAt = new Date();
  for (let day = 0, number = 0; day < days; day++) {
    const end = Math.floor(((day + 1) * eventCount) / days);
    const events: UsageEvent[] = [];
    for (; number < end; number++) {
      // Multiplying by a prime spreads the events over the day and the keys.
      const at = from + day * dayMs + ((number * 104_729) % dayMs);
      const code = number % 10 === 0 ? "REVOKED" : "VALID";
      const key = keys[(number * 7) % keyCount] as (typeof keys)[number];
      events.push({ at, tenantId, ...key, code, cost: 1, latencyMs: 0.05, ip: "203.0.113.7", source: "SERVER" });
    }
    for (let index = 0; index < events.length; index += 10_000) {
      const documents = events.slice(index, index + 10_000).map((event, line) => ({
        ...event,
        _id: `bench.${day}:${index + line}`,
        at: new Date(event.at),
        segment: `bench.${day}`,
        insertedAt,
      }));
      await collections.events.insertMany(documents as never, { ordered: false });
    }
    const { hours, days: daily } = rowUpdates(events, "bench", day + 1);
    await applyRows(collections, { minutes: [], hours, days: daily });
    process.stdout.write(`loading: day ${day + 1} of ${days}\r`);
  }
  return performance.now() - startedAt;
}

const question = `query ($input: UsageInput!) {
  usage(input: $input) { totals { count } series { group { keyId } totals { count } values } } }`;

async function createTenant(port: number): Promise<string> {
  const input = { slug: "bench", name: "Benchmark" };
  const { createTenant: made } = await send<{ createTenant: { tenant: { id: string } } }>(port, creation, { input });
  return made.tenant.id;
}

const creation = `mutation ($input: CreateTenantInput!) {
  createTenant(input: $input) { ... on CreateTenantPayload { tenant { id } } } }`;

async function send<Data>(port: number, query: string, variables: object): Promise<Data> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${rootToken}`, "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Data; errors?: unknown };
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

async function askServer(port: number, { tenantId, from, to }: Window): Promise<number> {
  const input = {
    tenantId,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    bucket: "HOUR",
    groupBy: ["KEY"],
    limit: keyCount,
  };
  const data = await send<{ usage: { series: { values: number[] }[] } }>(port, question, { input });
  return data.usage.series.reduce((sum, { values }) => sum + values.reduce((a, b) => a + b, 0), 0);
}

async function plainGroup(db: Db, { tenantId, from, to }: Window): Promise<number> {
  const groups = await collectionsOf(db)
    .events.aggregate<{ count: number }>([
      { $match: { tenantId, at: { $gte: new Date(from), $lt: new Date(to) } } },
      { $group: { _id: { key: "$keyId", hour: { $dateTrunc: { date: "$at", unit: "hour" } } }, count: { $sum: 1 } } },
    ])
    .toArray();
  if (groups.length > (keyCount * (to - from)) / hourMs) throw new Error("more groups than keys and hours");
  return groups.reduce((sum, { count }) => sum + count, 0);
}

async function timesOf(times: number, work: () => Promise<number>): Promise<{ answer: number; medianMs: number }> {
  const durations: number[] = [];
  let answer = 0;
  for (let time = 0; time < times; time++) {
    const startedAt = performance.now();
    answer = await work();
    durations.push(performance.now() - startedAt);
  }
  return { answer, medianMs: durations.sort((a, b) => a - b)[Math.floor(times / 2)] ?? 0 };
}
