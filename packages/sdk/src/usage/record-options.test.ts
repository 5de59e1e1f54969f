import { describe, expect, test } from "vitest";
import { Keyplane } from "../client/keyplane.js";
import { resolveRecordOptions, type UsageRecordOptions } from "./record-options.js";
import { realTimers } from "./timers.js";

describe("the options of usage.record", () => {
  test("have the defaults that their descriptions say", () => {
    expect(resolveRecordOptions()).toEqual({
      batchSize: 500,
      flushIntervalMs: 2_000,
      maxQueue: 100_000,
      onFull: "drop-newest",
    });
  });

  const wrong: [UsageRecordOptions, string][] = [
    [{ batchSize: 0 }, "usage.batchSize must be a whole number from 1 to 10000, not 0."],
    [{ batchSize: 10_001 }, "usage.batchSize"],
    [{ flushIntervalMs: 0.5 }, "usage.flushIntervalMs must be a whole number from 1 to 3600000, not 0.5."],
    [{ maxQueue: Number.POSITIVE_INFINITY }, "usage.maxQueue"],
    [{ onFull: "drop-all" as never }, "usage.onFull must be drop-newest or drop-oldest, not drop-all."],
    [{ onDrop: "log" as never }, "usage.onDrop must be a function."],
  ];
  test.each(wrong)("%o is refused by the constructor", (usage, words) => {
    expect(() => new Keyplane({ url: "http://x", token: "t", usage })).toThrow(words);
  });
});

describe("a real timer", () => {
  test("calls back once, and can be called off", async () => {
    const calls: string[] = [];
    const cancel = realTimers.after(1, () => calls.push("cancelled"), false);
    cancel();
    await new Promise<void>((resolve) => {
      realTimers.after(
        5,
        () => {
          calls.push("after 5 ms");
          resolve();
        },
        true,
      );
    });
    expect(calls).toEqual(["after 5 ms"]);
  });
});
