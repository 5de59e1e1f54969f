import { createId, type KeyRecord } from "@keyplane/schema";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { settled } from "../../../testing/held-reads.js";
import { HeldStore, type ReadName } from "../../../testing/held-store.js";
import type { DomainEvent } from "../../events/index.js";
import { RoleStates } from "../../roles/index.js";
import { TeamStates } from "../../teams/index.js";
import { TenantStates } from "../../tenants/index.js";
import { UserStates } from "../../users/index.js";
import { VerificationIndex } from "./verification-index.js";

/** A tenant with a user and its key, and an index that has not seen them. */
function setUp(options: { maxKeys?: number } = {}) {
  const store = new HeldStore();
  const { database, reads } = store;
  const clock = { time: 0, now: () => clock.time };
  const owners = new UserStates({ database, max: 100 });
  const tenants = new TenantStates({ database, max: 100 });
  const roles = new RoleStates({ database, max: 100 });
  const teams = new TeamStates({ database, max: 100 });
  const index = new VerificationIndex({
    database,
    clock,
    owners,
    tenants,
    roles,
    teams,
    maxKeys: options.maxKeys ?? 100,
  });
  const tenant = store.addTenant();
  const owner = store.addUser(tenant.id);
  const key = store.addKey(tenant.id, owner.id);

  const listeners = [tenants, owners, roles, teams, index];
  return {
    store,
    reads,
    clock,
    index,
    tenant,
    owner,
    key,
    hash: `${key.id} 1`,
    tell: (event: Omit<DomainEvent, "tenantId">) => {
      for (const listener of listeners) listener.onEvent({ tenantId: tenant.id, ...event });
    },
    tellGap: () => {
      for (const listener of listeners) listener.onGap();
    },
    /** Finds a key with a store that answers at once. */
    async find(hash: string): Promise<KeyRecord | null> {
      const found = index.find(hash);
      await reads.answerAll();
      return found;
    },
  };
}

describe("what bounds a key's scopes", () => {
  test("is known with the owner's role and the team, and forgotten when one of them changes", async () => {
    const { store, index, find, hash, key, owner, tenant, tell } = setUp();
    const [role, team] = [store.addRole(tenant.id, ["a", "b"]), store.addTeam(tenant.id, ["b"])];
    store.users.set(owner.id, { ...owner, customRoleId: role.id });
    const stored = store.keys.get(key.id);
    if (stored) store.keys.set(key.id, { ...stored, teamId: team.id });
    expect(await find(hash)).toMatchObject({ key: { scopeBounds: { role: ["a", "b"], team: ["b"] } } });
    const reads = store.begun.length;
    // The same object each time: what is worked out from it is worked out once.
    const again = index.find(hash);
    expect(again).toMatchObject({ key: { id: key.id } });
    expect((index.find(hash) as KeyRecord).key).toBe((again as KeyRecord).key);
    expect(store.begun).toHaveLength(reads);
    store.roles.set(role.id, { ...role, keyScopes: ["c"] });
    tell({ type: "ROLE_UPDATED", roleId: role.id });
    expect(await find(hash)).toMatchObject({ key: { scopeBounds: { role: ["c"], team: ["b"] } } });
    store.teams.set(team.id, { ...team, restrictKeyScopes: false });
    tell({ type: "TEAM_UPDATED", teamIds: [team.id] });
    expect(await find(hash)).toMatchObject({ key: { scopeBounds: { role: ["c"], team: null } } });
  });
});

