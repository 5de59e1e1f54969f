import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLogger } from "../../../platform/logger.js";
import { listSegments, segmentPath } from "./segment-files.js";
import { type SealedSegment, SpoolWriter } from "./spool-writer.js";

let folder: string;
let writer: SpoolWriter;
const sealed: number[] = [];
const told: SealedSegment[] = [];
let unwritten = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keyplane-spool-"));
  sealed.length = 0;
  told.length = 0;
  unwritten = 0;
  const clock = { now: () => 0 };
  writer = new SpoolWriter({
    folder,
    clock,
    logger: createLogger("silent"),
    onSealed: (segment) => {
      sealed.push(segment.number);
      told.push(segment);
    },
    onUnwritten: (events) => {
      unwritten += events;
    },
  });
});

afterEach(async () => {
  await writer.close();
  rmSync(folder, { recursive: true, force: true });
});

const linesOf = (number: number): string[] =>
  readFileSync(segmentPath(folder, number, "ready"), "utf8")
    .split("\n")
    .slice(0, -1);

describe("the spool's writer", () => {
  test("keeps every line, once and in order, over segments", async () => {
    for (let line = 0; line < 3_000; line++) {
      writer.add(`${line}\n`);
      if (line % 1_000 === 999) await writer.seal();
    }
    expect(sealed).toEqual([1, 2, 3]);
    expect([1, 2, 3].flatMap(linesOf).map(Number)).toEqual([...Array(3_000).keys()]);
  });

  test("hands a line to the operating system within 200 milliseconds, which is all that a killed process can lose", async () => {
    await writer.close();
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const soon = new SpoolWriter({
      folder,
      clock: { now: () => 0 },
      logger: createLogger("silent"),
      onSealed: () => {},
    });
    soon.add("one\n");
    vi.advanceTimersByTime(199);
    vi.useRealTimers();
    await expect.poll(() => readFileSync(segmentPath(folder, 1, "open"), "utf8")).toBe("one\n");
    await soon.close();
  });

  test("has written a line when flush resolves, without closing the segment", async () => {
    writer.add("one\n");
    await writer.flush();
    expect(readFileSync(segmentPath(folder, 1, "open"), "utf8")).toBe("one\n");
    expect(sealed).toEqual([]);
  });

  test("has written a report, and what was added before it, when addAll resolves", async () => {
    writer.add("before\n");
    const reported = writer.addAll(Buffer.from("reported\n"), 1);
    writer.add("after\n");
    await reported;
    const written = readFileSync(segmentPath(folder, 1, "open"), "utf8").split("\n");
    expect(written).toEqual(expect.arrayContaining(["before", "reported"]));
    await writer.seal();
    expect(linesOf(1).sort()).toEqual(["after", "before", "reported"]);
  });

  test("answers the number of the newest sealed segment, also when there is nothing to seal", async () => {
    expect(await writer.seal()).toBe(0);
    writer.add("one\n");
    expect(await writer.seal()).toBe(1);
    expect(await writer.seal()).toBe(1);
    expect(listSegments(folder)).toEqual([{ number: 1, state: "ready" }]);
  });

  test("says that there is no room, instead of growing, when the disk does not keep up", async () => {
    const line = `${"x".repeat(99_999)}\n`;
    let taken = 0;
    while (writer.add(line) > 0) taken += 1;
    expect(taken).toBeLessThan(30);
    await writer.flush();
    expect(writer.add(line)).toBe(100_000);
    await writer.seal();
    expect(linesOf(1)).toHaveLength(taken + 1);
  });

  test("goes on when somebody has removed its folder: only what lay there is lost", async () => {
    writer.add("lost\n");
    await writer.flush();
    rmSync(folder, { recursive: true });
    expect(await writer.seal()).toBe(1);
    writer.add("kept\n");
    expect(await writer.seal()).toBe(2);
    expect(linesOf(2)).toEqual(["kept"]);
  });

  test("does not say that a report was taken when it could not be written any more", async () => {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "in the way");
    const reported = writer.addAll(Buffer.from("reported\n"), 1);
    await writer.close();
    await expect(reported).rejects.toThrow(/ENOTDIR|EEXIST/);
  });

  test("tells with each segment how many events and bytes it holds", async () => {
    writer.add("one\n");
    await writer.addAll(Buffer.from("two\nthree\n"), 2);
    await writer.seal();
    writer.add("four\n");
    await writer.seal();
    expect(told).toEqual([
      { number: 1, events: 3, bytes: 14 },
      { number: 2, events: 1, bytes: 5 },
    ]);
  });

  test("tells of events that could not be written before it was closed", async () => {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, "in the way");
    writer.add("one\n");
    writer.add("two\n");
    await writer.close().catch(() => {});
    expect(unwritten).toBe(2);
  });

  test("writes what is left when it is closed", async () => {
    writer.add("last\n");
    await writer.close();
    expect(linesOf(1)).toEqual(["last"]);
  });
});
