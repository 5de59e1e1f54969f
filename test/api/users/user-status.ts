import { type Caller, describe, expect, ok, strangeIds, strangeTexts, test } from "../../testkit/index.js";

/** All that a change of status could change. */
export async function stateOf(caller: Caller, id: string) {
  const document = `query ($id: ID!) { user(id: $id) {
    email name externalId role status statusReason statusChangedAt createdAt updatedAt } }`;
  return (await caller.query(document, { id })).user;
}

/** What disableUser, enableUser and deleteUser promise alike. */
export function promisesOfUserStatus(mutation: string, permission: string): void {
  describe(`${mutation}, like every change of a user's status,`, () => {
    test.for(strangeTexts(500))("refuses a reason of $what with its place", async ({ text }, { world }) => {
      const refused = await world.root.user(mutation, { id: world.missingId("User"), reason: text });
      expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
      for (const issue of refused.issues) expect(issue.path).toEqual(["reason"]);
    });

    test("answers another tenant's user and strange ids as a missing one", async ({ world }) => {
      const [ours, theirs] = [await world.tenant(), await world.tenantWithKey()];
      const missing = await ours.admin.user(mutation, { id: world.missingId("User") });
      expect(missing).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
      for (const id of [theirs.owner.id, ...strangeIds("User")]) {
        expect(await ours.admin.user(mutation, { id })).toEqual(missing);
      }
      expect(await theirs.admin.verify(theirs.secret)).toMatchObject({ valid: true });
    });

    test("needs the permission; nobody unknown may", async ({ world }) => {
      const { tenant, owner } = await world.tenantWithKey();
      for (const caller of [
        await world.caller("DEVELOPER", { tenantId: tenant.id }),
        await world.caller("DEVELOPER", { userId: owner.id }),
        await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USERS_UPDATE"] }),
      ]) {
        const refused = await caller.user(mutation, { id: owner.id, reason: "" });
        expect(refused).toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining(permission) });
      }
      const unknown = world.anonymous.user(mutation, { id: owner.id });
      await expect(unknown).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
    });

    test("happens once, however many ask for it at the same time", async ({ world }) => {
      const { admin, owner } = await world.tenantWithKey();
      if (mutation === "enableUser") ok(await admin.user("disableUser", { id: owner.id }));
      const asked = Array.from({ length: 4 }, (_, index) => admin.user(mutation, { id: owner.id, reason: `${index}` }));
      const [first, ...others] = await Promise.all(asked);
      ok(first);
      for (const other of others) expect(other).toEqual(first);
    });
  });
}