describe("from memory", () => {
  test("a key that was seen is answered without any promise or read", async () => {
    const { index, store, find, hash, key, owner, tenant } = setUp();
    const first = await find(hash);
    expect(first).toMatchObject({ key: { id: key.id }, owner: { id: owner.id }, tenant: { id: tenant.id } });
    const reads = store.begun.length;
    expect(index.find(hash)).toEqual(first);
    expect(store.begun).toHaveLength(reads);
  });

  test("however many present an unseen key at once, each part of it is read once", async () => {
    const { index, store, reads, hash } = setUp();
    const answers = Array.from({ length: 50 }, () => index.find(hash));
    await reads.answerAll();
    expect(new Set((await Promise.all(answers)).map((record) => record?.key.id)).size).toBe(1);
    expect(store.count()).toEqual({ secret: 1, key: 1, user: 1, tenant: 1 });
  });

  test("a user's second key costs two reads", async () => {
    const { store, find, hash, tenant, owner } = setUp();
    await find(hash);
    const second = store.addKey(tenant.id, owner.id);
    store.begun.length = 0;
    expect(await find(`${second.id} 1`)).toMatchObject({ key: { id: second.id } });
    expect(store.begun).toEqual(["secret", "key"]);
  });

  test("an unknown key is read once in a minute, however many present it", async () => {
    const { index, store, reads, clock } = setUp();
    const answers = Array.from({ length: 50 }, () => index.find("unknown"));
    await reads.answerAll();
    expect(new Set(await Promise.all(answers))).toEqual(new Set([null]));
    expect(store.begun).toEqual(["secret"]);
    clock.time += 59_999;
    expect(index.find("unknown")).toBeNull();
    clock.time += 1;
    expect(index.find("unknown")).toBeInstanceOf(Promise);
    expect(store.begun).toEqual(["secret", "secret"]);
  });

  test("a flood of unknown keys does not push out a known one", async () => {
    const { index, find, hash } = setUp({ maxKeys: 1 });
    await find(hash);
    for (let guess = 0; guess < 200; guess++) await find(`guess ${guess}`);
    expect(index.find(hash)).not.toBeInstanceOf(Promise);
    expect(index.size).toBe(1);
  });

  test("of more keys than fit, the least recently used is read again", async () => {
    const { index, store, find, hash, key, tenant, owner } = setUp({ maxKeys: 2 });
    const [second, third] = [store.addKey(tenant.id, owner.id), store.addKey(tenant.id, owner.id)];
    await find(`${second.id} 1`);
    await find(hash);
    await find(`${third.id} 1`);
    expect(index.size).toBe(2);
    expect(index.find(hash)).toMatchObject({ key: { id: key.id } });
    expect(await find(`${second.id} 1`)).toMatchObject({ key: { id: second.id } });
  });

  test("a key whose owner is missing is found, without an owner", async () => {
    const { store, find, hash, owner } = setUp();
    store.users.delete(owner.id);
    expect(await find(hash)).toMatchObject({ owner: null });
  });

  test("a store that never agrees with itself is given up, not asked for ever", async () => {
    const { store, index, reads, hash, key } = setUp();
    const found = Promise.resolve(index.find(hash)).catch((error: { code: string }) => error.code);
    while (reads.waiting > 0) {
      // Rotated between any two reads.
      store.reissue(key.id);
      await reads.answer();
    }
    expect(await found).toBe("UNAVAILABLE");
    expect(store.begun.length).toBeLessThan(100);
  });
});

