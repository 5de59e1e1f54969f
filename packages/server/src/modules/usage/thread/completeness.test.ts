import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openTestMongo, type TestMongo } from "../../../testing/mongo.js";
import { lineOf } from "../recording/event-line.js";
import { type SegmentState, segmentPath } from "../recording/segment-files.js";
import { collectionsOf, type UsageCollections } from "../storage/documents.js";
import { ensureIndexes } from "../storage/indexes.js";
import { defaultRetention } from "../storage/tiers.js";
import { maxAheadMs, type UsageEvent } from "../usage-event.js";
import { Completeness } from "./completeness.js";
import type { FromThread } from "./protocol.js";

const noon = Date.parse("2026-11-22T12:00:00Z");

let mongo: TestMongo;
let collections: UsageCollections;
let spoolFolder: string;
const told: FromThread[] = [];

beforeAll(async () => {
  mongo = await openTestMongo();
});
afterAll(() => mongo.close());
beforeEach(async () => {
  const db = mongo.db("completeness");
  await ensureIndexes(db, defaultRetention);
  collections = collectionsOf(db);
  spoolFolder = mkdtempSync(join(tmpdir(), "keyplane-completeness-"));
  told.length = 0;
});
afterEach(() => rmSync(spoolFolder, { recursive: true }));

const completeness = (spool = "own") =>
  new Completeness({ collections, spoolFolder, spool, tell: (message) => told.push(message) });

const lineAt = (at: number, source: UsageEvent["source"] = "SERVER") => lineOf({ at, code: "VALID", cost: 1, source });

function leave(spool: string, number: number, state: SegmentState, text: string): void {
  mkdirSync(join(spoolFolder, spool), { recursive: true });
  writeFileSync(segmentPath(join(spoolFolder, spool), number, state), text);
}

describe("how far usage is counted", () => {
  test("is as far as our own spool where nobody else has one", async () => {
    leave("own", 1, "ready", lineAt(noon - 9));
    expect(await completeness().until(noon)).toBe(noon);
  });

  test("is never after the first event that a dead process left, whether it ever told MongoDB of itself or not", async () => {
    leave("dead", 1, "counted", lineAt(noon - 500));
    leave("dead", 2, "ready", `${lineAt(noon - 100)}${lineAt(noon - 90)}`);
    leave("dead", 3, "open", lineAt(noon - 50));
    expect(await completeness().until(noon)).toBe(noon - 100);
    rmSync(segmentPath(join(spoolFolder, "dead"), 2, "ready"));
    expect(await completeness().until(noon)).toBe(noon - 50);
  });

  test("is so for all servers, also for those that do not see that disk", async () => {
    leave("dead", 1, "open", lineAt(noon - 100));
    await completeness().until(noon);
    const elsewhere = mkdtempSync(join(tmpdir(), "keyplane-completeness-"));
    const other = new Completeness({ collections, spoolFolder: elsewhere, spool: "other", tell: () => {} });
    expect(await other.until(noon)).toBe(noon - 100);
    rmSync(elsewhere, { recursive: true });
  });

  test("takes a report's time for as late as its sender's clock may have run ahead", async () => {
    leave("dead", 1, "ready", lineAt(noon, "SDK"));
    expect(await completeness().until(noon)).toBe(noon - maxAheadMs);
  });

  test("knows what cannot be read from what waits: nothing of it will ever be counted", async () => {
    leave("dead", 1, "ready", "");
    leave("dead", 2, "ready", `rubbish\n{"at":1`);
    expect(await completeness().until(noon)).toBe(noon);
    leave("dead", 3, "ready", `rubbish\n${lineAt(noon - 5)}`);
    expect(await completeness().until(noon)).toBe(noon - 5);
    leave("dead", 1, "ready", "x".repeat(70_000));
    expect(await completeness().until(noon)).toBe(0);
  });

  test("stays behind a server that has been silent for weeks, and the log names it, once", async () => {
    const silent = {
      _id: "gone",
      completeUntil: new Date(noon - 30 * 86_400_000),
      seenAt: new Date(noon - 30 * 86_400_000),
    };
    await collections.spools.insertOne(silent);
    const own = completeness();
    for (let round = 0; round < 2; round++) expect(await own.until(noon)).toBe(silent.completeUntil.getTime());
    expect(told).toEqual([
      expect.objectContaining({ type: "log", fields: expect.objectContaining({ spool: "gone" }) }),
    ]);
    await collections.spools.deleteOne({ _id: "gone" });
    expect(await own.until(noon)).toBe(noon);
  });
});
