import { strangeTexts } from "../../testkit/index.js";

/** An input that breaks one rule: what is wrong, the input, and the place that the refusal must name. */
export interface InvalidInput {
  readonly what: string;
  readonly input: Record<string, unknown>;
  readonly path: readonly string[];
}

const slugs = [
  "",
  " ",
  "Acme",
  "-acme",
  "acme-",
  "a b",
  "a_b",
  "café",
  "a\0",
  "🔑",
  "acme\n",
  "x".repeat(64),
  "x".repeat(10_000),
];
const minute = 60_000;
const century = 100 * 365 * 24 * 60 * minute;
const prefixes = ["", "a", "x".repeat(13), "Acme", "a-b", "a b", "é1", "keyplane", "a\0"];
const scopes = ["", "a b", 'a"b', "a\\b", "a\0", "é", "x".repeat(129)];

const policies: [what: string, policy: Record<string, unknown>, ...path: string[]][] = [
  ["a default lifetime under a minute", { defaultLifetimeMs: minute - 1 }, "defaultLifetimeMs"],
  ["a default lifetime over a century", { defaultLifetimeMs: century + 1 }, "defaultLifetimeMs"],
  ["a negative longest lifetime", { maxLifetimeMs: -minute }, "maxLifetimeMs"],
  ["a longest lifetime over a century", { maxLifetimeMs: century + 1 }, "maxLifetimeMs"],
  [
    "a default lifetime over the longest",
    { defaultLifetimeMs: 2 * minute, maxLifetimeMs: minute },
    "defaultLifetimeMs",
  ],
  ["no key for a user", { maxKeysPerUser: 0 }, "maxKeysPerUser"],
  ["too many keys for a user", { maxKeysPerUser: 1_000_001 }, "maxKeysPerUser"],
  ["101 scopes", { allowedScopes: Array.from({ length: 101 }, (_, index) => `s${index}`) }, "allowedScopes"],
];

/** Every rule for a tenant's fields, broken one at a time. Holds for createTenant and updateTenant alike. */
export const invalidTenants: readonly InvalidInput[] = [
  ...slugs.map((slug) => ({ what: `the slug ${JSON.stringify(slug).slice(0, 20)}`, input: { slug }, path: ["slug"] })),
  ...strangeTexts(100).map(({ what, text }) => ({ what: `a name of ${what}`, input: { name: text }, path: ["name"] })),
  ...prefixes.map((prefix) => ({
    what: `the prefix ${JSON.stringify(prefix)}`,
    input: { policy: { prefix } },
    path: ["policy", "prefix"],
  })),
  ...policies.map(([what, policy, ...path]) => ({ what, input: { policy }, path: ["policy", ...path] })),
  ...scopes.map((scope) => ({
    what: `the scope ${JSON.stringify(scope).slice(0, 20)}`,
    input: { policy: { allowedScopes: ["orders:read", scope] } },
    path: ["policy", "allowedScopes", "1"],
  })),
];

/** Values that do not have the type that the schema asks for: refused before anything else. */
export const mistypedTenants: readonly Record<string, unknown>[] = [
  { name: 5 },
  { name: ["a"] },
  { slug: {} },
  { policy: [5] },
  { policy: { maxLifetimeMs: 60_000.5 } },
  { policy: { maxLifetimeMs: 1e300 } },
  { policy: { maxLifetimeMs: "60000" } },
  { policy: { maxKeysPerUser: 1.5 } },
  { policy: { maxKeysPerUser: 5_000_000_000 } },
  { policy: { allowedScopes: [null] } },
  { policy: { allowedScopes: { a: 1 } } },
  { policy: { unknown: true } },
  { unknown: true },
];