/** Every kind of change, how it is told, and what a verifier must see of it. */
const changes: {
  what: string;
  part: ReadName;
  change: (world: ReturnType<typeof setUp>) => void;
  event: (world: ReturnType<typeof setUp>) => Omit<DomainEvent, "tenantId">;
  seen: object;
}[] = [
  {
    what: "a revocation",
    part: "key",
    change: ({ store, key }) => store.keys.set(key.id, { ...key, revokedAt: new Date(5), deletedAt: null }),
    event: ({ key }) => ({ type: "REVOKED", keyId: key.id }),
    seen: { key: { revokedAt: 5 } },
  },
  {
    what: "a rotation",
    part: "secret",
    change: ({ store, key }) => store.reissue(key.id),
    event: ({ key }) => ({ type: "ROTATED", keyId: key.id }),
    seen: { secret: { supersededAt: expect.any(Number) } },
  },
  {
    what: "the disabling of the owner",
    part: "user",
    change: ({ store, owner }) => store.users.set(owner.id, { ...owner, status: "DISABLED" }),
    event: ({ owner }) => ({ type: "OWNER_DISABLED", userId: owner.id }),
    seen: { owner: { status: "DISABLED" } },
  },
  {
    what: "a change of the owner's name",
    part: "user",
    change: ({ store, owner }) => store.users.set(owner.id, { ...owner, name: "v2" }),
    event: ({ owner }) => ({ type: "OWNER_UPDATED", userId: owner.id }),
    seen: { owner: { name: "v2" } },
  },
  {
    what: "the suspension of the tenant",
    part: "tenant",
    change: ({ store, tenant }) => store.tenants.set(tenant.id, { ...tenant, status: "SUSPENDED" }),
    event: () => ({ type: "TENANT_SUSPENDED" }),
    seen: { tenant: { status: "SUSPENDED" } },
  },
];

describe("changes", () => {
  test.for(changes)("$what is seen by who asks after it was told", async ({ change, event, seen }) => {
    const world = setUp();
    await world.find(world.hash);
    change(world);
    world.tell(event(world));
    expect(await world.find(world.hash)).toMatchObject(seen);
    expect(world.index.find(world.hash)).toMatchObject(seen);
  });

  test.for(changes)("$what that was missed is seen after a gap", async ({ change, seen }) => {
    const world = setUp();
    await world.find(world.hash);
    change(world);
    world.tellGap();
    expect(await world.find(world.hash)).toMatchObject(seen);
  });

  test.for(changes.flatMap((change) => (["told", "gap"] as const).map((how) => ({ ...change, how }))))(
    "$what ($how) while a slow read of its $part is under way: the old state never comes back",
    async ({ part, change, event, seen, how }) => {
      const world = setUp();
      const { index, reads, hash } = world;
      const found = index.find(hash);
      while (reads.find(part) < 0 && reads.waiting > 0) await reads.answer();
      const slow = reads.find(part);
      reads.look(slow);
      change(world);
      if (how === "told") world.tell(event(world));
      else world.tellGap();
      // Who asks now is answered before the slow read comes.
      const late = index.find(hash);
      while (reads.waiting > slow + 1) await reads.answer(slow + 1);
      await reads.answerAll();
      expect(await late).toMatchObject(seen);
      expect(await found).toMatchObject(seen);
      expect(index.find(hash)).toMatchObject(seen);
    },
  );

  test("a record is of one moment: never the key from before a change with the owner from after a later one", async () => {
    const { index, reads, store, tell, hash, key, owner } = setUp();
    store.users.set(owner.id, { ...owner, status: "DISABLED" });
    const found = index.find(hash);
    while (reads.find("user") < 0) await reads.answer();
    // The key was read as active. There is no moment at which both it and its owner are.
    store.keys.set(key.id, { ...key, revokedAt: new Date(5), deletedAt: null });
    tell({ type: "REVOKED", keyId: key.id });
    store.users.set(owner.id, owner);
    tell({ type: "OWNER_ENABLED", userId: owner.id });
    await reads.answerAll();
    expect(await found).toMatchObject({ key: { revokedAt: 5 }, owner: { status: "ACTIVE" } });
  });

  test("an event of another key, owner or tenant forgets nothing", async () => {
    const { index, find, hash, tell } = setUp();
    await find(hash);
    tell({ type: "REVOKED", keyId: createId("Key") });
    tell({ type: "OWNER_DISABLED", userId: createId("User") });
    tell({ type: "TENANT_SUSPENDED", tenantId: createId("Tenant") } as never);
    expect(index.find(hash)).not.toBeInstanceOf(Promise);
  });

  test("an unknown key is asked for again after a gap", async () => {
    const { index, find, tellGap } = setUp();
    await find("unknown");
    expect(index.find("unknown")).toBeNull();
    tellGap();
    expect(index.find("unknown")).toBeInstanceOf(Promise);
  });
});

