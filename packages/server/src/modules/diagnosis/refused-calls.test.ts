import { describe, expect, test } from "vitest";
import { KeyplaneError } from "../../platform/errors.js";
import type { Principal } from "../auth/index.js";
import { readRefusedCalls } from "./refused-calls.js";

const reader = { permissions: new Set(["usage:read"]) } as unknown as Principal;
/** A store of usage that answers every question alike. */
const answering = (answer: (...asked: unknown[]) => Promise<never>) => ({ events: answer, eventsAround: answer });
const of = { tenantId: "ten_1", keyId: "key_1", start: undefined, ip: undefined };

describe("refused calls", () => {
  test("a store of usage that is away, or does not answer, keeps no diagnosis waiting", async () => {
    const refuses = answering(() => Promise.reject(new KeyplaneError("UNAVAILABLE")));
    for (const at of [null, 0]) {
      expect(await readRefusedCalls(refuses, reader, of, 0, at)).toEqual({ calls: null, isAway: true });
    }
    let wasGivenUp = false;
    const hangs = answering((...asked) => {
      (asked.at(-1) as AbortSignal).addEventListener("abort", () => {
        wasGivenUp = true;
      });
      return new Promise<never>(() => {});
    });
    expect(await readRefusedCalls(hangs, reader, of, 0, null, 1)).toEqual({ calls: null, isAway: true });
    expect(wasGivenUp).toBe(true);
  });

  test("a fault of ours is not taken for a store that is away", async () => {
    const broken = answering(() => Promise.reject(new TypeError("broken")));
    await expect(readRefusedCalls(broken, reader, of, 0, null)).rejects.toThrow("broken");
  });

  test("the store is not asked for somebody who may not read usage", async () => {
    const asked = answering(() => Promise.reject(new Error("asked")));
    const nobody = { permissions: new Set() } as unknown as Principal;
    expect(await readRefusedCalls(asked, nobody, of, 0, null)).toEqual({ calls: null, isAway: false });
  });
});
