import { expect, test } from "vitest";
import { parseRetryAfter } from "./retry-after.js";

const now = Date.UTC(2027, 0, 31, 12);

test.each([
  ["0", 0],
  ["120", 120_000],
  [" 5 ", 5000],
  ["Sun, 31 Jan 2027 12:00:10 GMT", 10_000],
  ["Sunday, 31-Jan-27 12:00:10 GMT", 10_000],
  ["Sun, 31 Jan 2027 11:00:00 GMT", 0],
])("%s is %d ms", (header, ms) => {
  expect(parseRetryAfter(header, now)).toBe(ms);
});

test.each([null, "", "soon", "-1", "1.5", "1e3", "9999999999", "2027-01-31T12:00:10Z"])("%s says nothing", (header) => {
  expect(parseRetryAfter(header, now)).toBeUndefined();
});
