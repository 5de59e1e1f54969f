import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { systemClock } from "../../platform/clock.js";
import { lockFolder } from "../../platform/database/folder-lock.js";
import { createLogger } from "../../platform/logger.js";
import { compiledThread } from "../../testing/compiled-thread.js";
import { openTestMongo } from "../../testing/mongo.js";
import { withDatabase } from "../../testing/mongo-url.js";
import { lineOf } from "./recording/event-line.js";
import { segmentPath } from "./recording/segment-files.js";
import { defaultRetention } from "./storage/tiers.js";
import { UsageRecording } from "./usage.recording.js";
import type { UsageEvent } from "./usage-event.js";

let dataDir: string;
let recording: UsageRecording;
const threads = new Set<Worker>();
const saved = new Map<string, number>();

const open = (folder = dataDir, mongodbUrl: string | null = null) =>
  UsageRecording.open({
    ...compiledThread,
    clock: systemClock,
    logger: createLogger("silent"),
    dataDir: folder,
    mongodbUrl,
    retention: defaultRetention,
    maxSpoolBytes: 100_000_000,
    saveLastUsed: (lastUsed) => {
      for (const [keyId, at] of lastUsed) saved.set(keyId, at);
      return Promise.resolve();
    },
  });

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "keyplane-recording-"));
  const { postMessage } = Worker.prototype;
  vi.spyOn(Worker.prototype, "postMessage").mockImplementation(function (this: Worker, message) {
    threads.add(this);
    postMessage.call(this, message);
  });
  recording = await open();
});

afterEach(async () => {
  await recording.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
  threads.clear();
  saved.clear();
  rmSync(dataDir, { recursive: true, force: true });
});

const event = (keyId: string): UsageEvent => ({
  at: Date.now(),
  tenantId: "ten_a",
  keyId,
  code: "VALID",
  cost: 1,
  source: "SERVER",
});

const question = { tenantId: "ten_a", filter: {}, after: null, take: 1 };

/** How many events are in the call log, once there are as many as expected or a new thread says otherwise. */
async function expectCounted(count: number): Promise<void> {
  const ask = () => recording.settle().then(() => recording.ask("countEvents", { question, now: Date.now() }));
  await expect.poll(() => ask().catch(() => -1)).toBe(count);
}

async function endThread(): Promise<void> {
  await Promise.all([...threads].map((thread) => thread.terminate()));
  threads.clear();
}

const dayMs = 86_400_000;

/** A spool as a killed process leaves it: the last line was not written to its end. */
function leaveSpool(name: string, segments: number): string {
  const folder = join(dataDir, "usage-spool", name);
  mkdirSync(folder, { recursive: true });
  for (let number = 1; number <= segments; number++) {
    writeFileSync(
      segmentPath(folder, number, number < segments ? "ready" : "open"),
      `${lineOf(event("key_dead"))}{"at":1`,
    );
  }
  return folder;
}

