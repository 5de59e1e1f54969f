import { generateKey } from "@keyplane/schema";
import { guessUntilHeldUp } from "../../testkit/guesses.js";
import { type Caller, describe, expect, hour, minute, ok, test, type World } from "../../testkit/index.js";

/** An address that no other test calls from. */
let addresses = 0;
const newAddress = () => `198.18.${++addresses}.7`;
const unknownKey = () => generateKey({ prefix: "kp", environment: "LIVE" }).secret;

/** Presents a key from an address, so that each call has a time of its own. */
async function call(world: World, caller: Caller, secret: string, ip?: string): Promise<string> {
  world.clock.advance(1_000);
  await caller.verify(secret, ip === undefined ? {} : { ip });
  return world.clock.in(0);
}

interface Told {
  readonly at: string;
  readonly matchedBy: readonly string[];
}

/** What is told of refused calls, once usage is there to be asked. */
async function refusedCalls(world: World, caller: Caller, input: Record<string, unknown>): Promise<Told[]> {
  await world.counted();
  const ask = async () => (await caller.diagnose(input)).refusedCalls;
  await expect.poll(ask).not.toBeNull();
  const calls: Told[] = await ask();
  return calls.map(({ at, matchedBy }) => ({ at, matchedBy }));
}

/** A tenant with two keys that are refused. */
async function twoRefused(world: World) {
  const told = await world.tenantWithKey();
  const other = await world.key(told.tenant.id, told.owner.id);
  for (const { id } of [told.key, other.key]) ok(await told.admin.key("disableKey", { id }));
  return { ...told, other };
}

