import { describe, expect, minute, ok, test } from "../../testkit/index.js";
import { readRecords } from "../../testkit/records.js";

describe("verifyKey with an api", () => {
  test("in a tenant without APIs only counts by it", async ({ world }) => {
    const { admin, secret } = await world.tenantWithKey();
    expect(await admin.verify(secret, { api: "orders/v2" })).toMatchObject({ code: "VALID", api: null });
  });

  test("follows the key's access, from the next verification on: by slug, by id and by version", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    const { id, slug } = await world.api(tenant.id, { name: "Orders", versions: [{ name: "v1" }, { name: "v2" }] });
    const both = { apiId: id, keyId: key.id };
    const verify = (api: string) => admin.verify(secret, { api });
    const refusedWith = (words: string) => ({ code: "API_NOT_GRANTED", message: expect.stringContaining(words) });
    expect(await verify(slug)).toMatchObject(refusedWith("has no access to Orders"));
    const { apiGrant } = ok(await admin.apiGrant("requestApiAccess", both));
    expect(await verify(slug)).toMatchObject(refusedWith("waits for approval"));
    ok(await admin.apiGrant("refuseApiAccess", { id: apiGrant.id, reason: "x" }));
    expect(await verify(slug)).toMatchObject(refusedWith("refused"));
    ok(await admin.apiGrant("approveApiAccess", { id: apiGrant.id }));
    const api = { id, slug, name: "Orders", deprecatedAt: null, retiredAt: null };
    expect(await verify(slug)).toMatchObject({ code: "VALID", hint: null, api: { ...api, version: null } });
    expect(await verify(id)).toMatchObject({ code: "VALID", api: { ...api, version: null } });
    expect(await verify(`${slug}@v2`)).toMatchObject({ code: "VALID", api: { ...api, version: "v2" } });
    ok(await admin.apiGrant("revokeApiAccess", { id: apiGrant.id, reason: "x" }));
    expect(await verify(slug)).toMatchObject(refusedWith("was revoked"));
    // What asks for no API is not concerned.
    expect(await admin.verify(secret)).toMatchObject({ code: "VALID", api: null });
  });

  test("that the tenant does not have is refused, also when it was deleted or is another tenant's", async ({
    world,
  }) => {
    const { tenant, admin, secret } = await world.tenantWithKey();
    const other = await world.tenant();
    const theirs = await world.api(other.tenant.id, { access: "OPEN" });
    expect(await admin.verify(secret, { api: theirs.slug })).toMatchObject({ code: "VALID", api: null });
    const open = await world.api(tenant.id, { access: "OPEN", versions: [{ name: "v1" }] });
    const unknown = { code: "API_NOT_GRANTED", api: null, message: expect.stringContaining("no API or version") };
    for (const api of [theirs.slug, theirs.id, "orders/v2", `${open.slug}@v9`]) {
      expect(await admin.verify(secret, { api })).toMatchObject(unknown);
    }
    expect(await admin.verify(secret, { api: open.slug })).toMatchObject({ code: "VALID" });
    ok(await admin.api("deleteApi", { id: open.id }));
    expect(await admin.verify(secret, { api: open.slug })).toMatchObject(unknown);
  });

  test("says that a version is deprecated, and refuses one that is retired", async ({ world }) => {
    const { tenant, admin, secret } = await world.tenantWithKey();
    const [deprecatedAt, retiredAt] = [world.clock.in(minute), world.clock.in(2 * minute)];
    const versions = [{ name: "v1", deprecatedAt, retiredAt }];
    const { slug } = await world.api(tenant.id, { access: "OPEN", versions });
    const verify = () => admin.verify(secret, { api: `${slug}@v1` });
    expect(await verify()).toMatchObject({ code: "VALID", hint: null, api: { deprecatedAt, retiredAt } });
    world.clock.advance(minute);
    expect(await verify()).toMatchObject({ code: "VALID", hint: expect.stringContaining(`refused from ${retiredAt}`) });
    world.clock.advance(minute);
    expect(await verify()).toMatchObject({ valid: false, code: "API_RETIRED", hint: null, api: { slug } });
    expect(await admin.verify(secret, { api: slug })).toMatchObject({ code: "VALID" });
  });

  test("counts usage by slug and version, however it was asked for", async ({ world }) => {
    const { tenant, admin, secret } = await world.tenantWithKey();
    const { id, slug } = await world.api(tenant.id, { access: "OPEN", versions: [{ name: "v1" }] });
    for (const api of [slug, id, `${slug}@v1`]) await admin.verify(secret, { api });
    const { series } = await admin.usage({ ...world.around(tenant.id), bucket: "TOTAL", groupBy: ["API"] });
    const counts = series.map(({ group, totals }: { group: { api: string }; totals: { count: number } }) => [
      group.api,
      totals.count,
    ]);
    expect(Object.fromEntries(counts)).toEqual({ [slug]: 2, [`${slug}@v1`]: 1 });
  });

  test("is decided alike by verifiers that decide by themselves: records carry APIs and grants", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const { id, slug } = await world.api(tenant.id, { name: "Orders", versions: [{ name: "v1" }] });
    ok(await admin.apiGrant("grantApiAccess", { apiId: id, keyId: key.id }));
    const lines = await readRecords(admin, { keyIds: [key.id] });
    const versions = [{ name: "v1", deprecatedAt: null, retiredAt: null }];
    expect(lines.find(({ type }) => type === "tenant").apis).toEqual([
      { id, slug, name: "Orders", isOpen: false, isDeleted: false, isLimited: false, versions },
    ]);
    expect(lines.find(({ type }) => type === "key").grants).toEqual([{ apiId: id, status: "GRANTED" }]);
  });
});
