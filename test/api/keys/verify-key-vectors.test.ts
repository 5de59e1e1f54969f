import { readFileSync } from "node:fs";
import { generateKey, isCidrOrAddress, type KeyRecord, parseKey } from "@keyplane/schema";
import { type Caller, describe, expect, ok, test, type World } from "../../testkit/index.js";

type Changes<Whole> = { readonly [Section in keyof Whole]?: Partial<Whole[Section]> | null };

/** The layout of one vector; packages/schema/README.md describes it. */
interface Vector {
  readonly name: string;
  readonly input: {
    readonly text?: string;
    readonly now?: number;
    readonly record?: Changes<KeyRecord> | null;
    readonly request?: Record<string, unknown>;
  };
  readonly expected: {
    readonly code: string;
    readonly missingScopes?: readonly string[];
    readonly messageIncludes?: string;
    readonly hintIncludes?: string;
  };
}

const path = new URL("../../../packages/schema/vectors/decisions.json", import.meta.url);
const { base, vectors } = JSON.parse(readFileSync(path, "utf8")) as {
  base: { text: string; now: number; record: KeyRecord };
  vectors: Vector[];
};

/** What the server cannot be brought into, or does not ask for yet. A new vector stands here or is tested. */
const beyondTheServer = [
  // A foreign key of the database forbids them.
  "a missing owner",
  "a key whose tenant is another than its record says",
  "an owner with another id than the key says",
  "everything is wrong: the first in order is told",
  // Roles and teams bound scopes: test/api/roles and test/api/teams.
  "the role of the owner does not allow a scope that the key carries",
  "the team does not allow a scope that the key carries",
  "role and team must both allow a scope",
  "an empty bound allows no scope",
  // Access to APIs: verify-key-api.test.ts.
  "access to the API is granted",
  "access to the API was never requested",
  "access to the API waits for approval",
  "access to the API was refused",
  "one millisecond before the API's retirement",
  "at the millisecond of the API's retirement",
  // Whoever is held up has presented many keys before.
  "an unknown key from an address that is held up",
  "a mistyped key from an address that is held up",
  "a text that is no key from an address that is held up",
  "a known key from an address that is held up",
  // Only an integrity check does that: test/api/integrity.
  "a key that is quarantined, and disabled besides",
  // Of rotations: every row says since when a secret is the key's; and activate-on-first-use.test.ts.
  "a key of which it is not known when it was rotated",
  "a tenant that refuses overdue keys, and asks for no rotation",
  "a new secret that waits for its first use, of a key that is overdue",
  // What was used of limits: test/api/limits.
  "limits that are not exceeded",
  "no limits at all",
  "a rate limit is exceeded",
  "two rate limits are exceeded: the later one tells when to retry",
  "a rate limit whose reset has just passed",
  "a rate limit comes before a quota",
  "a quota that resets is used up",
  "a quota that never resets is used up",
];

const reachable = vectors.filter(({ name }) => !beyondTheServer.includes(name));

/** A place in the vector's time, on the clock of the story. */
type At = (time: number) => number;

interface Act {
  readonly at: number;
  readonly act: () => Promise<unknown>;
}

interface Story {
  readonly tenantId: string;
  readonly ownerId: string;
  readonly keyId: string;
}

/** The mutations that bring the server into the state of a vector, each at its time. */
function actsOf(root: Caller, record: Changes<KeyRecord>, { tenantId, ownerId, keyId }: Story): Act[] {
  const { key, secret, owner, tenant } = record;
  const acts: Act[] = [];
  const add = (at: number | null | undefined, act: () => Promise<unknown>) => {
    if (at != null) acts.push({ at, act: async () => ok((await act()) as never) });
  };
  // `x` stands for reasons that a mutation requires and the vector leaves out; the rows are corrected afterwards.
  add(key?.revokedAt, () => root.key("revokeKey", { id: keyId, reason: key?.revokedReason ?? "x" }));
  add(key?.disabledAt, () => root.key("disableKey", { id: keyId, reason: key?.disabledReason ?? null }));
  add(key?.deletedAt, () => root.key("deleteKey", { id: keyId }));
  const overlapMs = (secret?.stopsAt ?? secret?.supersededAt ?? 0) - (secret?.supersededAt ?? 0);
  add(secret?.supersededAt, () => root.keySecret("rotateKey", { id: keyId, overlapMs }));
  const mutation = owner?.status === "DELETED" ? "deleteUser" : "disableUser";
  if (owner?.status) add(owner.since, () => root.user(mutation, { id: ownerId, reason: owner.reason ?? null }));
  if (tenant?.status === "SUSPENDED") {
    add(tenant.since, () => root.tenant("suspendTenant", { id: tenantId, reason: tenant.reason ?? null }));
  }
  return acts.sort((a, b) => a.at - b.at);
}

