import { expect, test } from "vitest";
import { wasNeverSent } from "./never-sent.js";

const withCode = (code: string, message = "x"): Error => Object.assign(new Error(message), { code });

test("a refused connection and an unknown name prove that nothing was sent, at any depth", () => {
  expect(wasNeverSent(withCode("ConnectionRefused"))).toBe(true);
  expect(wasNeverSent(new TypeError("fetch failed", { cause: withCode("ENOTFOUND") }))).toBe(true);
  const both = Object.assign(new AggregateError([withCode("ECONNREFUSED")]), { code: "ECONNREFUSED" });
  expect(wasNeverSent(new TypeError("fetch failed", { cause: both }))).toBe(true);
});

test("whatever else happened may have happened after the request was sent", () => {
  const circle = new Error("round");
  circle.cause = circle;
  const reset = new TypeError("fetch failed", { cause: withCode("ECONNRESET") });
  for (const error of [reset, circle, new Error("x"), undefined, null, "ECONNREFUSED"]) {
    expect(wasNeverSent(error)).toBe(false);
  }
});
