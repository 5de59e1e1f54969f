import { describe, expect, test } from "vitest";
import { Settling } from "./settling.js";

/** Work that ends when the test says so. */
function heldWork() {
  const runs: { end: () => void; fail: () => void }[] = [];
  const settling = new Settling(
    () => new Promise((resolve, reject) => runs.push({ end: resolve, fail: () => reject(new Error("failed")) })),
  );
  return { runs, settling };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("work for many callers", () => {
  test("a caller waits for a run that began after it called", async () => {
    const { runs, settling } = heldWork();
    const first = settling.settle();
    const second = settling.settle();
    let secondDone = false;
    void second.then(() => {
      secondDone = true;
    });
    runs[0]?.end();
    await first;
    await turn();
    expect(secondDone).toBe(false);
    expect(runs).toHaveLength(2);
    runs[1]?.end();
    await second;
  });

  test("however many call meanwhile, they share one run", async () => {
    const { runs, settling } = heldWork();
    const all = [settling.settle(), ...Array.from({ length: 50 }, () => settling.settle())];
    runs[0]?.end();
    await turn();
    runs[1]?.end();
    await Promise.all(all);
    expect(runs).toHaveLength(2);
  });

  test("a failure reaches those who waited for it, and nobody after them", async () => {
    const { runs, settling } = heldWork();
    const first = settling.settle();
    const second = settling.settle();
    runs[0]?.fail();
    await expect(first).rejects.toThrow("failed");
    await turn();
    runs[1]?.end();
    await second;
  });
});
