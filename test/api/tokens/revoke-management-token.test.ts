import { Caller, describe, expect, ok, readPage, strangeIds, strangeTexts, test } from "../../testkit/index.js";

describe("revokeManagementToken", () => {
  test("the token is refused by the next request, and stays in the list with the reason", async ({ world }) => {
    const { admin } = await world.tenant();
    const { secret, managementToken } = ok(await admin.createToken({ name: "token", role: "DEVELOPER" }));
    const caller = new Caller(world.url, secret);
    await caller.query("{ viewer { id } }");
    world.clock.advance(1_000);
    const revoked = ok(await admin.revokeToken({ id: managementToken.id, reason: " leaked " })).managementToken;
    const revokedAt = new Date(world.clock.now()).toISOString();
    expect(revoked).toEqual({ ...managementToken, revokedAt });
    await expect(caller.query("{ viewer { id } }")).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
      message: expect.stringContaining("revoked"),
    });
    const { nodes } = await readPage(admin, "managementTokens", {}, "revokedAt revokedReason");
    expect(nodes).toContainEqual({ id: managementToken.id, revokedAt, revokedReason: "leaked" });
  });

  test("a second time changes nothing and answers with the first", async ({ world }) => {
    const { admin } = await world.tenant();
    const { id } = ok(await admin.createToken({ name: "token", role: "GUEST" })).managementToken;
    const first = ok(await admin.revokeToken({ id, reason: null }));
    world.clock.advance(1_000);
    expect(await admin.revokeToken({ id, reason: "second" })).toEqual(first);
    const { nodes } = await readPage(admin, "managementTokens", {}, "revokedReason");
    expect(nodes).toContainEqual({ id, revokedReason: null });
  });

  test("a token may revoke itself, which is the last that it does", async ({ world }) => {
    const { tenant } = await world.tenant();
    const caller = await world.caller("ADMIN", { tenantId: tenant.id });
    const { id } = (await caller.query("{ viewer { id } }")).viewer;
    expect(ok(await caller.revokeToken({ id, reason: "done" })).managementToken.revokedAt).not.toBeNull();
    await expect(caller.query("{ viewer { id } }")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });

  test.for(strangeTexts(500))("a reason of $what is refused with its place", async ({ text }, { world }) => {
    const refused = await world.root.revokeToken({ id: world.missingId("ManagementToken"), reason: text });
    expect(refused).toMatchObject({ __typename: "InvalidInputError", code: "INVALID_INPUT" });
    for (const issue of refused.issues) expect(issue.path).toEqual(["reason"]);
  });

  test("another tenant's token, one of the installation and strange ids answer as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenant(), await world.tenant()];
    const missing = await ours.admin.revokeToken({ id: world.missingId("ManagementToken") });
    expect(missing).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    const foreign: string[] = [];
    for (const caller of [theirs.admin, world.root]) foreign.push((await caller.query("{ viewer { id } }")).viewer.id);
    for (const id of [...foreign, ...strangeIds("ManagementToken")]) {
      expect(await ours.admin.revokeToken({ id })).toEqual(missing);
    }
    for (const caller of [theirs.admin, world.root]) await caller.query("{ viewer { id } }");
  });

  test("needs the permission; nobody unknown may", async ({ world }) => {
    const { tenant } = await world.tenant();
    for (const caller of [
      await world.caller("DEVELOPER", { tenantId: tenant.id }),
      await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["TOKENS_CREATE", "TOKENS_READ"] }),
    ]) {
      const { id } = (await caller.query("{ viewer { id } }")).viewer;
      const refused = await caller.revokeToken({ id, reason: "" });
      expect(refused).toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining("tokens:revoke") });
    }
    const unknown = world.anonymous.revokeToken({ id: world.missingId("ManagementToken") });
    await expect(unknown).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