describe("warming up", () => {
  const warmUp = async ({ index, reads }: ReturnType<typeof setUp>, signal = new AbortController().signal) => {
    let done = false;
    const warm = index.warmUp(signal).then(() => {
      done = true;
    });
    while (!done) await reads.answerAll();
    await warm;
  };

  test("every live key is answered without a promise, its older secrets too", async () => {
    const world = setUp();
    const { index, store, tenant, owner, key } = world;
    for (let count = 0; count < 300; count++) store.addKey(tenant.id, owner.id);
    store.reissue(key.id);
    await warmUp(world);
    expect(index.size).toBe(100);
    const roomy = setUp({ maxKeys: 1_000 });
    for (let count = 0; count < 300; count++) roomy.store.addKey(roomy.tenant.id, roomy.owner.id);
    roomy.store.reissue(roomy.key.id);
    await warmUp(roomy);
    for (const hash of roomy.store.secrets.keys()) expect(roomy.index.find(hash)).not.toBeInstanceOf(Promise);
    expect(roomy.index.find(roomy.hash)).toMatchObject({ secret: { supersededAt: expect.any(Number) } });
    expect(roomy.store.count()).toEqual({ keys: 3, user: 1, tenants: 1 });
  });

  test("stops when it is told to", async () => {
    const world = setUp();
    const controller = new AbortController();
    controller.abort();
    await warmUp(world, controller.signal);
    expect(world.store.begun).toEqual([]);
  });

  test.for(changes)("$what meanwhile is seen", async ({ change, event, seen }) => {
    const world = setUp();
    const { index, reads, find, hash } = world;
    const warm = index.warmUp(new AbortController().signal);
    let open = true;
    void warm.then(() => {
      open = false;
    });
    // Each reading of many sees the store before the change and answers after it.
    reads.look();
    change(world);
    world.tell(event(world));
    while (open) await reads.answerAll();
    expect(await find(hash)).toMatchObject(seen);
  });
});

type Step =
  | { readonly do: "find" | "rotate" | "reissue" | "changeKey" | "changeOwner" | "changeTenant"; readonly one: number }
  | { readonly do: "look" | "answer"; readonly read: number }
  | { readonly do: "tell" | "gap" | "warmUp" };

const one = fc.nat(1);
const read = fc.nat(3);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("find" as const), one }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom(...(["rotate", "reissue", "changeKey", "changeOwner", "changeTenant"] as const)),
        one,
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("look" as const, "answer" as const), read }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("tell" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("gap" as const, "warmUp" as const) }) },
  ),
  { minLength: 15, maxLength: 60, size: "max" },
);

