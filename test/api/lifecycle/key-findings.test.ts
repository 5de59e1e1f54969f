import { describe, expect, hour, idsOf, ok, readPage, readPages, test } from "../../testkit/index.js";
import { findingMutation, findingsOf, leakOf } from "../../testkit/lifecycle.js";

describe("keyFindings", () => {
  test("are listed, the latest first, page by page and by filter", async ({ world }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const ids = [(await leakOf(admin, secret)).id];
    for (let count = 0; count < 2; count++) {
      world.clock.advance(hour);
      ids.unshift((await leakOf(admin, (await world.key(tenant.id, owner.id)).secret)).id);
    }
    const pages = await readPages(admin, "keyFindings", { first: 2 });
    expect(idsOf(...pages)).toEqual(ids);
    expect(pages[0]?.totalCount).toBe(3);
    expect(await findingsOf(admin, { keyId: key.id })).toMatchObject([{ id: ids[2] }]);
    expect(await findingsOf(admin, { kind: "IDLE" })).toEqual([]);
    ok(await findingMutation(admin, "resolveKeyFinding", { id: ids[0], reason: "rotated" }));
    expect((await findingsOf(admin, { open: true })).map(({ id }: { id: string }) => id)).toEqual(ids.slice(1));
    expect((await findingsOf(admin, { open: false })).map(({ id }: { id: string }) => id)).toEqual([ids[0]]);
    await expect(readPage(admin, "keyFindings", { first: 101 })).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });

  test("are seen by whoever sees the key, and by nobody else", async ({ world }) => {
    const { tenant, admin, owner, secret } = await world.tenantWithKey();
    const { id } = await leakOf(admin, secret);
    const theirs = await world.tenantWithKey();
    const [person, colleague] = [await world.userCaller(owner), await world.userCaller(await world.user(tenant.id))];
    expect(idsOf(await readPage(person, "keyFindings"))).toEqual([id]);
    for (const caller of [colleague, theirs.admin]) {
      expect(idsOf(await readPage(caller, "keyFindings", { tenantId: tenant.id }))).toEqual([]);
    }
    const guest = await world.caller("GUEST", { tenantId: tenant.id });
    await expect(readPage(guest, "keyFindings")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(readPage(world.anonymous, "keyFindings")).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("resolveKeyFinding", () => {
  test("keeps who dealt with it, when and how, and is told to the audit log; a second time changes nothing", async ({
    world,
  }) => {
    const { admin, key, secret } = await world.tenantWithKey();
    const { id } = await leakOf(admin, secret);
    world.clock.advance(hour);
    const { finding } = ok(await findingMutation(admin, "resolveKeyFinding", { id, reason: "rotated" }));
    const now = new Date(world.clock.now()).toISOString();
    expect(finding).toMatchObject({
      resolvedAt: now,
      resolution: "rotated",
      resolvedBy: expect.stringMatching(/^tok_/),
    });
    world.clock.advance(hour);
    expect(ok(await findingMutation(admin, "resolveKeyFinding", { id, reason: "other" })).finding).toEqual(finding);
    const document = `query ($id: ID!) { auditLog(filter: { targetId: $id }) { nodes { action reason } } }`;
    expect((await admin.query(document, { id })).auditLog.nodes).toEqual([
      { action: "key_finding.resolved", reason: "rotated" },
      { action: "key_finding.raised", reason: null },
    ]);
    expect((await admin.query("query ($id: ID!) { key(id: $id) { status } }", { id: key.id })).key.status).toBe(
      "ACTIVE",
    );
  });

  test("another tenant's finding answers as a missing one; a reason is needed, and the permission", async ({
    world,
  }) => {
    const [ours, theirs] = [await world.tenantWithKey(), await world.tenantWithKey()];
    const { id } = await leakOf(theirs.admin, theirs.secret);
    const resolve = (each: string) => findingMutation(ours.admin, "resolveKeyFinding", { id: each, reason: "x" });
    const missing = await resolve(world.missingId("KeyFinding"));
    expect(missing).toMatchObject({ __typename: "NotFoundError" });
    for (const each of [id, ours.key.id, "x"]) expect(await resolve(each)).toEqual(missing);
    expect(await findingMutation(theirs.admin, "resolveKeyFinding", { id, reason: " " })).toMatchObject({
      code: "INVALID_INPUT",
      issues: [{ path: ["reason"] }],
    });
    const developer = await world.caller("DEVELOPER", { tenantId: theirs.tenant.id });
    const forbidden = { code: "FORBIDDEN", message: expect.stringContaining("keys:update") };
    expect(await findingMutation(developer, "resolveKeyFinding", { id, reason: "x" })).toMatchObject(forbidden);
    await expect(findingMutation(world.anonymous, "resolveKeyFinding", { id, reason: "x" })).rejects.toMatchObject({
      code: "UNAUTHENTICATED",
    });
  });
});
