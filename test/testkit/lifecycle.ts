import { expect } from "vitest";
import type { Caller } from "./caller.js";
import { minute } from "./clock.js";
import { mutate } from "./graphql.js";
import { ok, type World } from "./world.js";

export const findingFields =
  "id tenantId keyId kind start place source action reports firstAt lastAt resolvedAt resolvedBy resolution";
export const policyFields =
  "leakAction idleAfterDays idleAction neverExpiringAction graceDays sharedAction sharedWindowHours sharedRule sharedMaxAddresses sharedMaxNetworks sharedMaxUserAgents";

/** Calls a mutation on findings: reportLeakedKey, resolveKeyFinding. */
export function findingMutation(caller: { url: string; token: string | null }, name: string, input: object) {
  return mutate(caller.url, caller.token, name, { ...input }, `finding { ${findingFields} }`);
}

/** Changes a tenant's lifecycle policy. */
export function policyMutation(caller: { url: string; token: string | null }, input: object) {
  return mutate(caller.url, caller.token, "updateLifecyclePolicy", { ...input }, `policy { ${policyFields} }`);
}

/** The finding of a leak of a key, which goes on working. */
export async function leakOf(caller: Caller, secret: string) {
  const { key } = await caller.verify(secret);
  const tenantId = (await caller.query("query ($id: ID!) { key(id: $id) { tenantId } }", { id: key.id })).key.tenantId;
  ok(await policyMutation(caller, { tenantId, leakAction: "NOTIFY" }));
  const report = { key: secret, url: "https://example.com/leak" };
  return ok(await findingMutation(caller, "reportLeakedKey", report)).finding;
}

/** Asks for findings. */
export async function findingsOf(caller: Caller, filter: Record<string, unknown> = {}) {
  const document = `query ($filter: KeyFindingFilter) { keyFindings(filter: $filter, first: 100) { totalCount nodes { ${findingFields} } } }`;
  return (await caller.query(document, { filter })).keyFindings.nodes;
}

/** The id of a new finding of a key of a tenant, once the mail about it has gone: what is compared then stays as it is. */
export async function findingId(world: World, secret: string): Promise<string> {
  const { id } = await leakOf(world.root, secret);
  const { prisma } = world.server.keyplane.database;
  await expect.poll(() => prisma.outgoingMail.count()).toBe(0);
  return id;
}

/** Calls with a key from so many networks, each with a program of its own. */
export const callsFrom = (world: World, keyId: string, count: number, more: Record<string, unknown> = {}) =>
  Array.from({ length: count }, (_, index) => ({
    keyId,
    at: world.clock.in(-minute),
    code: "VALID",
    ip: `203.0.${index}.7`,
    userAgent: `program/${index}`,
    ...more,
  }));

/** Has a key used from 40 places, until that was found. */
export async function shareKey(world: World, caller: Caller, keyId: string): Promise<void> {
  ok(await caller.recordUsage(callsFrom(world, keyId, 40)));
  await world.server.keyplane.recording.settle();
  await world.counted();
  world.clock.advance(16 * minute);
  await expect.poll(() => findingsOf(caller, { keyId, kind: "SHARED" })).not.toEqual([]);
}