describe("recording usage", () => {
  test("goes on when the thread that counts ends: nothing is lost, and questions are answered again", async () => {
    await recording.started;
    recording.record(event("key_a"));
    await expectCounted(1);
    recording.record(event("key_b"));
    await endThread();
    await expect(recording.ask("countEvents", { question, now: Date.now() })).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    recording.record(event("key_c"));
    await expectCounted(3);
  });

  test("ticks go on after the thread has ended", async () => {
    await recording.started;
    const stop = new AbortController();
    const ticks = recording.feed.watch("ten_a", 100, stop.signal);
    await ticks.next();
    await endThread();
    recording.record(event("key_a"));
    let count = 0;
    for await (const { byCode } of ticks) {
      count += byCode.VALID ?? 0;
      if (count > 0) stop.abort();
    }
    expect(count).toBe(1);
  });

  test("a person hears of the calls that they may see, wherever they are counted, each once", async () => {
    const mongo = await openTestMongo();
    const url = withDatabase(mongo.url, mongo.db("live").databaseName);
    const elsewhere = mkdtempSync(join(tmpdir(), "keyplane-recording-"));
    const [here, there] = [await open(join(elsewhere, "a"), url), await open(join(elsewhere, "b"), url)];
    await Promise.all([here.started, there.started]);
    const stop = new AbortController();
    const whose = async () => ({ userId: "usr_me", keyIds: ["key_team"] });
    const ticks = here.feed.watch("ten_a", 100, stop.signal, whose);
    // The first look at the journal only learns what there is: it is over when something of elsewhere is told.
    for (let told = false; !told; ) {
      there.record({ ...event("key_mine"), userId: "usr_me", code: "EXPIRED", cost: 0 });
      await there.settle();
      told = "EXPIRED" in ((await ticks.next()).value?.byCode ?? {});
    }
    for (const recording of [here, there]) {
      recording.record({ ...event("key_mine"), userId: "usr_me" });
      recording.record({ ...event("key_team"), userId: "usr_other", code: "REVOKED", cost: 0 });
      recording.record({ ...event("key_other"), userId: "usr_other" });
      recording.record({ ...event("key_mine"), userId: "usr_me", tenantId: "ten_b" });
    }
    await there.settle();
    const seen: { VALID: number; REVOKED: number } = { VALID: 0, REVOKED: 0 };
    for await (const { byCode } of ticks) {
      seen.VALID += byCode.VALID ?? 0;
      seen.REVOKED += byCode.REVOKED ?? 0;
      if (seen.VALID >= 2 && seen.REVOKED >= 2) stop.abort();
    }
    expect(seen).toEqual({ VALID: 2, REVOKED: 2 });
    await Promise.all([here.stop(), there.stop()]);
    rmSync(elsewhere, { recursive: true });
    await mongo.close();
  });

  test("counts what a dead process left, also when the thread ends meanwhile, and removes its folder", async () => {
    await recording.stop();
    const folder = leaveSpool("deadbeef", 30);
    recording = await open();
    await recording.started;
    await endThread();
    await expectCounted(30);
    await recording.stop();
    expect(saved.has("key_dead")).toBe(true);
    recording = await open();
    await expect.poll(() => existsSync(folder)).toBe(false);
    await expectCounted(30);
  });

  test("what a process that lives holds takes up no room of another's, and what a dead one left does", async () => {
    await recording.stop();
    const living = leaveSpool("11feb0d1e5", 3);
    const lock = await lockFolder(living);
    const bytes = statSync(segmentPath(leaveSpool("deadbeef", 1), 1, "open")).size;
    try {
      // A store that is away: nothing of it is counted, so nothing goes.
      recording = await open(dataDir, "mongodb://127.0.0.1:1/away?serverSelectionTimeoutMS=100");
      await expect.poll(() => recording.status.waitingBytes).toBe(bytes);
    } finally {
      lock.release();
    }
  });

  test("a spool that cannot be read harms no other", async () => {
    await recording.stop();
    const broken = join(dataDir, "usage-spool", "broken");
    mkdirSync(broken, { recursive: true });
    mkdirSync(join(broken, "keyplane.lock"));
    leaveSpool("deadbeef", 2);
    recording = await open();
    await expectCounted(2);
  });

  test("a stop right after a call loses nothing: it was counted before the stop ended", async () => {
    // A first count makes the collections and their indexes, which a stop does not wait for.
    recording.record(event("key_0"));
    await expectCounted(1);
    recording.record(event("key_a"));
    await Promise.all([recording.recordAll([{ ...event("key_b"), id: "b", source: "SDK" }]), recording.stop()]);
    expect(recording.status).toMatchObject({ recorded: 3, counted: 3 });
    expect([...saved.keys()].sort()).toEqual(["key_0", "key_a", "key_b"]);
    recording = await open();
    await expectCounted(3);
  });

  test("the last use of a key is saved within a minute, without anybody asking", async () => {
    await recording.stop();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    recording = await open();
    recording.record(event("key_a"));
    await expectCounted(1);
    vi.advanceTimersByTime(59_000);
    await expect.poll(() => saved.has("key_a")).toBe(true);
  });

  test("what is lost is counted by why: removed segments, lines that cannot be read, reports that waited too long", async () => {
    await recording.stop();
    const folder = leaveSpool("deadbeef", 1);
    const old: UsageEvent = { ...event("key_a"), id: "old", at: Date.now() - 32 * dayMs, source: "SDK" };
    writeFileSync(segmentPath(folder, 2, "ready"), `${lineOf(event("key_a"))}rubbish\n${lineOf(old)}`);
    recording = await open();
    await expectCounted(2);
    await expect.poll(() => recording.status.lost).toMatchObject({ unreadable: 1, too_old: 1 });

    await recording.recordAll([
      { ...event("key_b"), id: "b" },
      { ...event("key_b"), id: "c" },
    ]);
    const own = readdirSync(join(dataDir, "usage-spool")).filter((spool) => spool !== "deadbeef");
    for (const spool of own) rmSync(segmentPath(join(dataDir, "usage-spool", spool), 1, "open"));
    const before = recording.status.waitingBytes;
    await expect.poll(() => recording.settle().then(() => recording.status.lost.vanished)).toBe(2);
    expect(recording.status.waitingBytes).toBeLessThan(before);
    expect(recording.status.lost).toEqual({ no_room: 0, unwritten: 0, vanished: 2, unreadable: 1, too_old: 1 });
    await expectCounted(2);
  });

  test("nothing is said to be complete that a dead process has left and that is not counted yet", async () => {
    await recording.stop();
    const left = Date.now() - 5 * dayMs;
    const folder = leaveSpool("deadbeef", 1);
    writeFileSync(segmentPath(folder, 1, "open"), lineOf({ ...event("key_dead"), at: left }));
    mkdirSync(join(folder, "keyplane.lock")); // nobody can take it over
    recording = await open();
    await recording.started;
    await recording.settle();
    expect(await recording.completeUntil()).toBe(left);
  });

  test("the store's folder is held by one process, and is free again after a stop", async () => {
    await expect(open()).rejects.toThrow(/in use by another Keyplane/);
    await recording.stop();
    recording = await open();
    await recording.started;
  });
});
