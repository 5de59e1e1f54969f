import { strangeTexts } from "../../testkit/index.js";

/** An input that breaks one rule: what is wrong, the input, and the place that the refusal must name. */
export interface InvalidInput {
  readonly what: string;
  readonly input: Record<string, unknown>;
  readonly path: readonly string[];
}

/** Objects within each other. */
export function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = { a: value };
  return value;
}

const scopes = ["", " ", "a b", 'a"b', "a\\b", "a\0", "é", "🔑", "x".repeat(129)];

const addresses = [
  "",
  " ",
  "localhost",
  "203.0.113",
  "203.0.113.256",
  "203.0.113.010",
  "203.0.113.7:443",
  " 203.0.113.7",
  "203.0.113.7\n",
  "203.0.113.0/33",
  "203.0.113.0/",
  "203.0.113.0/-1",
  "203.0.113.0/08",
  "203.0.113.0/255.255.255.0",
  "203.0.113.0-203.0.113.9",
  "2001:db8::/129",
  "2001:db8:::1",
  "fe80::1%eth0",
  "*",
  "x".repeat(10_000),
];

const metadata: [what: string, metadata: unknown][] = [
  ["a list", [1]],
  ["a text", '{"plan":"pro"}'],
  ["a number", 5],
  ["false", false],
  ["16385 bytes", { a: "x".repeat(16_385 - '{"a":""}'.length) }],
  ["300000 entries", { a: new Array(300_000).fill(0) }],
  ["9 levels", nested(9)],
  ["a NUL in a text", { a: ["\0"] }],
  ["a NUL in a name", { "a\0": 1 }],
  ["half a character in a text", { a: { b: "\ud83d" } }],
  ["half a character in a name", { "\udd11": 1 }],
  ["a field __proto__", JSON.parse('{"__proto__":{"a":1}}')],
];

const many = (entry: (index: number) => string) => Array.from({ length: 101 }, (_, index) => entry(index));

/** Every rule for a key's fields, broken one at a time. Holds for createKey and updateKey alike. */
export const invalidKeys: readonly InvalidInput[] = [
  ...strangeTexts(100).map(({ what, text }) => ({ what: `a name of ${what}`, input: { name: text }, path: ["name"] })),
  ...scopes.map((scope) => ({
    what: `the scope ${JSON.stringify(scope).slice(0, 20)}`,
    input: { scopes: ["orders:read", scope] },
    path: ["scopes", "1"],
  })),
  { what: "101 scopes", input: { scopes: many((index) => `s${index}`) }, path: ["scopes"] },
  ...addresses.flatMap((address) =>
    ["allowedIps", "deniedIps"].map((list) => ({
      what: `${JSON.stringify(address).slice(0, 30)} in ${list}`,
      input: { [list]: ["203.0.113.7", address] },
      path: [list, "1"],
    })),
  ),
  ...["allowedIps", "deniedIps"].map((list) => ({
    what: `101 addresses in ${list}`,
    input: { [list]: many((index) => `203.0.113.${index}`) },
    path: [list],
  })),
  ...metadata.map(([what, value]) => ({
    what: `metadata of ${what}`,
    input: { metadata: value },
    path: ["metadata"],
  })),
];

/** Values that do not have the type that the schema asks for: refused before anything else. */
export const mistypedKeys: readonly Record<string, unknown>[] = [
  { name: 5 },
  { scopes: [null] },
  { scopes: [5] },
  { scopes: { a: 1 } },
  { allowedIps: [null] },
  { deniedIps: 5 },
  { expiresAt: 1_800_000_000_000 },
  { expiresAt: "tomorrow" },
  { expiresAt: "2090-02-30T00:00:00Z" },
  { unknown: true },
];
