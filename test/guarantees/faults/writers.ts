import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createId } from "@keyplane/schema";
import { Client } from "pg";
import { GraphqlFailure, mutate, ok, sendGraphql } from "../../testkit/index.js";
import type { Installation } from "./installation.js";

type Change = "DISABLED" | "ENABLED";

/** A key that one writer alone changes: all that must have happened to it. */
export interface OwnKey {
  readonly id: string;
  /** Acknowledged, in this order, each once. */
  readonly changes: Change[];
}

/** What all writers work at. */
export interface Work {
  readonly installation: Installation;
  readonly tenantId: string;
  readonly ownerId: string;
  /** Keys that several writers change at once. */
  readonly shared: readonly string[];
  readonly own: OwnKey[];
  /** How many changes were acknowledged. */
  acknowledged: number;
  isOver: boolean;
}

/** How many keys one request changes. */
const perRequest = 10;
const ownKeys = 20;

export async function createWork(installation: Installation): Promise<Work> {
  const root = installation.root();
  const { tenant } = ok(await root.tenant("createTenant", { slug: "faults", name: "Faults" }));
  const email = "a@example.com";
  const { user } = ok(await root.user("createUser", { tenantId: tenant.id, email, name: "User" }));
  const work = { installation, tenantId: tenant.id, ownerId: user.id, own: [], acknowledged: 0, isOver: false };
  return { ...work, shared: await Promise.all([0, 1].map(() => createKey({ ...work, shared: [] }))) };
}

async function createKey({ installation, tenantId, ownerId }: Work): Promise<string> {
  const { url, token } = installation.root();
  return ok(await mutate(url, token, "createKey", { tenantId, ownerId, name: "Key" }, "key { id }")).key.id;
}

async function createOwn(work: Work): Promise<OwnKey[]> {
  const keys = [];
  for (let count = 0; count < ownKeys; count++) keys.push({ id: await createKey(work), changes: [] });
  work.own.push(...keys);
  return keys;
}

/** The change that a key of one's own has not had last. */
const next = ({ changes }: OwnKey): Change => (changes.at(-1) === "DISABLED" ? "ENABLED" : "DISABLED");

function acknowledge(work: Work, keys: readonly OwnKey[], change: Change): void {
  for (const { changes } of keys) changes.push(change);
  work.acknowledged += keys.length;
}

/** Makes ready a writer that changes keys through the API. What is not acknowledged is sent again, to either server. */
export async function createApiWriter(work: Work): Promise<() => Promise<void>> {
  const keys = await createOwn(work);
  return async () => {
    for (let turn = 0; !work.isOver; turn++) {
      const some = keys.slice((turn * perRequest) % ownKeys, ((turn * perRequest) % ownKeys) + perRequest);
      const change = next(some[0] as OwnKey);
      const shared = work.shared[randomInt(work.shared.length)] ?? "";
      while (!(await send(work.installation, [...some.map(({ id }) => id), shared], change)))
        await sleep(randomInt(100));
      acknowledge(work, some, change);
    }
  };
}

/** @returns whether it was acknowledged. */
async function send(installation: Installation, ids: readonly string[], change: Change): Promise<boolean> {
  const name = change === "DISABLED" ? "disableKey" : "enableKey";
  const type = change === "DISABLED" ? "DisableKeyInput!" : "EnableKeyInput!";
  const declared = ids.map((_, index) => `$k${index}: ${type}`).join(", ");
  const fields = ids.map((_, index) => `k${index}: ${name}(input: $k${index}) { __typename }`).join(" ");
  const variables = Object.fromEntries(ids.map((id, index) => [`k${index}`, { id }]));
  const { url, token } = installation.root();
  try {
    const { body } = await sendGraphql(url, token, `mutation (${declared}) { ${fields} }`, variables);
    if (body.errors) throw new GraphqlFailure(body.errors);
    for (const payload of Object.values(body.data)) ok(payload as { __typename: string });
    return true;
  } catch (error) {
    // A broken connection, or a server without its database. Anything else would be a fault.
    if (error instanceof TypeError || isAway(error)) return false;
    throw error;
  }
}

export function isAway(error: unknown): boolean {
  return error instanceof GraphqlFailure && ["UNAVAILABLE", "TIMEOUT"].includes(error.code);
}

/**
 * Makes ready a writer that does by SQL what the services do, statement by statement: lock the key, change it, add the
 * event, commit. For their number: through the API, it would take many times as long.
 */
export async function createSqlWriter(work: Work): Promise<() => Promise<void>> {
  const keys = await createOwn(work);
  return async () => {
    let client: Client | null = null;
    for (let turn = 0; !work.isOver; turn++) {
      const key = keys[turn % ownKeys] as OwnKey;
      const change = next(key);
      // The shared one second: the transaction has its number then, and waits for one that may have a newer number.
      const ids = turn % 4 === 0 ? [key.id, work.shared[randomInt(work.shared.length)] ?? ""] : [key.id];
      for (;;) {
        try {
          client ??= await connect(work.installation.databaseUrl);
          await client.query(sqlOf(work, ids, change));
          break;
        } catch {
          // As above: the same change again, which changes nothing when it was made.
          // Not waited for: the end of a connection that broke may never be told.
          void client?.end().catch(() => {});
          client = null;
          await sleep(randomInt(100));
        }
      }
      acknowledge(work, [key], change);
    }
    void client?.end().catch(() => {});
  };
}

async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** One message with all statements; each of them sees what was committed when it begins, as if they came one by one. */
function sqlOf({ tenantId, ownerId }: Work, ids: readonly string[], change: Change): string {
  const [is, becomes] = change === "DISABLED" ? ["IS NULL", "now()"] : ["IS NOT NULL", "NULL"];
  const changes = ids.map(
    (id) => `
      SELECT 1 FROM "Key" WHERE "id" = '${id}' FOR UPDATE;
      WITH "changed" AS (
        UPDATE "Key" SET "disabledAt" = ${becomes}, "updatedAt" = now() WHERE "id" = '${id}' AND "disabledAt" ${is} RETURNING "id"
      )
      INSERT INTO "Event" ("id", "type", "tenantId", "keyId", "userId", "occurredAt")
      SELECT '${createId("Event")}', '${change}', '${tenantId}', "id", '${ownerId}', now() FROM "changed";`,
  );
  return `BEGIN; ${changes.join("")} COMMIT;`;
}
