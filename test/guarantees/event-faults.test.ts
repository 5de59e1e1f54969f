import { setTimeout as sleep } from "node:timers/promises";
import { afterEach } from "vitest";
import { EventStream } from "../testkit/event-stream.js";
import { describe, expect, ok, test } from "../testkit/index.js";
import { keyEventsDocument } from "../testkit/key-events.js";
import { expectAllKept, expectEqual, readTruth } from "./faults/check.js";
import { Installation } from "./faults/installation.js";
import { Reader } from "./faults/reader.js";
import { createApiWriter, createSqlWriter, createWork, type Work } from "./faults/writers.js";

/** How many events are made: TEST_FAULT_EVENTS sets another number. */
const eventCount = Number(process.env.TEST_FAULT_EVENTS ?? 5_000);
const leastDeaths = 3;
const limitMs = Math.max(900_000, eventCount * 20);

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Story {
  readonly installation: Installation;
  readonly work: Work;
  readonly readers: readonly Reader[];
}

/**
 * Writers at both servers and at the database, readers of every kind at both servers, and meanwhile one death after
 * another. In the end, nothing is killed any more, and the readers have everything.
 */
async function tell(installation: Installation, writers: { api: number; sql: number }): Promise<Story> {
  cleanups.push(() => installation.stop());
  const beginning = await placeNow(installation);
  const work = await createWork(installation);
  const made = [...Array(writers.api).fill(createApiWriter), ...Array(writers.sql).fill(createSqlWriter)];
  const ready = [];
  for (const create of made) ready.push(await create(work));

  const readers: Reader[] = [];
  const running: Promise<void>[] = [];
  const failures: unknown[] = [];
  const run = (task: () => Promise<void>): Promise<void> => {
    const ended = task().catch((error: unknown) => void failures.push(error));
    running.push(ended);
    return ended;
  };
  const read = (transport: Reader["transport"], from: string | null): void => {
    const reader = new Reader(installation, transport, from, from === beginning);
    readers.push(reader);
    void run(() => reader.run());
  };
  cleanups.push(async () => {
    work.isOver = true;
    for (const reader of readers) reader.stop();
    await Promise.all(running);
  });

  for (const transport of ["SSE", "graphql-ws"] as const) for (const from of ["", beginning]) read(transport, from);
  read("SSE", null);
  let left = ready.length;
  for (const write of ready) void run(write).then(() => left--);
  const check = (): void => {
    installation.assertRuns();
    if (failures.length > 0) throw failures[0];
  };
  const { deaths } = installation;
  while (work.acknowledged < eventCount || Math.min(deaths.servers, deaths.postgres) < leastDeaths) {
    await sleep(Math.random() * Math.min(4_000, eventCount / 5));
    check();
    await installation.fail();
    // Who comes in the midst of it.
    if (readers.length === 5 && work.acknowledged > eventCount / 2) {
      read("SSE", null);
      read("graphql-ws", beginning);
      read("SSE", readers[0]?.cursor ?? "");
    }
  }
  const deadline = Date.now() + 120_000;
  const until = async (isSo: () => boolean, what: string): Promise<void> => {
    while (!isSo()) {
      check();
      if (Date.now() > deadline) {
        const where = readers.map(
          (reader) => `${reader.transport} ${reader.isFollowing} ${reader.returns} ${reader.cursor}`,
        );
        throw new Error(`${what}: this did not come\n${where.join("\n")}`);
      }
      await sleep(20);
    }
  };
  work.isOver = true;
  await until(() => left === 0, "every writer has its last answer");
  for (const reader of readers) reader.isSteady = true;
  await until(() => readers.every(({ isFollowing }) => isFollowing), "all readers follow");
  // The very last event: who has it, has all.
  const root = installation.root();
  const last = await root.key("revokeKey", { id: work.shared[0], reason: "The end." });
  ok(last);
  const truth = await readTruth(installation.databaseUrl);
  const end = truth.events.at(-1);
  expect(end?.type).toBe("REVOKED");
  await until(() => readers.every(({ cursor }) => cursor === end?.cursor), "every reader has the last event");
  return { installation, work, readers };
}

/** A place to begin at, before anything was written. */
async function placeNow(installation: Installation): Promise<string> {
  const { url, token } = installation.root();
  const stream = await EventStream.open(url, token, keyEventsDocument({ after: "" }), { after: "" });
  const cursor = (await stream.next())?.data.keyEvents.cursor as string;
  stream.close();
  return cursor;
}

function print({ installation: { deaths }, readers }: Story, events: number, startedAt: number): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
  const returns = readers.reduce((sum, reader) => sum + reader.returns, 0);
  const resyncs = readers.flatMap(({ stretches }) => stretches.map(({ endedBy }) => endedBy).filter(Boolean));
  const counts = [...new Set(resyncs)].map((code) => `${code} ${resyncs.filter((each) => each === code).length}`);
  console.log(
    `${events} events in ${seconds} s; killed: servers ${deaths.servers}, PostgreSQL ${deaths.postgres}; ` +
      `${readers.length} readers came back ${returns} times; told to read keys again: ${counts.join(", ") || "nobody"}`,
  );
}

describe("while servers and PostgreSQL are killed with SIGKILL", () => {
  test(
    "every reader ends with what the database has, and nothing that was acknowledged is lost",
    async ({ skip }) => {
      const startedAt = performance.now();
      const installation = await Installation.start();
      if (typeof installation === "string") return skip(installation);
      const story = await tell(installation, { api: 4, sql: 4 });
      const truth = await readTruth(installation.databaseUrl);
      print(story, truth.events.length, startedAt);
      expectAllKept(story.work, truth);
      for (const reader of story.readers) expectEqual(reader, truth);
    },
    limitMs,
  );

  test(
    "readers of a PostgreSQL that loses its last commits are told so, and end with what it has",
    async ({ skip }) => {
      // Rarely, an earlier place is lost while the last one that was read survives, and nobody can tell: not for CI.
      if (!process.env.TEST_LOSSY_POSTGRES) return skip("loses commits on purpose: TEST_LOSSY_POSTGRES=1");
      const startedAt = performance.now();
      const installation = await Installation.start({ losesCommits: true });
      if (typeof installation === "string") return skip(installation);
      const story = await tell(installation, { api: 4, sql: 4 });
      const truth = await readTruth(installation.databaseUrl);
      print(story, truth.events.length, startedAt);
      const lost = ["LOG_REPLACED", "CURSOR_UNKNOWN"];
      for (const reader of story.readers) expectEqual(reader, truth, lost);
      // Not for the empty place at which some begin.
      const told = story.readers.flatMap(({ stretches }) => stretches.filter(({ after }) => after !== ""));
      expect(told.some(({ endedBy }) => endedBy !== null && lost.includes(endedBy))).toBe(true);
    },
    limitMs,
  );
});
