import { describe, expect, test } from "../test-helpers/guard-story.js";

const api = { id: "api_1", slug: "orders", name: "Orders", isOpen: false, isDeleted: false };

describe.each(["lazy", "full"] as const)("in the mode %s", (mode) => {
  test("access to an API is decided from memory, and follows every change", async ({ story }) => {
    const { guard, key } = await story.withKey({ mode });
    const verify = (asked: string) => guard.verify(key.secret, { api: asked });
    expect(await verify("anything")).toMatchObject({ code: "VALID", api: null });
    const versions = [{ name: "v1", deprecatedAt: 0, retiredAt: null }];
    story.plane.updateTenant({ apis: [{ ...api, versions }] });
    await story.moment();
    expect(await verify("orders")).toMatchObject({ code: "API_NOT_GRANTED" });
    expect(await verify("anything")).toMatchObject({ code: "API_NOT_GRANTED", api: null });
    story.plane.grantApis(key.id, [{ apiId: api.id, status: "GRANTED" }]);
    await story.moment();
    expect(await verify("orders")).toMatchObject({ code: "VALID", hint: null, source: "local" });
    expect(await verify("orders@v1")).toMatchObject({
      code: "VALID",
      hint: expect.stringContaining("deprecated"),
      api: { slug: "orders", version: "v1", deprecatedAt: "1970-01-01T00:00:00.000Z", retiredAt: null },
    });
    story.plane.updateTenant({ apis: [{ ...api, versions: [{ name: "v1", deprecatedAt: 0, retiredAt: 1 }] }] });
    await story.moment();
    expect(await verify("orders@v1")).toMatchObject({ code: "API_RETIRED" });
    story.plane.grantApis(key.id, [{ apiId: api.id, status: "REVOKED" }]);
    await story.moment();
    expect(await verify("orders")).toMatchObject({ code: "API_NOT_GRANTED" });
    expect(await guard.verify(key.secret)).toMatchObject({ code: "VALID", api: null });
  });
});

test.for(["lazy", "full"] as const)(
  "calls of an API with limits are decided by the server, all others from memory, %s",
  async (mode, { story }) => {
    const { guard, key } = await story.withKey({ mode });
    const source = async (asked?: string) => (await guard.verify(key.secret, { api: asked })).source;
    const [open, other] = [
      { ...api, isOpen: true, versions: [{ name: "v1", deprecatedAt: null, retiredAt: null }] },
      { ...api, id: "api_2", slug: "invoices", isOpen: true, versions: [] },
    ];
    for (const isLimited of [false, true, false]) {
      story.plane.updateTenant({ apis: [{ ...open, isLimited }, other] });
      await story.moment();
      for (const name of ["orders", "api_1", "orders@v1"]) {
        expect([name, await source(name)]).toEqual([name, isLimited ? "server" : "local"]);
      }
      expect([await source(), await source("invoices"), await source("none")]).toEqual(["local", "local", "local"]);
    }
  },
);

test("calls of a version are handed over as such, and those that name the API by its id by its slug", async ({
  story,
}) => {
  const { guard, key } = await story.withKey();
  const versions = [{ name: "v1", deprecatedAt: null, retiredAt: null }];
  story.plane.updateTenant({ apis: [{ ...api, isOpen: true, versions }] });
  await story.moment();
  for (const asked of ["orders@v1", "api_1@v1", "orders", "orders@v2"]) await guard.verify(key.secret, { api: asked });
  await guard.close();
  const labels = [...story.server.usage.values()].flatMap((event) => event.api ?? []);
  expect(labels).toEqual(["orders@v1", "orders@v1", "orders", "orders@v2"]);
});

test("a name of an API that no server would take is refused as a mistake", async ({ story }) => {
  const { guard, key } = await story.withKey();
  await expect(guard.verify(key.secret, { api: "a b" })).rejects.toThrow(TypeError);
});