test("whatever reads and changes come between each other, no verifier sees a state from before a change that was told", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (story) => {
      const world = setUp();
      const { store, reads, index, tenant } = world;
      const owners = [world.owner, store.addUser(tenant.id)] as const;
      const keys = [world.key, store.addKey(tenant.id, owners[1].id)] as const;
      const pick = <Thing>(things: readonly [Thing, Thing], which: number) => things[which % 2] as Thing;

      // What a verifier may see at the least: the state at the last change that was told.
      type Versions = Map<string, number>;
      const versionOf = (text: string | null | undefined) => Number(text?.slice(1));
      const next = (text: string | null) => `v${versionOf(text) + 1}`;
      const now = (): Versions =>
        new Map([
          ...[...store.keys.values()].map((key) => [key.id, versionOf(key.name)] as const),
          ...[...store.keys.values()].map((key) => [`secrets of ${key.id}`, key.secretVersion] as const),
          ...[...store.users.values()].map((user) => [user.id, versionOf(user.name)] as const),
          ...[...store.tenants.values()].map((row) => [row.id, versionOf(row.statusReason)] as const),
        ]);
      let told = now();
      const untold: { event: Omit<DomainEvent, "tenantId">; what: readonly string[] }[] = [];
      const least = (what: string, versions: Versions) => versions.get(what) ?? 0;

      const check = (record: KeyRecord | null, keyId: string, hash: string, versions: Versions) => {
        if (!record?.owner) throw new Error("a key that exists was not found");
        const { key, owner, secret } = record;
        expect(versionOf(key.name)).toBeGreaterThanOrEqual(least(keyId, versions));
        expect(versionOf(owner.name)).toBeGreaterThanOrEqual(least(owner.id, versions));
        expect(versionOf(record.tenant.reason)).toBeGreaterThanOrEqual(least(tenant.id, versions));
        expect(owner.id).toBe(key.ownerId);
        const version = Number(hash.split(" ")[1]);
        if (least(`secrets of ${keyId}`, versions) > version) expect(secret.supersededAt).not.toBeNull();
      };

      const answers: Promise<void>[] = [];
      const find = (keyId: string, version: number) => {
        const hash = `${keyId} ${version}`;
        const versions = new Map(told);
        const found = index.find(hash);
        if (!(found instanceof Promise)) return check(found, keyId, hash, versions);
        answers.push(found.then((record) => check(record, keyId, hash, versions)));
      };
      const tellNext = () => {
        const change = untold.shift();
        if (!change) return;
        world.tell(change.event);
        for (const what of change.what) told.set(what, least(what, now()));
      };
      const run = {
        find: ({ one }) => {
          const key = pick(keys, one);
          const { secretVersion } = store.keys.get(key.id) ?? key;
          find(key.id, secretVersion);
          find(key.id, Math.max(1, secretVersion - 1));
        },
        rotate: ({ one }) => {
          const { id } = pick(keys, one);
          store.reissue(id);
          untold.push({ event: { type: "ROTATED", keyId: id }, what: [`secrets of ${id}`] });
        },
        reissue: ({ one }) => {
          const { id } = pick(keys, one);
          const ownerId = owners.find((owner) => owner.id !== store.keys.get(id)?.ownerId)?.id ?? "";
          store.reissue(id, ownerId);
          untold.push({ event: { type: "ROTATED", keyId: id, userId: ownerId }, what: [`secrets of ${id}`] });
        },
        changeKey: ({ one }) => {
          const key = store.keys.get(pick(keys, one).id) ?? world.key;
          store.keys.set(key.id, { ...key, name: next(key.name) });
          untold.push({ event: { type: "UPDATED", keyId: key.id }, what: [key.id] });
        },
        changeOwner: ({ one }) => {
          const owner = store.users.get(pick(owners, one).id) ?? world.owner;
          store.users.set(owner.id, { ...owner, name: next(owner.name) });
          untold.push({ event: { type: "OWNER_UPDATED", userId: owner.id }, what: [owner.id] });
        },
        changeTenant: () => {
          const row = store.tenants.get(tenant.id) ?? tenant;
          store.tenants.set(tenant.id, { ...row, statusReason: next(row.statusReason) });
          untold.push({ event: { type: "TENANT_UPDATED" }, what: [tenant.id] });
        },
        look: ({ read }) => reads.look(read % Math.max(1, reads.waiting)),
        answer: ({ read }) => reads.answer(read % Math.max(1, reads.waiting)),
        tell: tellNext,
        gap: () => {
          world.tellGap();
          told = now();
        },
        warmUp: () => void index.warmUp(new AbortController().signal),
      } as { [Do in Step["do"]]: (step: Extract<Step, { do: Do }>) => unknown };

      for (const step of story) {
        await run[step.do](step as never);
        await settled();
      }
      while (untold.length > 0) tellNext();
      await reads.answerAll();
      await Promise.all(answers);
      for (const key of keys) {
        const { secretVersion } = store.keys.get(key.id) ?? key;
        for (let version = 1; version <= secretVersion; version++) find(key.id, version);
      }
      await reads.answerAll();
      await Promise.all(answers);
    }),
    { numRuns: 150 },
  );
});

