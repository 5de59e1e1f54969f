import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, type World } from "../testkit/index.js";
import { root } from "./npm-start.js";

const page = readFileSync(join(root, "docs/reference/limits.md"), "utf8");

/** What the page says of a thing: the second cell of its row. */
function statedFor(what: string): string {
  const row = page.split("\n").find((line) => line.startsWith(`| ${what}`));
  if (!row) throw new Error(`the page has no row for "${what}"`);
  return row.split("|")[2]?.trim() ?? "";
}

type Attempt = (world: World, size: number) => Promise<{ code?: string }>;

const list = (size: number, entry: (index: number) => string) =>
  Array.from({ length: size }, (_, index) => entry(index));

const createTenant =
  (input: (size: number, world: World) => Record<string, unknown>): Attempt =>
  (world, size) =>
    world.root.tenant("createTenant", { slug: world.unique(), name: "T", ...input(size, world) });

const createUser =
  (input: (size: number) => Record<string, unknown>): Attempt =>
  async (world, size) => {
    const { tenant } = await world.tenant();
    return world.root.user("createUser", { tenantId: tenant.id, email: "ada@example.com", name: "U", ...input(size) });
  };

const createKey =
  (input: (size: number) => Record<string, unknown>): Attempt =>
  async (world, size) => {
    const { tenant, owner } = await world.tenantWithKey();
    return world.root.keySecret("createKey", { tenantId: tenant.id, ownerId: owner.id, name: "K", ...input(size) });
  };

const verify =
  (input: (size: number) => Record<string, unknown>): Attempt =>
  (world, size) =>
    world.root.verify("x", input(size)).catch((error: { code: string }) => ({ code: error.code }));

const nested = (depth: number): unknown => (depth === 1 ? {} : { a: nested(depth - 1) });
const address = (index: number) => `10.0.${index >> 8}.${index & 255}`;

/** Each bound that the page states for an input: the largest value that is accepted. One more is refused. */
const bounds: [what: string, largest: number, attempt: Attempt][] = [
  ["Name of a tenant", 100, createTenant((size) => ({ name: "n".repeat(size) }))],
  ["Slug of a tenant", 63, createTenant((size, world) => ({ slug: world.unique().padEnd(size, "x") }))],
  ["Prefix of a tenant's keys", 12, createTenant((size) => ({ policy: { prefix: "p".repeat(size) } }))],
  ["`maxKeysPerUser` in a key policy", 1_000_000, createTenant((size) => ({ policy: { maxKeysPerUser: size } }))],
  ["`idempotencyKey`", 128, createTenant((size, world) => ({ idempotencyKey: world.unique().padEnd(size, "x") }))],
  ["E-mail address", 254, createUser((size) => ({ email: emailOf(size) }))],
  ["External id of a user", 200, createUser((size) => ({ externalId: "e".repeat(size) }))],
  ["Scopes in one list", 100, createKey((size) => ({ scopes: list(size, (index) => `s:${index}`) }))],
  ["One scope", 128, createKey((size) => ({ scopes: ["s".repeat(size)] }))],
  ["Metadata of a key", 16_384, createKey((size) => ({ metadata: { a: "x".repeat(size - '{"a":""}'.length) } }))],
  ["Metadata of a key", 8, createKey((size) => ({ metadata: nested(size) }))],
  ["Entries of `allowedIps`", 100, createKey((size) => ({ allowedIps: list(size, address) }))],
  ["Entries of `allowedIps`", 100, createKey((size) => ({ deniedIps: list(size, address) }))],
  [
    "Reason",
    500,
    async (world, size) => {
      const { admin, key } = await world.tenantWithKey();
      return admin.key("revokeKey", { id: key.id, reason: "r".repeat(size) });
    },
  ],
  ["`ip`", 64, verify((size) => ({ ip: "1".repeat(size) }))],
  ["`cost`", 1_000_000, verify((size) => ({ cost: size }))],
  ["`tags`", 20, verify((size) => ({ tags: list(size, (index) => `t${index}`) }))],
  ["`tags`", 64, verify((size) => ({ tags: ["t".repeat(size)] }))],
];

/** An e-mail address of this length: the local part has at most 64 characters, a label of the domain at most 63. */
function emailOf(size: number): string {
  const domain = list(3, () => "d".repeat(60)).join(".");
  const local = "l".repeat(size - domain.length - ".example@".length);
  return `${local}@${domain}.example`;
}

describe("docs/reference/limits.md states what the server does", () => {
  test.for(bounds)("%s: %i", async ([what, largest, attempt], { world }) => {
    expect(statedFor(what)).toMatch(new RegExp(`\\b${largest}\\b`));
    expect(["INVALID_INPUT", "BAD_USER_INPUT"]).not.toContain((await attempt(world, largest)).code);
    expect(["INVALID_INPUT", "BAD_USER_INPUT"]).toContain((await attempt(world, largest + 1)).code);
  });
});
