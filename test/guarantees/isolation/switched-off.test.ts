import { permissions } from "@keyplane/schema";
import { afterAll, vi } from "vitest";
// The mechanism itself, so that it can be switched off here.
import * as bounds from "../../../packages/server/src/modules/auth/authorize.js";
import * as store from "../../../packages/server/src/modules/keys/keys.store.js";
import { describe, expect, test } from "../../testkit/index.js";
import { StatementCount } from "../../testkit/statement-count.js";
import { wrongAccess } from "./access.js";
import { everyone } from "./callers.js";
import { endIssuers } from "./holders.js";
import { askablePlaces, leaksAt } from "./leaks.js";
import { fullTenant, type Pair } from "./story.js";

afterAll(endIssuers);

// A suite that passes whatever the server does is worth nothing: these tests switch isolation off, and insist that it fails.

describe("isolation switched off is found", () => {
  test("when the bounds of callers are none: another tenant's things are told apart from missing ones nearly everywhere", async ({
    world,
  }) => {
    const [ours, theirs] = [await fullTenant(world), await fullTenant(world)];
    const pair: Pair = { who: "ADMIN", caller: ours.admin, own: ours.own, theirs: theirs.ids };
    const places = askablePlaces.filter(
      ({ field, place }) => field.parent.name === "Query" && /^(?:id|tenantId)$/.test(place),
    );
    const count = new StatementCount(world.server);
    const spies = [
      vi.spyOn(bounds, "visibleTo").mockReturnValue(bounds.everything),
      vi.spyOn(bounds, "canSee").mockReturnValue(true),
    ];
    try {
      const found: string[] = [];
      for (const at of places) if ((await leaksAt(world, count, pair, at)).length > 0) found.push(at.name);
      expect(found).toEqual(expect.arrayContaining(["Query.key at id", "Query.node at id", "Query.keys at tenantId"]));
      expect(found.length).toBeGreaterThan(places.length / 2);
      // A change, too. Last, because it happens.
      const [revoke] = askablePlaces.filter(({ field }) => field.name === "Mutation.revokeKey");
      if (!revoke) throw new Error("there is no revokeKey");
      expect(await leaksAt(world, count, pair, revoke)).not.toEqual([]);
    } finally {
      for (const spy of spies) spy.mockRestore();
      count.stop();
    }
  });

  test("when roles are given every permission: each that is not listed is named", async ({ world }) => {
    const tenant = await fullTenant(world);
    const all = Object.keys(permissions) as never;
    const spies = [
      vi.spyOn(bounds, "permissionsWithin").mockReturnValue(all),
      vi.spyOn(bounds, "permissionsOfHolder").mockReturnValue(all),
    ];
    try {
      const guest = (await everyone(world, tenant)).find(({ who }) => who === "a tenant's GUEST");
      if (!guest) throw new Error("there is no GUEST");
      const wrong = await wrongAccess(world, guest);
      expect(wrong.length).toBeGreaterThan(35);
      expect(wrong.every((each) => each.startsWith("a tenant's GUEST, ") && each.includes("expected FORBIDDEN"))).toBe(
        true,
      );
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  });

  test("when a thing costs more to find than to miss: that is told, though the answers are the same", async ({
    world,
  }) => {
    const [ours, theirs] = [await fullTenant(world), await fullTenant(world)];
    const pair: Pair = { who: "ADMIN", caller: ours.admin, own: ours.own, theirs: theirs.ids };
    const [at] = askablePlaces.filter(({ name }) => name === "Query.key at id");
    if (!at) throw new Error("there is no key");
    const count = new StatementCount(world.server);
    // As somebody could write it: first whether there is such a key, then whether the caller may see it.
    const { findKey } = store;
    const spy = vi.spyOn(store, "findKey").mockImplementation(async (db, visibility, id) => {
      const key = await findKey(db, bounds.everything, id);
      return key && findKey(db, visibility, id);
    });
    try {
      const [leak = ""] = await leaksAt(world, count, pair, at);
      expect(leak).toMatch(/asks the database Key\.\w+\nKey\.\w+, and of a missing one Key\.\w+$/);
    } finally {
      spy.mockRestore();
      count.stop();
    }
  });
});
