import { type Caller, describe, expect, ok, test, type World } from "../../testkit/index.js";
import type { KeyStory } from "./key-changes.js";

interface Change {
  readonly mutation: string;
  /** Does it, as a caller of the whole installation. */
  readonly run: (root: Caller, story: KeyStory, world: World) => Promise<unknown>;
  /** What must have been done before. */
  readonly prepare?: (root: Caller, story: KeyStory) => Promise<unknown>;
  /** The verdict on the secret from before the change, once it has answered. */
  readonly verdict: object;
}

const reason = "x";

/** Every mutation that changes what a verifier must say. Add a mutation here. */
const changes: readonly Change[] = [
  {
    mutation: "revokeKey",
    run: (root, { key }) => root.key("revokeKey", { id: key.id, reason }),
    verdict: { code: "REVOKED" },
  },
  {
    mutation: "disableKey",
    run: (root, { key }) => root.key("disableKey", { id: key.id }),
    verdict: { code: "DISABLED" },
  },
  {
    mutation: "enableKey",
    prepare: (root, { key }) => root.key("disableKey", { id: key.id }),
    run: (root, { key }) => root.key("enableKey", { id: key.id }),
    verdict: { code: "VALID" },
  },
  {
    mutation: "deleteKey",
    run: (root, { key }) => root.key("deleteKey", { id: key.id }),
    verdict: { code: "NOT_FOUND", key: null },
  },
  {
    mutation: "restoreKey",
    prepare: (root, { key }) => root.key("deleteKey", { id: key.id }),
    run: (root, { key }) => root.key("restoreKey", { id: key.id }),
    verdict: { code: "VALID" },
  },
  {
    mutation: "updateKey",
    run: (root, { key }) => root.key("updateKey", { id: key.id, name: "New", scopes: ["new"], metadata: { a: 1 } }),
    verdict: { code: "VALID", scopes: ["new"], key: { name: "New", metadata: { a: 1 } } },
  },
  {
    mutation: "rotateKey",
    run: (root, { key }) => root.keySecret("rotateKey", { id: key.id }),
    verdict: { code: "SUPERSEDED" },
  },
  {
    mutation: "reissueKey",
    run: async (root, { tenant, key }, world) =>
      root.keySecret("reissueKey", { id: key.id, ownerId: (await world.user(tenant.id, { name: "Heir" })).id }),
    verdict: { code: "SUPERSEDED", owner: { name: "Heir" } },
  },
  {
    mutation: "updateUser",
    run: (root, { owner }) => root.user("updateUser", { id: owner.id, name: "New", externalId: null }),
    verdict: { code: "VALID", owner: { name: "New", externalId: null } },
  },
  {
    mutation: "disableUser",
    run: (root, { owner }) => root.user("disableUser", { id: owner.id }),
    verdict: { code: "OWNER_DISABLED" },
  },
  {
    mutation: "enableUser",
    prepare: (root, { owner }) => root.user("disableUser", { id: owner.id }),
    run: (root, { owner }) => root.user("enableUser", { id: owner.id }),
    verdict: { code: "VALID" },
  },
  {
    mutation: "deleteUser",
    run: (root, { owner }) => root.user("deleteUser", { id: owner.id }),
    verdict: { code: "OWNER_NOT_FOUND" },
  },
  {
    mutation: "suspendTenant",
    run: (root, { tenant }) => root.tenant("suspendTenant", { id: tenant.id }),
    verdict: { code: "TENANT_SUSPENDED" },
  },
  {
    mutation: "resumeTenant",
    prepare: (root, { tenant }) => root.tenant("suspendTenant", { id: tenant.id }),
    run: (root, { tenant }) => root.tenant("resumeTenant", { id: tenant.id }),
    verdict: { code: "VALID" },
  },
];

describe("once it has answered, however warm the verification is", () => {
  test.for(changes)("$mutation is in force", async ({ prepare, run, verdict }, { world }) => {
    const { root } = world;
    const story = await world.tenantWithKey();
    await prepare?.(root, story);
    const before = await root.verify(story.secret);
    expect(before).not.toMatchObject(verdict);
    ok((await run(root, story, world)) as never);
    expect(await root.verify(story.secret)).toMatchObject(verdict);
  });

  test.for(changes)(
    "$mutation stays in force, though verifications ran while it did",
    async ({ prepare, run, verdict }, { world }) => {
      const { root } = world;
      const story = await world.tenantWithKey();
      await prepare?.(root, story);
      let running = true;
      const verifying = Array.from({ length: 4 }, async () => {
        while (running) await root.verify(story.secret);
      });
      ok((await run(root, story, world)) as never);
      const after = await Promise.all(Array.from({ length: 4 }, () => root.verify(story.secret)));
      running = false;
      await Promise.all(verifying);
      for (const each of [...after, await root.verify(story.secret)]) expect(each).toMatchObject(verdict);
    },
  );
});

describe("a change of one thing", () => {
  test("leaves every other key's verdict as it was", async ({ world }) => {
    const { root } = world;
    const [story, other] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const colleague = await world.user(story.tenant.id);
    const sibling = await world.key(story.tenant.id, story.owner.id);
    const neighbour = await world.key(story.tenant.id, colleague.id);
    const codes = () =>
      Promise.all([sibling, neighbour, other].map(async ({ secret }) => (await root.verify(secret)).code));
    expect(await codes()).toEqual(["VALID", "VALID", "VALID"]);
    ok(await root.key("revokeKey", { id: story.key.id, reason }));
    expect(await codes()).toEqual(["VALID", "VALID", "VALID"]);
    ok(await root.user("disableUser", { id: story.owner.id }));
    expect(await codes()).toEqual(["OWNER_DISABLED", "VALID", "VALID"]);
    ok(await root.tenant("suspendTenant", { id: story.tenant.id }));
    expect(await codes()).toEqual(["OWNER_DISABLED", "TENANT_SUSPENDED", "VALID"]);
  });
});