/** Writes what no mutation would: rows of a faster clock, rows that contradict themselves, or that came from elsewhere. */
async function corrupt(
  world: World,
  record: Changes<KeyRecord>,
  { tenantId, ownerId, keyId }: Story,
  { at, now }: { at: At; now: number },
): Promise<void> {
  const { prisma } = world.server.keyplane.database;
  const { key, secret, owner, tenant } = record;
  const change = (data: object) => prisma.key.update({ where: { id: keyId }, data });
  if (key?.environment) await change({ environment: key.environment });
  if (key?.revokedAt != null && (key.revokedAt > now || !key.revokedReason)) {
    await change({ revokedAt: new Date(at(key.revokedAt)), revokedReason: key.revokedReason ?? null });
  }
  for (const list of ["allowedIps", "deniedIps"] as const) {
    if (key?.[list] && !key[list].every(isCidrOrAddress)) await change({ [list]: [...key[list]] });
  }
  if (secret?.supersededAt != null && (secret.supersededAt > now || secret.stopsAt == null)) {
    const stopsAt = secret.stopsAt == null ? null : new Date(at(secret.stopsAt));
    const data = { supersededAt: new Date(at(secret.supersededAt)), stopsAt };
    await prisma.keySecret.updateMany({ where: { keyId, supersededAt: { not: null } }, data });
  }
  for (const [model, id, rules] of [
    ["user", ownerId, owner],
    ["tenant", tenantId, tenant],
  ] as const) {
    const { allowedIps, deniedIps } = rules ?? {};
    const data = {
      ...(allowedIps && { allowedIps: [...allowedIps] }),
      ...(deniedIps && { deniedIps: [...deniedIps] }),
    };
    if (Object.keys(data).length > 0) await prisma[model as "user"].update({ where: { id }, data });
  }
  if (owner?.tenantId) await change({ ownerId: (await world.tenantWithKey()).owner.id });
  if (tenant?.status === "DELETED")
    await prisma.tenant.update({ where: { id: tenantId }, data: { status: "DELETED" } });
}

/** Times in the words of a vector, as they are on the clock of the story. */
function retold(words: string, at: At): string {
  return words.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (time) => new Date(at(Date.parse(time))).toISOString());
}

describe("the decision vectors, through the server", () => {
  test.for(reachable)("$name", async ({ input, expected }, { world }) => {
    const record = input.record ?? {};
    const now = input.now ?? base.now;
    // Whoever was rotated got the secret with the rotation.
    const createdAt = record.secret?.supersededAt == null ? record.key?.issuedAt : null;
    const times = [
      createdAt,
      record.key?.revokedAt,
      record.key?.disabledAt,
      record.key?.deletedAt,
      record.secret?.supersededAt,
    ];
    const began = Math.min(
      now,
      ...[...times, record.owner?.since, record.tenant?.since].filter((time) => time != null),
    );
    const start = world.clock.now() + 1_000;
    const at: At = (time) => start + time - began;

    const { tenant } = await world.tenant();
    const { rotateEveryMs, rotationOverdue } = record.tenant ?? {};
    if (rotateEveryMs != null || rotationOverdue != null) {
      ok(await world.root.tenant("updateTenant", { id: tenant.id, policy: { rotateEveryMs, rotationOverdue } }));
    }
    if (createdAt != null) world.clock.advance(at(createdAt) - world.clock.now());
    const { role, team } = record.key?.scopeBounds ?? { role: null, team: null };
    const holdsRole = role && { customRoleId: (await world.role(tenant.id, { keyScopes: role })).id };
    const owner = await world.user(tenant.id, { ...holdsRole });
    const environment = input.text?.startsWith("kp_test_") ? "TEST" : "LIVE";
    const { scopes, allowedIps, deniedIps, expiresAt } = { ...base.record.key, ...record.key };
    const { key, secret } = await world.key(tenant.id, owner.id, {
      environment,
      scopes,
      allowedIps: allowedIps.filter(isCidrOrAddress),
      deniedIps: deniedIps.filter(isCidrOrAddress),
      expiresAt: expiresAt === null ? null : new Date(at(expiresAt)).toISOString(),
      ...(record.key?.rotateEveryMs != null && { rotateEveryMs: record.key.rotateEveryMs }),
      ...(record.key?.rotationOverdue != null && { rotationOverdue: record.key.rotationOverdue }),
      ...(team && { teamId: (await world.team(tenant.id, [owner.id], { keyScopes: team })).id }),
    });
    const story = { tenantId: tenant.id, ownerId: owner.id, keyId: key.id };

    for (const { at: time, act } of actsOf(world.root, record, story)) {
      world.clock.advance(at(Math.min(time, now)) - world.clock.now());
      await act();
    }
    await corrupt(world, record, story, { at, now });
    world.clock.advance(at(now) - world.clock.now());

    const issued = input.record === null ? generateKey({ prefix: "kp", environment }).secret : secret;
    const presented = parseKey(input.text ?? base.text).ok ? issued : (input.text ?? "");
    // The second time from memory.
    for (let time = 0; time < 2; time++) {
      expect(await world.root.verify(presented, input.request)).toMatchObject({
        code: expected.code,
        valid: expected.code === "VALID",
        message: expect.stringContaining(retold(expected.messageIncludes ?? "", at)),
        hint: expected.hintIncludes === undefined ? null : expect.stringContaining(retold(expected.hintIncludes, at)),
        missingScopes: expected.missingScopes ?? [],
      });
    }
  });

  test("those left out are named, and each of them exists", () => {
    const names = vectors.map(({ name }) => name);
    for (const name of beyondTheServer) expect(names).toContain(name);
    expect(reachable.length).toBeGreaterThan(50);
  });
});
