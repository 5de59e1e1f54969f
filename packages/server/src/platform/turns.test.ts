import { describe, expect, test } from "vitest";
import { Turns } from "./turns.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("turns", () => {
  test("only so many at a time, the others in the order in which they came", async () => {
    const turns = new Turns(2);
    const [begun, ends]: [number[], (() => void)[]] = [[], []];
    const all = [0, 1, 2, 3].map((number) =>
      turns.take(async () => {
        begun.push(number);
        await new Promise<void>((resolve) => ends.push(resolve));
      }),
    );
    await settled();
    expect(begun).toEqual([0, 1]);
    for (let round = 0; round < 4; round++) {
      ends[round]?.();
      await settled();
    }
    expect(begun).toEqual([0, 1, 2, 3]);
    await Promise.all(all);
  });

  test("who gives up while waiting takes no turn, and leaves none taken", async () => {
    const turns = new Turns(1);
    const leave = await turns.enter();
    const gone = new AbortController();
    const waiting = turns.enter(gone.signal);
    const next = turns.enter();
    gone.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    leave();
    (await next)();
    (await turns.enter())();
    await expect(turns.enter(gone.signal)).rejects.toThrow("gone");
  });

  test("work that fails gives its turn back", async () => {
    const turns = new Turns(1);
    await expect(turns.take(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await turns.take(() => Promise.resolve("yes"))).toBe("yes");
  });
});
