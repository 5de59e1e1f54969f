import fc from "fast-check";
import { describe, expect, minute, ok, test, type World } from "../testkit/index.js";

type Story = Awaited<ReturnType<typeof begin>>;

/** A key with a team, an owner with a role, and somebody else it can go to. */
async function begin(world: World) {
  const story = await world.tenantWithKey({ key: { scopes: ["a", "b"] } });
  const { tenant, owner, key, admin } = story;
  const next = await world.user(tenant.id);
  const team = await world.team(tenant.id, [owner.id, next.id]);
  const role = await world.role(tenant.id);
  ok(await admin.key("updateKey", { id: key.id, teamId: team.id }));
  return { ...story, next, team, role };
}

/** What may happen to a key, to its owner, its tenant, its owner's role and its team. Each may be refused, which is history, too. */
const changes: readonly ((story: Story, world: World) => Promise<unknown>)[] = [
  ({ admin, key }) => admin.key("disableKey", { id: key.id, reason: "pause" }),
  ({ admin, key }) => admin.key("enableKey", { id: key.id }),
  ({ admin, owner }) => admin.user("disableUser", { id: owner.id }),
  ({ admin, owner }) => admin.user("enableUser", { id: owner.id }),
  ({ tenant }, world) => world.root.tenant("suspendTenant", { id: tenant.id }),
  ({ tenant }, world) => world.root.tenant("resumeTenant", { id: tenant.id }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, scopes: ["b"] }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, scopes: ["a", "b"] }),
  ({ admin, key }, world) => admin.key("updateKey", { id: key.id, expiresAt: world.clock.in(3 * minute) }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, expiresAt: null }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, allowedIps: ["10.0.0.0/8"] }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, allowedIps: [], deniedIps: ["192.0.2.1"] }),
  ({ admin, owner }) => admin.user("updateUser", { id: owner.id, allowedIps: ["10.0.0.0/8"] }),
  ({ admin, owner }) => admin.user("updateUser", { id: owner.id, allowedIps: [] }),
  ({ admin, tenant }) => admin.tenant("updateTenant", { id: tenant.id, deniedIps: ["192.0.2.0/24"] }),
  ({ admin, tenant }) => admin.tenant("updateTenant", { id: tenant.id, deniedIps: [] }),
  ({ admin, key }) => admin.keySecret("rotateKey", { id: key.id, overlapMs: 4 * minute }),
  ({ admin, key, owner }) => admin.keySecret("reissueKey", { id: key.id, ownerId: owner.id }),
  ({ admin, key, next }) => admin.keySecret("reissueKey", { id: key.id, ownerId: next.id }),
  ({ admin, team }) => admin.team("updateTeam", { id: team.id, keyScopes: ["b"] }),
  ({ admin, team }) => admin.team("updateTeam", { id: team.id, keyScopes: null }),
  ({ admin, owner, role }) => admin.user("updateUser", { id: owner.id, customRoleId: role.id }),
  ({ admin, owner }) => admin.user("updateUser", { id: owner.id, customRoleId: null, name: "Ada" }),
  ({ admin, role }) => admin.role("updateRole", { id: role.id, keyScopes: [] }),
  ({ admin, role }) => admin.role("updateRole", { id: role.id, keyScopes: null }),
  ({ admin, key }) => admin.key("deleteKey", { id: key.id }),
  ({ admin, key }) => admin.key("restoreKey", { id: key.id }),
  ({ admin, key }) => admin.key("updateKey", { id: key.id, teamId: null }),
];

describe("diagnoseKey of past moments", () => {
  test("at each moment of a random history it gives the verdict that was given then, word for word", async ({
    world,
  }) => {
    const histories = fc.array(fc.nat({ max: changes.length - 1 }), { minLength: 6, maxLength: 12 });
    const asked = { scopes: ["a"], ip: "192.0.2.1" };
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const story = await begin(world);
        const given: { at: string; verdict: Record<string, unknown> }[] = [];
        for (const which of history) {
          world.clock.advance(minute);
          // A suspended tenant's own callers are refused as a whole.
          await changes[which]?.(story, world).catch(() => {});
          given.push({ at: world.clock.in(0), verdict: await world.verify(story.secret, 1, asked) });
        }
        world.clock.advance(10 * minute);
        for (const { at, verdict } of given) {
          const diagnosis = await world.root.diagnose({ key: story.secret, ...asked, at });
          expect({ at, ...diagnosis.verdict, requestId: "" }).toEqual({ at, ...verdict, requestId: "" });
          expect(diagnosis.findings.map(({ code }: { code: string }) => code)).not.toContain("HISTORY_INCOMPLETE");
        }
      }),
      { numRuns: 4 },
    );
  });
});
