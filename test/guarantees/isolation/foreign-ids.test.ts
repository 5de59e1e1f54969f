import type { IdKind } from "@keyplane/schema";
import { afterAll } from "vitest";
import { callOf, type Ids, kindsAt, kindsNamedBy } from "../../testkit/any-call.js";
import { describe, expect, malformedIds, ok, test, type World } from "../../testkit/index.js";
import { everyRow } from "../../testkit/rows.js";
import { StatementCount } from "../../testkit/statement-count.js";
import { endIssuers } from "./holders.js";
import {
  askablePlaces,
  askWith,
  everyPlace,
  inParts,
  isOfInstallation,
  leaksAt,
  sendBatch,
  withoutNames,
} from "./leaks.js";
import { everyPair, type FullTenant, fullTenant, type Pair, twoTenants } from "./story.js";

const cases = askablePlaces.map((at) => [at.name, at] as const);

let pairs: Promise<Pair[]> | undefined;
const thePairs = (world: World) => {
  pairs ??= everyPair(world);
  return pairs;
};

let count: StatementCount | undefined;
afterAll(() => count?.stop());
afterAll(endIssuers);

/** Every row that names any of somebody's things. */
async function rowsOf(world: World, ids: readonly string[]): Promise<string[]> {
  return (await everyRow(world.server)).filter((row) => ids.some((id) => row.includes(id)));
}

describe("isolation: somebody else's id answers byte for byte as a missing one, at the same price, and changes nothing", () => {
  test("there is something to test", () => {
    expect(cases.length).toBeGreaterThan(40);
    expect(everyPlace.length).toBeGreaterThan(cases.length);
  });

  let before: string[] = [];
  test("what there is before", async ({ world }) => {
    await thePairs(world);
    const [ours, theirs] = await twoTenants(world);
    before = await rowsOf(world, [...Object.values(ours.ids), ...Object.values(theirs.ids)]);
    expect(before.length).toBeGreaterThan(10);
  });

  test.for(cases)("%s", async ([, at], { world }) => {
    count ??= new StatementCount(world.server);
    const leaks: string[] = [];
    for (const pair of await thePairs(world)) leaks.push(...(await leaksAt(world, count, pair, at)));
    expect(leaks).toEqual([]);
  });

  test.for(cases)("%s takes ids of any form for missing, or refuses them", async ([, at], { world }) => {
    const [ours, theirs] = await twoTenants(world);
    const kinds = at.field.field.name === "node" ? (["Key"] as const) : kindsAt(at.field, at.place);
    // Well-formed ids of things that exist, here and there, but not of this kind: as if there were none.
    const others = [...Object.entries(theirs.ids), ...Object.entries(ours.ids)]
      .filter(([kind]) => !kinds.includes(kind as IdKind) && at.field.field.name !== "node")
      .map(([, id]) => id);
    const nameless = Object.values(ours.ids);
    // Together: each by itself would take most of the time of this file.
    const askAll = async (ids: readonly string[]) => {
      const { status, answers } = await sendBatch(
        ours.admin,
        ids.map((id) => callOf(at.field, ours.own, { [at.place]: id })),
      );
      expect([status, answers.length]).toEqual([200, ids.length]);
      return answers.map((answer, index) => withoutNames(JSON.stringify(answer), [ids[index] ?? "", ...nameless]));
    };
    const [missing] = await askAll([world.missingId(kinds[0] ?? "Key")]);
    for (const part of inParts(others)) expect(await askAll(part)).toEqual(part.map(() => missing));
    for (const part of inParts(malformedIds(kinds[0] ?? "Key"))) {
      const calls = part.map((id) => callOf(at.field, ours.own, { [at.place]: id }));
      const { status, text, answers } = await sendBatch(ours.admin, calls);
      expect([status, answers.length]).toEqual([200, part.length]);
      expect(text).not.toMatch(/"INTERNAL"|Prisma|invalid byte/);
      for (const id of Object.values(theirs.ids)) if (!part.includes(id)) expect(text).not.toContain(id);
    }
  });

  test("and after all of it, everything is as it was", async ({ world }) => {
    const [ours, theirs] = await twoTenants(world);
    expect(await rowsOf(world, [...Object.values(ours.ids), ...Object.values(theirs.ids)])).toEqual(before);
  });
});

// Without this, a call that fails for another reason would pass above whatever it does.
describe("isolation: one's own id answers something else", () => {
  /** What only the operator of the installation may do to a tenant. */
  const installationOnly = ["suspendTenant", "resumeTenant"];

  /** What is asked of `can` is about users. Limits of a tenant are the operator's, and only the story's key has a quota. */
  const asked: Readonly<Record<string, readonly IdKind[]>> = {
    node: ["Tenant"],
    // A new one has no webhook yet.
    createTenant: [],
    can: ["User"],
    setRateLimits: ["Key", "User", "Api"],
    setQuota: ["Key", "User"],
    topUpQuota: ["Key"],
    resetQuota: ["Key"],
    removeQuota: ["Key"],
  };

  /** What there must be for a change besides what it names. */
  const beside: Readonly<Record<string, readonly IdKind[]>> = {
    deleteRole: ["ManagementToken"],
    signOutEverywhere: ["Session"],
    topUpQuota: ["Quota"],
    resetQuota: ["Quota"],
    removeQuota: ["Quota"],
  };

  /** What must be out of the way before one's own thing can be deleted. */
  async function makeRoom({ ids, admin }: FullTenant, field: string): Promise<void> {
    if (field === "deleteRole") {
      ok(await admin.user("updateUser", { id: ids.User, customRoleId: null }));
      ok(await admin.revokeToken({ id: ids.ManagementToken }));
    }
    if (field === "deleteTeam") ok(await admin.key("updateKey", { id: ids.Key, teamId: null }));
  }

  test.for(cases.filter(([, at]) => !isOfInstallation(at.field)))("%s", async ([, at], { world }) => {
    const [ours] = await twoTenants(world);
    const changes = at.field.parent.name === "Mutation" && at.field.field.name !== "recordUsage";
    for (const kind of asked[at.field.field.name] ?? kindsAt(at.field, at.place)) {
      const only = [
        kind,
        ...(beside[at.field.field.name] ?? []),
        ...kindsNamedBy((own) => callOf(at.field, own, { [at.place]: "" })),
      ];
      const full = changes ? await fullTenant(world, { only }) : ours;
      await makeRoom(full, at.field.field.name);
      const caller = installationOnly.includes(at.field.field.name) ? world.root : full.admin;
      const pair: Pair = { who: "ADMIN", caller, own: full.own, theirs: {} };
      // The actor of what happened in the tenant is whoever did it: here, its administrator.
      const ids: Ids = at.place.endsWith("actorId")
        ? { ...full.ids, ManagementToken: (await full.admin.query("{ viewer { id } }")).viewer.id }
        : full.ids;
      const missing = await askWith(pair, at, world.missingId(kind));
      const answer = await askWith(pair, at, ids[kind] ?? "");
      expect(answer).not.toEqual(missing);
      expect(answer.body).not.toMatch(/"errors":|"__typename":"\w+Error"/);
    }
  });
});