describe("refused calls that a diagnosis tells", () => {
  test("are those of the key and those from the address, each once, marked by what it was found, newest first", async ({
    world,
  }) => {
    const { admin, key, secret, other } = await twoRefused(world);
    const [here, there] = [newAddress(), newAddress()];
    const both = await call(world, admin, secret, here);
    const ofKey = await call(world, admin, secret, there);
    const fromAddress = await call(world, admin, other.secret, here);
    const withoutAddress = await call(world, admin, secret);
    await call(world, admin, other.secret, there);
    expect(await refusedCalls(world, admin, { keyId: key.id, ip: here })).toEqual([
      { at: withoutAddress, matchedBy: ["KEY"] },
      { at: fromAddress, matchedBy: ["ADDRESS"] },
      { at: ofKey, matchedBy: ["KEY"] },
      { at: both, matchedBy: ["KEY", "ADDRESS"] },
    ]);
    expect(await refusedCalls(world, admin, { keyId: key.id })).toEqual(
      [withoutAddress, ofKey, both].map((at) => ({ at, matchedBy: ["KEY"] })),
    );
  });

  test("of a text that is no known key are those that began like it, and those from the address", async ({ world }) => {
    const { admin, secret } = await twoRefused(world);
    const ip = newAddress();
    const unknown = unknownKey();
    const ofStart = await call(world, admin, unknown);
    const both = await call(world, admin, unknown, ip);
    const fromAddress = await call(world, admin, secret, ip);
    const expected = [
      { at: fromAddress, matchedBy: ["ADDRESS"] },
      { at: both, matchedBy: ["START", "ADDRESS"] },
      { at: ofStart, matchedBy: ["START"] },
    ];
    expect(await refusedCalls(world, admin, { key: unknown, ip })).toEqual(expected);
    expect(await refusedCalls(world, admin, { start: unknown.slice(0, 12), ip })).toEqual(expected);
    // Of what has no start, the address alone is known.
    expect(await refusedCalls(world, admin, { key: "my-secret", ip })).toEqual(
      [fromAddress, both].map((at) => ({ at, matchedBy: ["ADDRESS"] })),
    );
    expect(await refusedCalls(world, admin, { key: "my-secret" })).toEqual([]);
  });

  test("are 20 at most, the newest of both", async ({ world }) => {
    const { admin, key, secret, other } = await twoRefused(world);
    const ip = newAddress();
    const moments: string[] = [];
    for (let time = 0; time < 15; time++) {
      moments.unshift(await call(world, admin, secret));
      moments.unshift(await call(world, admin, other.secret, ip));
    }
    const told = await refusedCalls(world, admin, { keyId: key.id, ip });
    expect(told.map(({ at }) => at)).toEqual(moments.slice(0, 20));
  });

  test("of a past moment are those of the hour around it, by key and address alike", async ({ world }) => {
    const { admin, key, secret, other } = await twoRefused(world);
    const ip = newAddress();
    const then = [await call(world, admin, secret), await call(world, admin, other.secret, ip)];
    const at = world.clock.in(0);
    world.clock.advance(3 * hour);
    const now = [await call(world, admin, secret), await call(world, admin, other.secret, ip)];
    const past = await refusedCalls(world, admin, { keyId: key.id, ip, at });
    expect(past.map((each) => each.at)).toEqual(then.toReversed());
    const all = await refusedCalls(world, admin, { keyId: key.id, ip });
    expect(all.map((each) => each.at)).toEqual([...now.toReversed(), ...then.toReversed()]);
  });

  test("of a past moment are the 20 nearest, half of them on either side where there are as many, newest first", async ({
    world,
  }) => {
    const { admin, key, secret, other } = await twoRefused(world);
    const ip = newAddress();
    const moments: string[] = [];
    for (let time = 0; time < 25; time++) {
      moments.unshift(await call(world, admin, secret));
      moments.unshift(await call(world, admin, other.secret, ip));
    }
    const told = async (input: Record<string, unknown>) =>
      (await refusedCalls(world, admin, { keyId: key.id, ...input })).map((each) => each.at);
    const ofKey = moments.filter((_, index) => index % 2 === 1);
    // The newest first: the one at the moment itself counts among those before it.
    const at = (index: number) => ({ at: ofKey[index] });
    expect(await told(at(12))).toEqual(ofKey.slice(2, 22));
    expect(await told(at(20))).toEqual(ofKey.slice(5, 25));
    expect(await told(at(3))).toEqual(ofKey.slice(0, 20));
    expect(await told({ at: new Date(Date.parse(ofKey[24] ?? "") - minute).toISOString() })).toEqual(
      ofKey.slice(5, 25),
    );
    expect(await told({ ...at(12), ip })).toEqual(moments.slice(15, 35));
  });

  test("of a mistyped key whose right one was found are those of the key and those with the typing error", async ({
    world,
  }) => {
    const [ours, theirs] = [await twoRefused(world), await twoRefused(world)];
    const { admin, secret } = ours;
    const last = secret.at(-1) === "a" ? "b" : "a";
    const mistyped = `${secret.slice(0, -1)}${last}`;
    const wrong = await call(world, admin, mistyped);
    await call(world, theirs.admin, mistyped);
    const right = await call(world, admin, secret);
    const expected = [
      { at: right, matchedBy: ["KEY"] },
      { at: wrong, matchedBy: ["START"] },
    ];
    expect(await refusedCalls(world, admin, { key: mistyped })).toEqual(expected);
    expect(await refusedCalls(world, admin, { key: mistyped, at: wrong })).toEqual(expected);
    // Of the key itself, how it begins is no reason.
    expect(await refusedCalls(world, admin, { key: secret })).toEqual(expected.slice(0, 1));
  });

  test("by a limit are named in what is found of a past moment, the nearest first", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    ok(await admin.setRateLimits(key.id, [{ name: "per-minute", limit: 1, windowMs: minute }]));
    await call(world, admin, secret);
    const [first, second] = [await call(world, admin, secret), await call(world, admin, secret)];
    world.clock.advance(3 * hour);
    const found = async (at: string) => {
      await world.counted();
      const { verdict, findings } = await admin.diagnose({ keyId: key.id, at });
      expect(verdict.code).toBe("VALID");
      return findings.find(({ code }: { code: string }) => code === "LIMITS_NOT_KNOWN").message;
    };
    expect(await found(second)).toContain(
      `limits have refused, the nearest first: RATE_LIMITED at ${second}; RATE_LIMITED at ${first}.`,
    );
    expect(await found(world.clock.in(-80 * minute))).toContain("None of the key's calls in refusedCalls was refused");
    const narrow = await world.caller("ADMIN", { tenantId: key.tenantId, permissions: ["KEYS_DIAGNOSE", "KEYS_READ"] });
    const { findings } = await narrow.diagnose({ keyId: key.id, at: second });
    expect(JSON.stringify(findings)).toContain("Whether calls around it were refused for that is not known.");
  });

  test("are of the caller's tenant alone, however another tenant's calls begin and wherever they come from", async ({
    world,
  }) => {
    const [ours, theirs] = [await twoRefused(world), await twoRefused(world)];
    const ip = newAddress();
    const unknown = unknownKey();
    for (const secret of [theirs.secret, unknown]) await call(world, theirs.admin, secret, ip);
    const at = await call(world, ours.admin, ours.secret, ip);
    expect(await refusedCalls(world, ours.admin, { keyId: ours.key.id, ip })).toEqual([
      { at, matchedBy: ["KEY", "ADDRESS"] },
    ]);
    const fromHere = [{ at, matchedBy: ["ADDRESS"] }];
    expect(await refusedCalls(world, ours.admin, { key: unknown, ip })).toEqual(fromHere);
    expect(await refusedCalls(world, ours.admin, { key: theirs.secret, ip })).toEqual(fromHere);
    expect(await refusedCalls(world, ours.admin, { keyId: theirs.key.id, ip })).toEqual(fromHere);
    // Whoever sees all tenants is told of the key's own.
    expect(await refusedCalls(world, world.root, { keyId: ours.key.id, ip })).toHaveLength(1);
  });

  test("of an unknown key, for whoever may see all tenants, are those of the tenant that is named, else those of which nobody knows it", async ({
    world,
  }) => {
    const [ours, theirs] = [await twoRefused(world), await twoRefused(world)];
    const ip = newAddress();
    const key = unknownKey();
    const inOurs = await call(world, ours.admin, key, ip);
    const inTheirs = await call(world, theirs.admin, key);
    const inNone = await call(world, world.root, key, ip);
    const both = ["START", "ADDRESS"];
    expect(await refusedCalls(world, world.root, { key, ip })).toEqual([{ at: inNone, matchedBy: both }]);
    expect(await refusedCalls(world, world.root, { key, ip, at: inNone })).toEqual([{ at: inNone, matchedBy: both }]);
    const { id: tenantId } = ours.tenant;
    for (const caller of [world.root, ours.admin]) {
      const told = await refusedCalls(world, caller, { key, ip, tenantId });
      expect(told).toEqual([{ at: inOurs, matchedBy: both }]);
    }
    const ofTheirs = await refusedCalls(world, world.root, { key, ip, tenantId: theirs.tenant.id });
    expect(ofTheirs).toEqual([{ at: inTheirs, matchedBy: ["START"] }]);
  });

  test("are of one's own keys alone for somebody who sees no others", async ({ world }) => {
    const { tenant, admin, owner, key, secret } = await twoRefused(world);
    const colleague = await world.user(tenant.id);
    const theirs = await world.key(tenant.id, colleague.id);
    ok(await admin.key("disableKey", { id: theirs.key.id }));
    const ip = newAddress();
    await call(world, admin, theirs.secret, ip);
    const at = await call(world, admin, secret, ip);
    const person = await world.userCaller(owner, "DEVELOPER");
    expect(await refusedCalls(world, person, { keyId: key.id, ip })).toEqual([{ at, matchedBy: ["KEY", "ADDRESS"] }]);
  });
});

