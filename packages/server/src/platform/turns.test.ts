import { describe, expect, test } from "vitest";
import { SharedTurns, Turns } from "./turns.js";

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

describe("turns that callers share", () => {
  const isIn = async (turn: Promise<unknown>): Promise<boolean> => {
    let entered = false;
    void turn.then(
      () => {
        entered = true;
      },
      () => {},
    );
    for (let moment = 0; moment < 10; moment++) await Promise.resolve();
    return entered;
  };

  test("nobody takes those of others", async () => {
    const turns = new SharedTurns(3, 2);
    const [first] = [await turns.enter("one"), await turns.enter("one")];
    const third = turns.enter("one");
    expect(await isIn(third)).toBe(false);
    const leave = await turns.enter("other");
    const waiting = turns.enter("other");
    expect(await isIn(waiting)).toBe(false); // all are taken
    leave();
    expect(await isIn(waiting)).toBe(true);
    first();
    expect(await isIn(third)).toBe(true);
  });

  test("whoever gives up waiting, for one's own or for all, leaves nothing taken", async () => {
    const turns = new SharedTurns(1, 1);
    const leave = await turns.enter("one");
    for (const caller of ["one", "other"]) {
      const gone = new AbortController();
      const waiting = turns.enter(caller, gone.signal);
      gone.abort(new Error("gone"));
      await expect(waiting).rejects.toThrow("gone");
    }
    leave();
    for (const caller of ["one", "other"]) (await turns.enter(caller))();
  });
});
