import { describe, expect, test } from "vitest";
import { ConnectionError, ServerError } from "../client/errors.js";
import { pauseAfter } from "./reaction.js";

const lost = new ConnectionError("lost", { neverSent: false });

describe("a pause", () => {
  test("leaves out up to half of itself at random, that of a minute too", () => {
    const pauses = [0, 0.5, 0.999_999].map((dice) => [
      pauseAfter("soon", 3, lost, () => dice),
      pauseAfter("slow", 1, lost, () => dice),
    ]);
    expect(pauses).toEqual([
      [2_000, 60_000],
      [1_500, 45_000],
      [1_000, 30_000],
    ]);
  });

  test("is finite after any number of failures, and never shorter than the server asks for", () => {
    expect(pauseAfter("soon", 100_000, lost, () => 0)).toBe(60_000);
    const busy = new ServerError("busy", { code: "UNAVAILABLE", retryAfterMs: 7_000 });
    expect(pauseAfter("soon", 1, busy, () => 0.9)).toBe(7_000);
  });
});
