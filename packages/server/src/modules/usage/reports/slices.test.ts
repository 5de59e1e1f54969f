import { describe, expect, test } from "vitest";
import { BadUserInputError } from "../../../platform/errors.js";
import type { Columns, Series, UsageAnswer, UsageQuestion } from "./questions.js";
import { slicesOf } from "./slices.js";

const question = {
  from: 0,
  to: 10_000,
  bucket: "HOUR",
  groupBy: ["KEY"],
  filter: {},
  limit: 5,
} as unknown as UsageQuestion;
/** A thousand buckets of ten milliseconds. */
const starts = Float64Array.from({ length: 1_000 }, (_, index) => index * 10);

const answerOf = (from: number, to: number, totalSeries: number): UsageAnswer => ({
  starts: starts.filter((start) => start >= from && start < to),
  series: Array.from({ length: Math.min(totalSeries, 20_000) }, () => ({ columns: {} as Columns }) as Series),
  totalSeries,
  totals: {} as UsageAnswer["totals"],
});

async function ask(totalSeries: number, answer: (slice: UsageQuestion) => UsageAnswer): Promise<UsageQuestion[]> {
  const asked: UsageQuestion[] = [];
  const slices = slicesOf(question, answerOf(0, 10_000, totalSeries), async (slice) => {
    const found = answer(slice);
    asked.push(slice);
    return found;
  });
  for await (const _ of slices);
  return asked;
}

describe("slices of a report", () => {
  test("follow on each other, cover the window, and hold at most 20,000 points each", async () => {
    const asked = await ask(300, ({ from, to }) => answerOf(from, to, 300));
    expect(asked.map(({ from }) => from)).toEqual([0, ...asked.slice(0, -1).map(({ to }) => to)]);
    expect(asked.at(-1)?.to).toBe(10_000);
    for (const { from, to } of asked) expect(((to - from) / 10) * 300).toBeLessThanOrEqual(20_000);
    expect(asked.every(({ wants }) => wants.points && wants.latency && wants.meters)).toBe(true);
  });

  test("have a bucket at a time, when there are more series than points", async () => {
    expect(await ask(20_000, ({ from, to }) => answerOf(from, to, 20_000))).toHaveLength(1_000);
  });

  test("get smaller until they cost little enough", async () => {
    const asked = await ask(1, ({ from, to }) => {
      if (to - from > 40) throw new BadUserInputError("too much");
      return answerOf(from, to, 1);
    });
    expect(asked.every(({ from, to }) => to - from <= 40)).toBe(true);
    expect(asked.reduce((all, { from, to }) => all + to - from, 0)).toBe(10_000);
  });

  test("are refused when a single bucket is; other failures are not tried again", async () => {
    const refusal = new BadUserInputError("too much");
    await expect(
      ask(1, () => {
        throw refusal;
      }),
    ).rejects.toBe(refusal);
    let tries = 0;
    await expect(
      ask(1, () => {
        tries += 1;
        throw new Error("gone");
      }),
    ).rejects.toThrow("gone");
    expect(tries).toBe(1);
  });

  test("that would leave out groups are refused: they would look like groups without calls", async () => {
    await expect(ask(1, ({ from, to }) => answerOf(from, to, 20_001))).rejects.toThrow(/^groupBy: .*20001 ways/);
  });
});