describe("an address that is held up", () => {
  /** Presents unknown keys from an address until it is held up. */
  const holdUp = (caller: Caller, ip: string): Promise<void> =>
    guessUntilHeldUp(() => caller.verify(unknownKey(), { ip }));

  // biome-ignore lint/suspicious/noExplicitAny: what the API answers
  const heldUp = async (caller: Caller, input: Record<string, unknown>): Promise<any[]> =>
    (await caller.diagnose(input)).findings.filter(({ code }: { code: string }) => code === "ADDRESS_HELD_UP");

  test("is told to others of the tenant, too, who verify nothing themselves, until it is let in again", async ({
    world,
  }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const verifier = await world.caller("DEVELOPER", { tenantId: tenant.id });
    const ip = newAddress();
    await holdUp(verifier, ip);
    const asked = { keyId: key.id, ip };
    expect(await heldUp(verifier, asked)).toMatchObject([{ message: expect.stringMatching(/^You have presented/) }]);
    for (const caller of [admin, world.root]) {
      const [{ message }] = await heldUp(caller, asked);
      expect(message).toMatch(/^Another verifier of the tenant has presented too many unknown keys/);
      expect(message).not.toContain("tok_");
    }
    expect(await heldUp(admin, { keyId: key.id, ip: newAddress() })).toEqual([]);
    expect(await heldUp(admin, { keyId: key.id })).toEqual([]);
    world.clock.advance(minute);
    expect(await heldUp(admin, asked)).toEqual([]);
  });

  test("with a verifier of another tenant, or one of all tenants, is told to nobody of this one", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const ip = newAddress();
    for (const caller of [theirs.admin, world.root]) await holdUp(caller, ip);
    for (const asked of [{ keyId: ours.key.id }, { keyId: theirs.key.id }, { key: unknownKey() }]) {
      expect(await heldUp(ours.admin, { ...asked, ip })).toEqual([]);
    }
  });

  test("by somebody else is told neither to who may not read usage, nor to who sees only their own keys", async ({
    world,
  }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const ip = newAddress();
    await holdUp(admin, ip);
    const permissions = ["KEYS_DIAGNOSE", "KEYS_READ", "KEYS_VERIFY"];
    const narrow = await world.caller("ADMIN", { tenantId: tenant.id, permissions });
    for (const caller of [narrow, await world.userCaller(owner)]) {
      expect(await heldUp(caller, { keyId: key.id, ip })).toEqual([]);
      await holdUp(caller, ip);
      expect(await heldUp(caller, { keyId: key.id, ip })).toHaveLength(1);
    }
  });
});