describe("whether a secret is known", () => {
  test("is so of keys that were made or rotated, once their events were heard, without reading any until that is asked", async () => {
    const { store, index, reads, find, hash, key, owner, tenant, tell } = setUp();
    await find(hash);
    const made = store.addKey(tenant.id, owner.id);
    store.begun.length = 0;
    tell({ type: "CREATED", keyId: made.id });
    store.reissue(key.id);
    tell({ type: "ROTATED", keyId: key.id });
    const [ofMade, rotated] = [`${made.id} 1`, `${key.id} 2`];
    expect([hash, ofMade, rotated].map((each) => index.knowsSecret(each))).toEqual([true, false, false]);
    expect(store.begun).toEqual([]);
    const asked = [index.readNewSecrets(), index.readNewSecrets()];
    await reads.answerAll();
    await Promise.all(asked);
    expect([hash, ofMade, rotated].map((each) => index.knowsSecret(each))).toEqual([true, true, true]);
    expect(store.begun).toEqual(["secrets"]);
    await index.readNewSecrets();
    expect(store.begun).toEqual(["secrets"]);
    expect(await find(rotated)).toMatchObject({ key: { id: key.id }, secret: { supersededAt: null } });
    expect(await find(hash)).toMatchObject({ secret: { stopsAt: expect.any(Number) } });
  });

  test("stays so through a change, a rotation that is being read, and a gap", async () => {
    const { store, index, reads, find, hash, key, tell, tellGap } = setUp();
    await find(hash);
    tell({ type: "UPDATED", keyId: key.id });
    expect(index.knowsSecret(hash)).toBe(true);
    store.reissue(key.id);
    tell({ type: "ROTATED", keyId: key.id });
    const found = Promise.resolve(index.find(hash));
    const known: boolean[] = [];
    for (let turn = 0; turn < 20; turn++) {
      await reads.answer();
      known.push(index.knowsSecret(hash));
    }
    await found;
    expect(new Set(known)).toEqual(new Set([true]));
    tellGap();
    expect(index.knowsSecret(hash)).toBe(true);
    expect(index.recall(hash)).toBeUndefined();
  });

  test("is so of what was noted while others were being read, and of what could not be read at first", async () => {
    const { store, index, reads, owner, tenant, tell } = setUp();
    const [first, second] = [store.addKey(tenant.id, owner.id), store.addKey(tenant.id, owner.id)];
    tell({ type: "CREATED", keyId: first.id });
    const one = index.readNewSecrets();
    tell({ type: "CREATED", keyId: second.id });
    const two = index.readNewSecrets();
    await reads.answerAll();
    await Promise.all([one, two]);
    expect([first, second].map(({ id }) => index.knowsSecret(`${id} 1`))).toEqual([true, true]);
    const third = store.addKey(tenant.id, owner.id);
    tell({ type: "CREATED", keyId: third.id });
    const failed = index.readNewSecrets();
    await reads.fail();
    await failed;
    expect(index.knowsSecret(`${third.id} 1`)).toBe(false);
    const again = index.readNewSecrets();
    await reads.answerAll();
    await again;
    expect(index.knowsSecret(`${third.id} 1`)).toBe(true);
  });

  test("is so of a key that was restored although it was not in memory", async () => {
    const { store, index, reads, owner, tenant, tell } = setUp();
    const restored = store.addKey(tenant.id, owner.id);
    tell({ type: "UPDATED", keyId: restored.id });
    const asked = index.readNewSecrets();
    await reads.answerAll();
    await asked;
    expect(index.knowsSecret(`${restored.id} 1`)).toBe(true);
  });
});
