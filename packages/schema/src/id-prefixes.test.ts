import { describe, expect, test } from "vitest";
import { createId, type IdKind, idPrefixes, kindOfId } from "./id-prefixes.js";

const kinds = Object.keys(idPrefixes) as IdKind[];

describe("ids", () => {
  test.each(kinds)("a new id of a %s tells its kind", (kind) => {
    const id = createId(kind);
    expect(id).toMatch(new RegExp(`^${idPrefixes[kind]}_[0-9A-Za-z]{24}$`));
    expect(kindOfId(id)).toBe(kind);
  });

  test("every prefix has three letters and belongs to one kind", () => {
    const prefixes = Object.values(idPrefixes);
    expect(new Set(prefixes).size).toBe(prefixes.length);
    for (const prefix of prefixes) expect(prefix).toMatch(/^[a-z]{3}$/);
  });

  test("two ids are never the same", () => {
    expect(new Set(Array.from({ length: 1000 }, () => createId("Key"))).size).toBe(1000);
  });

  test("a fixed source of randomness gives a fixed id", () => {
    const zeros = (length: number): Uint8Array => new Uint8Array(length);
    expect(createId("Tenant", zeros)).toBe("ten_000000000000000000000000");
  });

  test.each([
    ["nothing", ""],
    ["another prefix", "xyz_000000000000000000000000"],
    ["one character too few", "key_00000000000000000000000"],
    ["one character too many", "key_0000000000000000000000000"],
    ["a character that no id has", "key_00000000000000000000000-"],
    ["a line break at the end", "key_000000000000000000000000\n"],
    ["a prefix in upper case", "KEY_000000000000000000000000"],
    ["a name of Object.prototype", "constructor_0000000000000000"],
  ])("%s is not an id", (_, text) => {
    expect(kindOfId(text)).toBeNull();
  });
});
