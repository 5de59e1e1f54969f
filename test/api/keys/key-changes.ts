import { type Permission, permissions } from "@keyplane/schema";
import {
  Caller,
  describe,
  expect,
  keyFields,
  mutate,
  ok,
  sendGraphql,
  strangeIds,
  strangeTexts,
  test,
  type World,
} from "../../testkit/index.js";

export type KeyStory = Awaited<ReturnType<World["tenantWithKey"]>>;

/** A mutation on an existing key, and a valid input for it besides the id. */
export interface KeyChange {
  readonly mutation: string;
  readonly permission: Permission;
  /** Whether a DEVELOPER may make it to a key of their own; tests beside the operation see how far that goes. */
  readonly isForOwners?: true;
  readonly input?: (world: World, story: KeyStory) => Promise<Record<string, unknown>>;
  /** What must have happened to the key before. */
  readonly prepare?: (story: KeyStory) => Promise<unknown>;
}

/** A permission as GraphQL names it. */
export function graphqlName(permission: string): string {
  return permission.replace(":", "_").toUpperCase();
}

/** A caller of a tenant who may do everything but this. */
export function allBut(world: World, tenantId: string, permission: Permission): Promise<Caller> {
  const others = Object.entries(permissions)
    .filter(([name, entry]) => name !== permission && !entry.installationOnly)
    .map(([name]) => graphqlName(name));
  return world.caller("ADMIN", { tenantId, permissions: others });
}

/** The key as an administrator reads it, with all that a change could change; when it was last used is written at any time. */
export async function readKey(caller: Caller, id: string) {
  const { key } = await caller.query(`query ($id: ID!) { key(id: $id) { ${keyFields} updatedAt } }`, { id });
  const { lastUsedAt: _, ...changeable } = key;
  return changeable;
}

/** An answer as it came, so that two can be compared byte for byte. */
async function textOf(caller: Caller, { mutation }: KeyChange, input: Record<string, unknown>): Promise<string> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}Input`;
  const document = `mutation ($input: ${type}!) { ${mutation}(input: $input) { __typename
    ... on Error { code message docsUrl } ... on InvalidInputError { issues { path message } } } }`;
  return (await sendGraphql(caller.url, caller.token, document, { input })).text;
}

/** What every mutation on an existing key promises. */
export function promisesOfKeyChange(change: KeyChange): void {
  const { mutation, permission, input = async () => ({}), prepare = async () => {} } = change;

  async function begin(world: World) {
    const story = await world.tenantWithKey();
    await prepare(story);
    return { ...story, input: { id: story.key.id, ...(await input(world, story)) } };
  }

  describe(`${mutation}, like every change of a key,`, () => {
    test("answers another tenant's key, and ids of nothing, byte for byte as a missing one", async ({ world }) => {
      const [ours, theirs] = [await begin(world), await begin(world)];
      const before = await readKey(theirs.admin, theirs.key.id);
      const missing = await textOf(ours.admin, change, { ...ours.input, id: world.missingId("Key") });
      expect(JSON.parse(missing).data[mutation]).toMatchObject({
        __typename: "NotFoundError",
        code: "NOT_FOUND",
        message: "No key with this id exists where you may look. Check the id and the token that you use.",
      });
      for (const id of [theirs.key.id, ...strangeIds("Key")]) {
        expect(await textOf(ours.admin, change, { ...ours.input, id })).toBe(missing);
      }
      expect(await readKey(theirs.admin, theirs.key.id)).toEqual(before);
    });

    test("is for those with the permission; others learn neither the rules nor whether the key exists", async ({
      world,
    }) => {
      const { tenant, owner, admin, key, input } = await begin(world);
      const before = await readKey(admin, key.id);
      const callers = [
        await allBut(world, tenant.id, permission),
        await world.caller("DEVELOPER", { tenantId: tenant.id }),
        await world.caller("DEVELOPER", { userId: (change.isForOwners ? await world.user(tenant.id) : owner).id }),
        await world.caller("GUEST", { tenantId: tenant.id }),
      ];
      for (const caller of callers) {
        const refused = await caller.key(mutation, input);
        expect(refused).toMatchObject({
          __typename: "ForbiddenError",
          code: "FORBIDDEN",
          message: expect.stringContaining(permission),
        });
        expect(await caller.key(mutation, { ...input, id: world.missingId("Key") })).toEqual(refused);
      }
      expect(await readKey(admin, key.id)).toEqual(before);
    });

    test("needs no other permission", async ({ world }) => {
      const { tenant, key, input } = await begin(world);
      const caller = await world.caller("ADMIN", { tenantId: tenant.id, permissions: [graphqlName(permission)] });
      const changed = ok(await mutate(caller.url, caller.token, mutation, input, "key { id }"));
      expect(changed.key).toEqual({ id: key.id });
    });

    test("is not for callers who are not known", async ({ world }) => {
      const { admin, key, input } = await begin(world);
      const before = await readKey(admin, key.id);
      for (const caller of [world.anonymous, new Caller(world.url, "unknown")]) {
        await expect(caller.key(mutation, input)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
      }
      expect(await readKey(admin, key.id)).toEqual(before);
    });
  });
}

/** What every mutation with a reason promises. */
export function promisesOfReason(mutation: string): void {
  describe(`${mutation}: the reason`, () => {
    test.for(strangeTexts(500))("of $what is refused with its place", async ({ text }, { world }) => {
      const refused = await world.root.key(mutation, { id: world.missingId("Key"), reason: text });
      expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
      expect(refused.issues.map((issue: { path: string[] }) => issue.path)).toEqual([["reason"]]);
    });
  });
}

/** What every mutation that refuses dead keys promises. */
export function promisesOfTheLiving({ mutation, input = async () => ({}) }: KeyChange): void {
  describe(`${mutation}: keys that have come to their end`, () => {
    test.for([
      { end: "revokeKey", message: "This key is revoked, which is final. Create a new key instead." },
      { end: "deleteKey", message: "This key is deleted. Restore it first with restoreKey." },
    ])("after $end are not changed any more", async ({ end, message }, { world }) => {
      const story = await world.tenantWithKey();
      const more = await input(world, story);
      ok(await story.admin.key(end, { id: story.key.id, reason: "end" }));
      const before = await readKey(story.admin, story.key.id);
      world.clock.advance(1_000);
      const refused = await story.admin.key(mutation, { id: story.key.id, ...more });
      expect(refused).toMatchObject({ __typename: "ConflictError", code: "CONFLICT", message });
      expect(await readKey(story.admin, story.key.id)).toEqual(before);
    });
  });
}
