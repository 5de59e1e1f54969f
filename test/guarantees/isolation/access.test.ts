import { afterAll } from "vitest";
import { everyRootField } from "../../testkit/any-call.js";
import { Caller, describe, expect, test, type World } from "../../testkit/index.js";
import { nodeKinds, wrongAccess, wrongNestedAccess } from "./access.js";
import { everyone, type Someone } from "./callers.js";
import { endIssuers } from "./holders.js";
import { type FullTenant, fullTenant } from "./story.js";

afterAll(endIssuers);

let people: Promise<[FullTenant, Someone[]]> | undefined;
const thePeople = (world: World) => {
  people ??= fullTenant(world, { used: true }).then(async (tenant) => [tenant, await everyone(world, tenant)]);
  return people;
};

describe("isolation: nobody does what the registry of permissions does not list for them, and everybody does what it does", () => {
  test("there is something to test", async ({ world }) => {
    expect((await thePeople(world))[1].length).toBeGreaterThan(35);
    expect(everyRootField().length).toBeGreaterThan(35);
    expect(nodeKinds().length).toBeGreaterThan(2);
  });

  test("viewer says of everybody what the registry says, and whose they are", async ({ world }) => {
    for (const { who, token, permissions, tenantId, userId } of (await thePeople(world))[1]) {
      if (!permissions) continue;
      const { viewer } = await new Caller(world.url, token).query("{ viewer { permissions tenantId userId } }");
      const expected = [...permissions].map((each) => each.replace(":", "_").toUpperCase()).sort();
      expect({ who, ...viewer, permissions: viewer.permissions.toSorted() }).toEqual({
        who,
        permissions: expected,
        tenantId,
        userId,
      });
    }
  });

  test("every query, mutation, subscription and node, as everybody", async ({ world }) => {
    const wrong: string[] = [];
    for (const someone of (await thePeople(world))[1]) wrong.push(...(await wrongAccess(world, someone)));
    expect(wrong).toEqual([]);
  });

  test("every field within an answer that asks for a permission, as everybody who is known", async ({ world }) => {
    const [tenant, everybody] = await thePeople(world);
    const wrong: string[] = [];
    for (const someone of everybody) {
      // A person sees only what is their own, and has none of the things that the fields are of.
      if (someone.permissions && !someone.userId) wrong.push(...(await wrongNestedAccess(world, someone, tenant.own)));
    }
    expect(wrong).toEqual([]);
  });
});
