import { expect, test } from "vitest";
import { FirstSight } from "./first-sight.js";
import type { Read } from "./record-reader.js";
import { SteadyClock } from "./steady-clock.js";

const hashes = (count: number): string[] => Array.from({ length: count }, (_, index) => `hash-${index}`);

test("a flood that the server cannot keep up with is refused, and what waits is asked about all the same", async () => {
  const asked: (readonly string[])[] = [];
  const answers: ((read: Read) => void)[] = [];
  const sight = new FirstSight(
    (batch) => {
      asked.push(batch);
      return new Promise((resolve) => answers.push(resolve));
    },
    { clock: new SteadyClock(), onError: () => {} },
  );
  const outcomes = hashes(100_000).map((hash) =>
    sight.ask(hash).then(
      () => "answered",
      () => "refused",
    ),
  );
  const answering = setInterval(() => answers.shift()?.({} as Read), 0);
  const all = await Promise.all(outcomes);
  clearInterval(answering);
  // Eight requests under way and sixteen that wait, of 500 each.
  expect(all.filter((outcome) => outcome === "answered")).toHaveLength(24 * 500);
  expect(all.slice(0, 24 * 500)).not.toContain("refused");
  expect(asked).toHaveLength(24);
  // When it is over, there is room again.
  const later = sight.ask("one more");
  await Promise.resolve();
  await Promise.resolve();
  answers.shift()?.({} as Read);
  await expect(later).resolves.toBeDefined();
});
