import { describe, expect, GraphqlFailure, ok, test } from "../../testkit/index.js";

describe("revokeKey", () => {
  test("a revoked key is refused by the next verification", async ({ world }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    expect(await admin.verify(secret)).toMatchObject({ valid: true, code: "VALID" });
    ok(await admin.key("revokeKey", { id: key.id, reason: "left the company" }));
    expect(await admin.verify(secret)).toMatchObject({ valid: false, code: "REVOKED" });
  });

  test("revoking again changes nothing and answers with the first revocation", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    const first = ok(await admin.key("revokeKey", { id: key.id, reason: "first" }));
    world.clock.advance(1_000);
    expect(await admin.key("revokeKey", { id: key.id, reason: "second" })).toEqual(first);
  });

  test("another tenant's key answers as a missing one", async ({ world }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const missing = await ours.admin.key("revokeKey", { id: world.missingId("Key"), reason: "x" });
    expect(missing).toMatchObject({ __typename: "NotFoundError", code: "NOT_FOUND" });
    expect(await ours.admin.key("revokeKey", { id: theirs.key.id, reason: "x" })).toEqual(missing);
    expect(await theirs.admin.verify(theirs.secret)).toMatchObject({ valid: true });
  });

  test("an empty reason is refused with its place", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    expect(await admin.key("revokeKey", { id: key.id, reason: " " })).toMatchObject({
      code: "INVALID_INPUT",
      issues: [{ path: ["reason"] }],
    });
  });

  test("a caller without the permission is forbidden, an anonymous one not known", async ({ world }) => {
    const { tenant, key } = await world.tenantWithKey();
    const developer = await world.caller("DEVELOPER", { tenantId: tenant.id });
    expect(await developer.key("revokeKey", { id: key.id, reason: "x" })).toMatchObject({ code: "FORBIDDEN" });
    const refusal = world.anonymous.key("revokeKey", { id: key.id, reason: "x" });
    await expect(refusal).rejects.toThrow(GraphqlFailure);
    await expect(refusal).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});
