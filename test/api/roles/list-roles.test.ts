import { describe, expect, idsOf, readPage, test } from "../../testkit/index.js";
import { promisesOfList } from "../../testkit/promises/of-lists.js";

promisesOfList("roles", ["CREATED_AT_DESC", "CREATED_AT_ASC", "NAME_ASC", "NAME_DESC"], async (world) => {
  const { tenant, admin } = await world.tenant();
  return { caller: admin, args: { tenantId: tenant.id }, add: () => world.role(tenant.id) };
});

describe("roles", () => {
  test("are found by base and text, and are no secret to a developer of the tenant", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const support = await world.role(ours.tenant.id, { name: "Support", base: "ADMIN" });
    const billing = await world.role(ours.tenant.id, { name: "Billing", description: "100% of invoices" });
    await world.role(theirs.tenant.id, { name: "Support" });
    const user = await world.user(ours.tenant.id);
    for (const caller of [ours.admin, await world.userCaller(user)]) {
      expect(idsOf(await readPage(caller, "roles", { filter: { base: "ADMIN" } }))).toEqual([support.id]);
      expect(idsOf(await readPage(caller, "roles", { filter: { search: "0% OF" } }))).toEqual([billing.id]);
      expect(idsOf(await readPage(caller, "roles", { orderBy: "NAME_ASC" }))).toEqual([billing.id, support.id]);
      expect(idsOf(await readPage(caller, "roles", { tenantId: theirs.tenant.id }))).toEqual([]);
    }
    const guest = await world.caller("GUEST", { tenantId: ours.tenant.id });
    await expect(readPage(guest, "roles")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(readPage(world.anonymous, "roles")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
