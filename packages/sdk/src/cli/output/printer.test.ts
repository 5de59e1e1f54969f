import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import { Printer, type PrintOptions } from "./printer.js";

/** What is written to standard output. */
async function printed(print: (printer: Printer) => void, options: Partial<PrintOptions> = {}): Promise<string> {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  print(new Printer(streams, { json: false, quiet: false, hasColors: false, ...options }));
  streams.stdout.end();
  return text(streams.stdout);
}

describe("a thing", () => {
  const thing = {
    id: "ten_1",
    policy: { prefix: "acme", rotateEveryMs: 7_776_000_000, rotationOverlapMs: 0, maxKeysPerUser: null },
    metadata: { timeoutMs: 5_000 },
    limit: 1_200_000,
    reason: null,
  };

  test("has durations as they are typed, large numbers with commas, and what is within it by its name", async () => {
    expect(await printed((print) => print.thing(thing))).toBe(
      `id                        ten_1
policy.prefix             acme
policy.rotateEveryMs      90d
policy.rotationOverlapMs  none
metadata                  {"timeoutMs":5000}
limit                     1,200,000
`,
    );
  });

  test("is itself as JSON, its durations in milliseconds", async () => {
    expect(JSON.parse(await printed((print) => print.thing(thing), { json: true }))).toEqual(thing);
  });
});
