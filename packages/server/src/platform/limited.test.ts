import { isDeepStrictEqual } from "node:util";
import { expect, test } from "vitest";
import { limitedOf } from "./limited.js";

const rule = { name: "per-minute", limit: 5, windowMs: 60_000, burst: null, unit: "REQUESTS" };

test("limits in use are equal to those that were just read: what counts them is no difference", () => {
  const read = () => limitedOf({ id: "key_1", rateLimits: [rule], quotaId: "quo_1" });
  const inUse = read();
  inUse?.held.keep({ anything: 1 });
  inUse?.rules[0]?.held?.keep({ anything: 2 });
  expect(inUse?.held.what).toEqual({ anything: 1 });
  expect(isDeepStrictEqual(inUse, read())).toBe(true);
  expect(
    isDeepStrictEqual(inUse, limitedOf({ id: "key_1", rateLimits: [{ ...rule, limit: 6 }], quotaId: "quo_1" })),
  ).toBe(false);
});
