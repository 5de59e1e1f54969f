import { expect, test } from "vitest";
import { durationWords } from "./duration-words.js";

test.for([
  [86_400_000, "1 day"],
  [172_800_000, "2 days"],
  [129_600_000, "36 hours"],
  [60_000, "1 minute"],
  [90_000, "90 seconds"],
  [1_500, "1500 ms"],
  [0, "0 ms"],
] as const)("%i ms are %s", ([ms, words]) => {
  expect(durationWords(ms)).toBe(words);
});
