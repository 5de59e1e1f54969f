import { describe, expect, test } from "vitest";
import { abortedBy } from "./deadline.js";
import { endable } from "./endable.js";

/** Counts up, then waits for ever, as a stream does; says whether it was cleaned up. */
function counting(upTo: number) {
  const state = { started: 0, cleaned: 0 };
  async function* start(signal: AbortSignal): AsyncGenerator<number> {
    state.started++;
    try {
      for (let i = 1; i <= upTo; i++) yield i;
      await new Promise((_, reject) => {
        if (signal.aborted) reject(abortedBy(signal));
        signal.addEventListener("abort", () => reject(abortedBy(signal)));
      });
    } finally {
      state.cleaned++;
    }
  }
  return { state, start };
}

describe("a stream without end", () => {
  test("ends by break, and is cleaned up", async () => {
    const { state, start } = counting(3);
    for await (const count of endable(start, undefined)) if (count === 2) break;
    expect(state).toEqual({ started: 1, cleaned: 1 });
  });

  test("ends by the signal without throwing, before, between and while one waits", async () => {
    for (const abortAt of [0, 1, 2]) {
      const { state, start } = counting(2);
      const controller = new AbortController();
      if (abortAt === 0) controller.abort();
      const seen: number[] = [];
      for await (const count of endable(start, controller.signal)) {
        seen.push(count);
        if (count === abortAt) setImmediate(() => controller.abort());
      }
      expect(seen).toEqual([1, 2]);
      expect(state.cleaned).toBe(1);
    }
  });

  test("ends by return while a next waits", async () => {
    const { state, start } = counting(0);
    const entries = endable(start, undefined);
    const waiting = entries.next();
    expect(await entries.return?.()).toEqual({ done: true, value: undefined });
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(state.cleaned).toBe(1);
  });

  test("does nothing before it is asked, and nothing when it is ended before", async () => {
    const { state, start } = counting(1);
    const entries = endable(start, undefined);
    await entries.return?.();
    expect(state.started).toBe(0);
  });

  test("throws what is no abort, and leaves no listener on the signal", async () => {
    const listeners = new Set<unknown>();
    const signal = Object.assign(new EventTarget(), { aborted: false }) as unknown as AbortSignal;
    signal.addEventListener = (_: string, listener: unknown) => void listeners.add(listener);
    signal.removeEventListener = (_: string, listener: unknown) => void listeners.delete(listener);
    async function* failing(): AsyncGenerator<number> {
      expect(listeners.size).toBe(1);
      yield* [];
      throw new Error("broken");
    }
    await expect(endable(failing, signal).next()).rejects.toThrow("broken");
    expect(listeners.size).toBe(0);
  });
});
