import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { base62Alphabet } from "../base62.js";
import { generateKey } from "./generate-key.js";
import { keysIn, repairKey } from "./repair-key.js";

const key = (): string => generateKey({ prefix: "kp", environment: "LIVE" }).secret;
const bodyPlace = fc.integer({ min: "kp_live_".length, max: "kp_live_".length + 48 });
const digit = fc.constantFrom(...base62Alphabet);

describe("repairKey", () => {
  test.each([
    ["quotes", (text: string) => `"${text}"`],
    ["typographic quotes", (text: string) => `“${text}”`],
    ["spaces", (text: string) => `  ${text} `],
    ["a line break at its end", (text: string) => `${text}\r\n`],
    ["a line break in it", (text: string) => `${text.slice(0, 30)}\n  ${text.slice(30)}`],
    ["a zero-width space", (text: string) => `${text.slice(0, 12)}\u200b${text.slice(12)}`],
    ["a scheme", (text: string) => `Bearer ${text}`],
    ["a whole header", (text: string) => `Authorization: Bearer ${text}`],
    ["a scheme in quotes", (text: string) => `"Bearer ${text}"`],
    ["a name of a settings file", (text: string) => `API_KEY="${text}"`],
    ["a header of its own", (text: string) => `x-api-key: ${text}`],
    [
      "a line of a program",
      (text: string) => `  const client = connect("https://api.example.com", { key: "${text}" }); // live`,
    ],
    ["a long line", (text: string) => `${"lorem ipsum ".repeat(80)}${text}, dolor sit amet`],
    ["itself again", (text: string) => `${text} ${text}`],
  ])("%s around a key do not hide it", (_, around) => {
    const text = key();
    expect(repairKey(around(text))).toEqual({ text, repair: "SURROUNDED", position: null });
  });

  test("of several keys none is meant", () => {
    const [one, other] = [key(), key()];
    expect(repairKey(`KEY=${one}\nOTHER_KEY=${other}\n`)).toBeNull();
    expect(repairKey(`KEY=${one}\nOTHER_KEY=${one}\n`)).toMatchObject({ text: one });
  });

  test("prefix and environment in upper case do not hide it", () => {
    const text = key();
    expect(repairKey(text.replace("kp_live_", "KP_LIVE_"))).toMatchObject({ text, repair: "RECASED" });
  });

  test.each([
    ["kp-live-", "OTHER_SEPARATORS"],
    ["kp__live__", "OTHER_SEPARATORS"],
    ["kp--live--", "OTHER_SEPARATORS"],
    ["key: KP live ", "OTHER_SEPARATORS"],
    ["kplive", "OTHER_SEPARATORS"],
    ["live_", "MISSING_PREFIX"],
    ["_live_", "MISSING_PREFIX"],
    ["LIVE_", "MISSING_PREFIX"],
    ["", "MISSING_PREFIX"],
    ['"', "MISSING_PREFIX"],
  ])("%j in the place of kp_live_ does not hide it", (head, repair) => {
    const text = key();
    const mistyped = text.replace("kp_live_", head);
    expect(repairKey(mistyped, ["acme", "kp"])).toEqual({ text, repair, position: null });
    if (repair === "MISSING_PREFIX") expect(repairKey(mistyped)).toBeNull();
    expect(repairKey(`${mistyped.slice(0, -1)}${mistyped.endsWith("x") ? "y" : "x"}`, ["acme", "kp"])).toBeNull();
  });

  test("one wrong, missing or surplus character is found, wherever it stands", () => {
    fc.assert(
      fc.property(bodyPlace, digit, (place, character) => {
        const text = key();
        const [before, after] = [text.slice(0, place), text.slice(place + 1)];
        const wrong = `${before}${character}${after}`;
        if (wrong === text) expect(repairKey(wrong)).toBeNull();
        else expect(repairKey(wrong)).toMatchObject({ text, repair: "WRONG_CHARACTER", position: place });
        expect(repairKey(before + after)).toMatchObject({ text, repair: "MISSING_CHARACTER" });
        expect(repairKey(`"${before}${character}${text.slice(place)}"`)).toMatchObject({ text });
      }),
      { numRuns: 30 },
    );
  });

  test("so is one in the prefix or the environment", () => {
    const [text, body] = [key(), (whole: string) => whole.slice("kp_live_".length)];
    for (const [mistyped, repair, position] of [
      ["kq_live_", "WRONG_CHARACTER", 1],
      ["pk_live_", "SWAPPED_CHARACTERS", 0],
      ["k_live_", "MISSING_CHARACTER", 1],
      ["kpp_live_", "SURPLUS_CHARACTER", 1],
      ["kp_liev_", "SWAPPED_CHARACTERS", 5],
      ["kp_life_", "WRONG_CHARACTER", 5],
      ["kp_lve_", "MISSING_CHARACTER", 4],
      ["kp_livee_", "SURPLUS_CHARACTER", 6],
      ["kplive_", "MISSING_CHARACTER", 2],
      ["kp-live_", "MISSING_CHARACTER", 2],
      ["kp_live", "MISSING_CHARACTER", 7],
      ["KP_LIFE_", "WRONG_CHARACTER", 5],
    ] as const)
      expect(repairKey(mistyped + body(text))).toEqual({ text, repair, position });
    for (const other of ["kq_life_", "kp_prod_", "__live_", "_"]) expect(repairKey(other + body(text))).toBeNull();
  });

  test("two neighbours that changed places are found", () => {
    const text = key();
    const [a, b] = [text[20], text[21]];
    if (a === b) return;
    expect(repairKey(`${text.slice(0, 20)}${b}${a}${text.slice(22)}`)).toMatchObject({
      text,
      repair: "SWAPPED_CHARACTERS",
      position: 20,
    });
  });

  test("also the last underscore and the character behind it", () => {
    const text = key();
    const mistyped = `kp_live${text[8]}_${text.slice(9)}`;
    expect(repairKey(mistyped)).toEqual({ text, repair: "SWAPPED_CHARACTERS", position: 7 });
  });

  test("what is right, and what is too far from any key, is left as it is", () => {
    const text = key();
    for (const each of [text, "", "nothing", text.toLowerCase(), text.slice(0, 30), "sk_live_abc", "x".repeat(5_000)]) {
      expect(repairKey(each)).toBeNull();
    }
  });

  test("never throws, and what it finds is always a key", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 600 }), (text) => void repairKey(text)));
  });
});

describe("keysIn", () => {
  test("finds each key of a text once, and nothing that only looks like one", () => {
    const [one, other] = [key(), key()];
    const mistyped = `${one.slice(0, -1)}${one.endsWith("x") ? "y" : "x"}`;
    expect(keysIn(`A=${one}\nB='${other}'\nC=${one} ${mistyped} x${one}x ${one.slice(3)}`)).toEqual([one, other]);
    expect(keysIn("no key")).toEqual([]);
  });
});
