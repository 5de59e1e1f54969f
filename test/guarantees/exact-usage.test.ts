import { randomInt } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Caller, describe, expect, mutate, ok, test } from "../testkit/index.js";
import { newHome, type ServerProcess, startProcess } from "../testkit/server-process.js";
import { drawEvents, type Numbers, naiveCount, type SentEvent } from "./usage/events.js";

/** How many events are sent: TEST_USAGE_EVENTS sets another number. */
const eventCount = Number(process.env.TEST_USAGE_EVENTS ?? 10_000);
const batchSize = Math.min(10_000, Math.ceil(eventCount / 50));
const kills = 4;
const hourMs = 3_600_000;
const rootToken = "root-token-of-the-exactness-test-1";

type Batch = readonly SentEvent[];

const recording = `mutation ($input: RecordUsageInput!) { recordUsage(input: $input) {
  __typename ... on RecordUsagePayload { accepted rejected { eventId message } } ... on Error { code message } } }`;

/**
 * Sends a batch. Every fifth answer is thrown away, and whoever gets none must send again: it cannot know what arrived.
 *
 * @returns whether the sender may forget the batch.
 */
async function send(caller: Caller, batch: Batch): Promise<boolean> {
  try {
    const { recordUsage } = await caller.query(recording, { input: { events: batch.map(({ input }) => input) } });
    expect(recordUsage).toEqual({ __typename: "RecordUsagePayload", accepted: batch.length, rejected: [] });
    return randomInt(5) > 0;
  } catch (error) {
    // Only a broken connection: a refusal would be a fault.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Every event once, a tenth of them once more, in random order. */
function shuffledBatches(events: Batch): Batch[] {
  const all = [...events, ...events.filter(() => randomInt(10) === 0)];
  for (let last = all.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [all[last], all[other]] = [all[other] as SentEvent, all[last] as SentEvent];
  }
  return Array.from({ length: Math.ceil(all.length / batchSize) }, (_, index) =>
    all.slice(index * batchSize, (index + 1) * batchSize),
  );
}

/** A server that is killed now and then, and started again by whoever finds it gone. */
class MortalServer {
  #server: ServerProcess;
  #ended = false;

  private constructor(
    readonly environment: Record<string, string>,
    server: ServerProcess,
  ) {
    this.#server = server;
  }

  static async start(environment: Record<string, string>): Promise<MortalServer> {
    const mortal = new MortalServer(environment, await startProcess(environment));
    mortal.#watch();
    return mortal;
  }

  get caller(): Caller {
    return new Caller(this.#server.url, rootToken);
  }

  /** In some milliseconds: in the midst of whatever it does then. */
  killSoon(): void {
    const { pid } = this.#server;
    setTimeout(() => {
      try {
        process.kill(pid, "SIGKILL");
      } catch (error) {
        // It is gone already, by a kill before this one.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }, randomInt(30));
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    await this.#server.end(signal);
  }

  /** @throws with what the server has said, when it has ended although nobody killed it. */
  assertRuns(): void {
    if (this.#ended) throw new Error(`The server has ended by itself: ${JSON.stringify(this.#server.output)}`);
  }

  async startIfEnded(): Promise<void> {
    if (!this.#ended) return;
    this.#ended = false;
    this.#server = await startProcess(this.environment);
    this.#watch();
  }

  #watch(): void {
    void this.#server.ended.then(() => {
      this.#ended = true;
    });
  }
}

async function sendAll(server: MortalServer, events: Batch): Promise<void> {
  let waiting = shuffledBatches(events);
  const killAt = new Set(
    Array.from({ length: kills }, (_, index) => Math.floor(((index + Math.random()) * waiting.length) / kills)),
  );
  for (let sent = 0; waiting.length > 0; ) {
    const again: Batch[] = [];
    for (const batch of waiting) {
      if (killAt.delete(sent++)) server.killSoon();
      if (!(await send(server.caller, batch))) again.push(batch);
      await server.startIfEnded();
    }
    waiting = again;
  }
}

const question = `query ($input: UsageInput!) { usage(input: $input) {
  starts totals { count } series { group { keyId userId api code tag } count: values cost: values(metric: COST) tokens: values(meter: "tokens") } } }`;

const fields = { KEY: "keyId", USER: "userId", API: "api", CODE: "code", TAG: "tag" } as const;
type Dimension = keyof typeof fields;

async function ask(caller: Caller, input: { groupBy: readonly Dimension[] } & Record<string, unknown>) {
  const { usage } = await caller.query(question, { input: { limit: 1_000, ...input } });
  const series: Record<string, Numbers> = {};
  for (const { group, count, cost, tokens } of usage.series) {
    series[JSON.stringify(input.groupBy.map((by) => group[fields[by]]))] = { count, cost, tokens };
  }
  const starts = (usage.starts as string[]).map((start) => Date.parse(start));
  return { series, starts, total: usage.totals.count as number };
}

const logOf = `query ($tenantId: ID!, $from: DateTime!, $to: DateTime!) {
  usageEvents(tenantId: $tenantId, filter: { from: $from, to: $to }, first: 1) { totalCount } }`;

/** How many entries the log has, asked hour by hour: how many a slow machine can read in the time that a question has, is not the matter. */
async function countLog(caller: Caller, window: { tenantId: string; from: string; to: string }): Promise<number> {
  let count = 0;
  for (let at = Date.parse(window.from); at < Date.parse(window.to); at += hourMs) {
    const hour = { from: new Date(at).toISOString(), to: new Date(at + hourMs).toISOString() };
    count += (await caller.query(logOf, { tenantId: window.tenantId, ...hour })).usageEvents.totalCount;
  }
  return count;
}

const questions: { groupBy: Dimension[]; bucket: string; timeZone?: string }[] = [
  { groupBy: [], bucket: "MINUTE" },
  { groupBy: ["KEY"], bucket: "HOUR" },
  { groupBy: ["KEY", "CODE"], bucket: "HOUR" },
  { groupBy: ["USER", "API", "TAG"], bucket: "DAY", timeZone: "Asia/Kathmandu" },
  { groupBy: ["KEY", "USER", "API", "CODE", "TAG"], bucket: "TOTAL" },
];

/** Segments that are not counted yet. */
function segmentsLeft(dataDir: string): string[] {
  try {
    const names = readdirSync(join(dataDir, "usage-spool"), { recursive: true, encoding: "utf8" });
    return names.filter((name) => /\.(?:open|ready)$/.test(name));
  } catch (error) {
    // A folder was removed while it was read.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return ["not known"];
    throw error;
  }
}

describe("usage is exact", () => {
  test("a killed server loses no verification that is older than 200 milliseconds", async () => {
    const home = await newHome();
    const environment = { ...home.environment, KEYPLANE_ROOT_TOKEN: rootToken };
    const server = await startProcess(environment);
    const root = new Caller(server.url, rootToken);
    const { tenant } = ok(await root.tenant("createTenant", { slug: "killed", name: "Killed" }));
    const { user } = ok(await root.user("createUser", { tenantId: tenant.id, email: "a@example.com", name: "User" }));
    const made = ok(await root.keySecret("createKey", { tenantId: tenant.id, ownerId: user.id, name: "Key" }));
    for (let call = 0; call < 250; call++) await root.verify(made.secret);
    // On a loaded machine a timer of the server may be late; what is promised is a time of its own, not of the wall's.
    await sleep(1_000);
    await server.end("SIGKILL");

    const next = await startProcess(environment);
    const caller = new Caller(next.url, rootToken);
    await expect.poll(() => segmentsLeft(home.dataDir)).toEqual([]);
    const window = {
      from: new Date(Date.now() - hourMs).toISOString(),
      to: new Date(Date.now() + hourMs).toISOString(),
    };
    expect((await ask(caller, { tenantId: tenant.id, ...window, groupBy: [] })).total).toBe(250);
    await next.end("SIGKILL");
    await home.remove();
  });

  test("each event counts once, in every bucket and group, over lost answers, duplicates, restarts and SIGKILL", async () => {
    const home = await newHome();
    const server = await MortalServer.start({ ...home.environment, KEYPLANE_ROOT_TOKEN: rootToken });
    const root = server.caller;
    const { tenant } = ok(await root.tenant("createTenant", { slug: "exact", name: "Exact" }));
    const keys: { keyId: string; userId: string }[] = [];
    for (let index = 0; index < 20; index++) {
      const email = `user-${index}@example.com`;
      const { user } = ok(await root.user("createUser", { tenantId: tenant.id, email, name: "User" }));
      const made = await mutate(
        root.url,
        root.token,
        "createKey",
        { tenantId: tenant.id, ownerId: user.id, name: "Key" },
        "key { id }",
      );
      keys.push({ keyId: ok(made).key.id, userId: user.id });
    }

    const now = Date.now();
    const events = drawEvents(eventCount, keys, now);
    await sendAll(server, events);
    await server.end("SIGTERM");
    await server.startIfEnded();

    const { caller } = server;
    const window = {
      tenantId: tenant.id,
      from: new Date(now - 25 * hourMs).toISOString(),
      to: new Date(now + hourMs).toISOString(),
    };
    // What was killed left spools, which the next process counts when it gets to them: copies, too, which must change nothing.
    while (segmentsLeft(home.dataDir).length > 0) {
      server.assertRuns();
      await sleep(200);
    }
    for (const { groupBy, ...asked } of questions) {
      const { series, starts, total } = await ask(caller, { ...window, groupBy, ...asked });
      expect(total, JSON.stringify(groupBy)).toBe(eventCount);
      expect(series, JSON.stringify(groupBy)).toEqual(naiveCount(events, { groupBy, starts }));
    }
    expect(await countLog(caller, window)).toBe(eventCount);
    await server.end("SIGKILL");
    await home.remove();
  }, 1_500_000);
});
