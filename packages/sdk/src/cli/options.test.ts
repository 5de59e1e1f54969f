import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { UsageError } from "./exit-codes.js";
import {
  choice,
  choices,
  duration,
  durationOf,
  flag,
  json,
  list,
  listOrNone,
  orWord,
  required,
  text,
  time,
  typed,
  typedDuration,
  whole,
} from "./options.js";

describe("an option reads", () => {
  const good: readonly (readonly [unknown, unknown])[] = [
    [text("x", "").read(["a", "b"]), "b"],
    [required(text("x", "")).read(["a"]), "a"],
    [text("x", "").read([]), undefined],
    [flag("").read([]), false],
    [flag("").read(["yes"]), true],
    [list("x", "").read(["a, b", "c,"]), ["a", "b", "c"]],
    [list("x", "").read([]), undefined],
    [listOrNone("x", "").read([]), undefined],
    [listOrNone("x", "").read(["a", "b,"]), ["a", "b"]],
    [listOrNone("x", "").read([","]), []],
    [orWord("none", whole("n", "", 1, 9)).read(["none"]), null],
    [orWord("none", whole("n", "", 1, 9)).read(["none", "3"]), 3],
    [orWord("none", whole("n", "", 1, 9)).read([]), undefined],
    [orWord("default", orWord("none", duration(""), 0)).read(["none"]), 0],
    [orWord("default", orWord("none", duration(""), 0)).read(["default"]), null],
    [orWord("default", orWord("none", duration(""), 0)).read(["1s"]), 1_000],
    [choice(["TENANT_SUSPENDED", "B"], "").read(["tenant-suspended"]), "TENANT_SUSPENDED"],
    [choice({ LIVE: 1, TEST: 2 }, "").read(["Live"]), "LIVE"],
    [choices("x", ["KEYS_READ", "B"], "").read(["keys_read,b"]), ["KEYS_READ", "B"]],
    [choices("x", ["KEYS_READ"], "").read(["keys:read"]), ["KEYS_READ"]],
    [whole("n", "", 1, 100).read(["100"]), 100],
    [duration("").read(["90s"]), 90_000],
    [duration("").read(["15m"]), 900_000],
    [duration("").read(["24h"]), 86_400_000],
    [duration("").read(["2w"]), 1_209_600_000],
    [duration("").read(["250ms"]), 250],
    [time("").read(["2026-12-31"]), "2026-12-31T00:00:00.000Z"],
    [time("").read(["2026-12-31T18:00:00+01:00"]), "2026-12-31T17:00:00.000Z"],
    [json("").read(['{"a":1}']), { a: 1 }],
    [typed("OWNER_NOT_FOUND"), "owner-not-found"],
    [typedDuration(7_776_000_000), "90d"],
    [typedDuration(604_800_000), "7d"],
    [typedDuration(5_400_000), "90m"],
    [typedDuration(1_500), "1500ms"],
    [typedDuration(0), "none"],
    [choice(["A_B"], "", "event").placeholder, "event"],
  ];
  test.for(good)("case %#", ([read, expected]) => expect(read).toEqual(expected));

  const bad: readonly (readonly [name: string, () => unknown, words: string])[] = [
    ["no value of an enum", () => choice(["A", "B_C"], "").read(["x"]), "none of a, b-c"],
    ["no whole number", () => whole("n", "", 1, 100).read(["1.5"]), "from 1 to 100"],
    ["one that is too large", () => whole("n", "", 1, 100).read(["101"]), "from 1 to 100"],
    ["a negative one", () => whole("n", "", 0, 100).read(["-1"]), "from 0 to 100"],
    ["a duration without its unit", () => duration("").read(["7"]), "7d"],
    ["a duration that is no exact number", () => duration("").read(["9007199254740993ms"]), "7d"],
    ["a longer one than there is", () => duration("").read(["9999999999999999w"]), "7d"],
    ["no duration at all", () => duration("").read(["0d"]), "7d"],
    ["an empty list, such as of a variable that is not set", () => list("x", "").read([""]), "at least one"],
    ["a list of nothing but commas", () => list("x", "").read([" , ", ","]), "at least one"],
    ["an empty list of values of an enum", () => choices("x", ["A"], "").read([""]), "at least one"],
    ["neither the word nor its value", () => orWord("none", whole("n", "", 1, 9)).read([""]), "from 1 to 9"],
    ["a time without its zone", () => time("").read(["2026-12-31T18:00:00"]), "2026-12-31"],
    ["a day that there is not", () => time("").read(["2026-13-31"]), "no time"],
    ["no JSON", () => json("").read(["{a:1}"]), "no JSON object"],
    ["JSON that is no object", () => json("").read(["[1]"]), "no JSON object"],
  ];
  test.for(bad)("%s with words that say what it wants", ([, read, words]) => {
    expect(read).toThrow(UsageError);
    expect(read).toThrow(words);
  });
});

test("a duration is read as it was typed, whatever it is, such as the longest overlap of a rotation", () => {
  const longest = Number.MAX_SAFE_INTEGER;
  const examples: [number][] = [[1], [999_999_999], [1_000_000_000], [2_147_483_647], [longest - 1], [longest]];
  fc.assert(
    fc.property(fc.integer({ min: 1, max: longest }), (ms) => {
      expect(durationOf(typedDuration(ms))).toBe(ms);
    }),
    { examples },
  );
});
