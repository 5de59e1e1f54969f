import { describe, expect, ok, strangeIds, test } from "../../testkit/index.js";
import { policyFields, policyMutation } from "../../testkit/lifecycle.js";

const read = `query ($id: ID!) { tenant(id: $id) { lifecyclePolicy { ${policyFields} } } }`;
const defaults = {
  leakAction: "DISABLE",
  idleAfterDays: null,
  idleAction: "REMIND",
  neverExpiringAction: "IGNORE",
  graceDays: 7,
  sharedAction: "REMIND",
  sharedWindowHours: 24,
  sharedRule: "ALL",
  sharedMaxAddresses: null,
  sharedMaxNetworks: 30,
  sharedMaxUserAgents: 15,
};

describe("updateLifecyclePolicy", () => {
  test("changes what it names; leaks are stopped where nobody has said anything", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const policy = async () => (await admin.query(read, { id: tenant.id })).tenant.lifecyclePolicy;
    expect(await policy()).toEqual(defaults);
    const changed = ok(await policyMutation(admin, { tenantId: tenant.id, idleAfterDays: 90, graceDays: 0 })).policy;
    expect(changed).toEqual({ ...defaults, idleAfterDays: 90, graceDays: 0 });
    expect(await policy()).toEqual(changed);
    world.clock.advance(1_000);
    const shared = { sharedRule: "ANY", sharedMaxAddresses: 5, sharedMaxNetworks: null, sharedWindowHours: 72 };
    const unshared = { sharedRule: "ALL", sharedMaxAddresses: null, sharedMaxNetworks: 30, sharedWindowHours: 24 };
    for (const part of [shared, unshared]) {
      expect(ok(await policyMutation(admin, { tenantId: tenant.id, ...part })).policy).toEqual({ ...changed, ...part });
      world.clock.advance(1_000);
    }
    expect(
      ok(await policyMutation(admin, { tenantId: tenant.id, idleAfterDays: null })).policy.idleAfterDays,
    ).toBeNull();
    const document = `query ($id: ID!) { auditLog(filter: { targetId: $id, action: "tenant.lifecycle_policy_updated" }) { nodes { before after } } }`;
    const { nodes } = (await admin.query(document, { id: tenant.id })).auditLog;
    expect(nodes).toMatchObject([
      { before: { idleAfterDays: 90 }, after: { idleAfterDays: null } },
      { before: shared, after: unshared },
      { before: unshared, after: shared },
      { before: { idleAfterDays: null, graceDays: 7 }, after: { idleAfterDays: 90, graceDays: 0 } },
    ]);
  });

  test("what is so already changes nothing and leaves no record", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    ok(await policyMutation(admin, { tenantId: tenant.id, leakAction: "DISABLE" }));
    const where = { tenantId: tenant.id, action: "tenant.lifecycle_policy_updated" };
    expect(await world.server.keyplane.database.prisma.auditRecord.count({ where })).toBe(0);
  });

  test.for([
    ["idleAfterDays", 0],
    ["idleAfterDays", 3_651],
    ["graceDays", -1],
    ["sharedWindowHours", 0],
    ["sharedWindowHours", 73],
    ["sharedMaxAddresses", 0],
    ["sharedMaxNetworks", 1_001],
    ["sharedMaxUserAgents", 0],
  ] as const)("%s: %d is refused with its place", async ([name, value], { world }) => {
    const { tenant, admin } = await world.tenant();
    expect(await policyMutation(admin, { tenantId: tenant.id, [name]: value })).toMatchObject({
      __typename: "InvalidInputError",
      issues: [{ path: [name] }],
    });
  });

  test("another tenant answers as a missing one; needs the permission", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const update = (tenantId: string) => policyMutation(ours.admin, { tenantId, leakAction: "REVOKE" });
    const missing = await update(world.missingId("Tenant"));
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
    for (const id of [theirs.tenant.id, ...strangeIds("Tenant")]) expect(await update(id)).toEqual(missing);
    expect((await theirs.admin.query(read, { id: theirs.tenant.id })).tenant.lifecyclePolicy).toEqual(defaults);
    const developer = await world.caller("DEVELOPER", { tenantId: ours.tenant.id });
    const input = { tenantId: ours.tenant.id, leakAction: "NOTIFY" };
    expect(await policyMutation(developer, input)).toMatchObject({
      code: "FORBIDDEN",
      message: expect.stringContaining("tenants:update"),
    });
    await expect(policyMutation(world.anonymous, input)).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
