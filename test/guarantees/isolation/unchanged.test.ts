import { afterAll, beforeAll, vi } from "vitest";
import * as store from "../../../packages/server/src/modules/apis/apis.store.js";
import { describe, expect, startServer, type TestServer, test, World } from "../../testkit/index.js";
import { everyone } from "./callers.js";
import { endIssuers, type Someone } from "./holders.js";
import { type FullTenant, fullTenant } from "./story.js";
import { askForbidden, changedByRefusals, rowsOfAll } from "./unchanged.js";

/** One of its own: what others have left to be done in the background would look like a change. */
let server: TestServer;
let world: World;
beforeAll(async () => {
  server = await startServer();
  world = new World(server);
});
afterAll(async () => {
  await endIssuers();
  await server.stop();
});

let people: Promise<[FullTenant, Someone[]]> | undefined;
const thePeople = (world: World) => {
  people ??= fullTenant(world).then(async (tenant) => [tenant, await everyone(world, tenant)]);
  return people;
};

const might = ({ permissions }: Someone) => permissions?.size ?? 0;

describe("isolation: an answer other than success has changed nothing", () => {
  test("every mutation that somebody may not call, as everybody, with ids of what there is", async () => {
    const [tenant, everybody] = await thePeople(world);
    const before = await rowsOfAll(world);
    let asked = 0;
    for (const someone of everybody) asked += await askForbidden(world, someone, tenant.own);
    expect(asked).toBeGreaterThan(1_000);
    expect(await rowsOfAll(world)).toEqual(before);
  });

  test("every mutation that somebody may call, and that is refused for another reason", async () => {
    const [tenant, everybody] = await thePeople(world);
    // Whoever may do the least is first, and finds everything in place; the operator, who may suspend the tenant, is last.
    const inOrder = everybody.toSorted(
      (one, other) => Number(one.tenantId === null) - Number(other.tenantId === null) || might(one) - might(other),
    );
    const wrong: string[] = [];
    let refused = 0;
    for (const someone of inOrder) {
      const found = await changedByRefusals(world, someone, tenant.own);
      wrong.push(...found.wrong);
      refused += found.refused;
    }
    expect(wrong).toEqual([]);
    expect(refused).toBeGreaterThan(100);
  });

  test("and one that has changed something is found", async () => {
    const tenant = await fullTenant(world);
    const { tenantId, token } = { tenantId: tenant.ids.Tenant, token: tenant.admin.token };
    const creator: Someone = { who: "ADMIN", token, permissions: new Set(["apis:create"]), tenantId, userId: null };
    // As somebody could write it: what was made is looked for afterwards, and not found.
    const spy = vi.spyOn(store, "lockApi").mockResolvedValue(null);
    try {
      const { wrong } = await changedByRefusals(world, creator, tenant.own);
      expect(wrong).toContain("ADMIN: Mutation.createApi answered NOT_FOUND, and did api.created");
      expect(wrong.some((each) => each.startsWith("ADMIN: wrote Api "))).toBe(true);
    } finally {
      spy.mockRestore();
    }
  });
});
