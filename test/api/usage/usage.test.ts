import {
  type Caller,
  day,
  describe,
  expect,
  hour,
  minute,
  ok,
  readPage,
  test,
  type World,
} from "../../testkit/index.js";
import { allBut } from "../keys/key-changes.js";

interface Group {
  readonly keyId: string | null;
  readonly userId: string | null;
  readonly api: string | null;
  readonly code: string | null;
  readonly tag: string | null;
}

interface Series {
  readonly group: Group;
  readonly totals: { readonly count: number; readonly cost: number; readonly refused: number };
  readonly values: number[];
  readonly points: { readonly start: string; readonly metrics: { readonly count: number } }[];
}

const iso = (at: number): string => new Date(at).toISOString();
const counts = (series: readonly Series[], name: keyof Group) =>
  series.map(({ group, totals }) => [group[name], totals.count]);

/** Two keys of two users, and their calls: all at the present, so that every window around it has them. */
async function twoUsers(world: World) {
  const story = await world.tenantWithKey();
  const { tenant, admin, key } = story;
  const colleague = await world.user(tenant.id);
  const other = (await world.key(tenant.id, colleague.id)).key;
  const calls = [
    { keyId: key.id, api: "orders", cost: 1, tags: ["a"] },
    { keyId: key.id, api: "orders", cost: 2, tags: ["a", "b"] },
    { keyId: key.id, api: "users", cost: 3, code: "REVOKED" },
    { keyId: other.id, api: "users", cost: 10 },
  ];
  ok(await admin.recordUsage(calls));
  return { ...story, colleague, other, window: world.around(tenant.id) };
}

/** Reports a call of cost 1 at each instant, and asks for counts by bucket. */
async function countsBy(caller: Caller, keyId: string, calls: readonly number[], input: object) {
  ok(await caller.recordUsage(calls.map((at) => ({ keyId, at: iso(at) }))));
  const { starts, series, totals } = await caller.usage(input as never);
  const [{ values, points }] = series as [Series];
  // The same numbers in both forms.
  expect(points.map(({ metrics }) => metrics.count)).toEqual(values);
  expect(points.map(({ start }) => start)).toEqual(starts);
  expect(totals.count).toBe(values.reduce((sum, value) => sum + value, 0));
  return { starts: starts as string[], values };
}

/** What is wrong with a question, the part of it (`days`: how far around the present), and the words of the refusal. */
type Wrong = [what: string, part: Record<string, unknown> & { days?: number }, words: string];

describe("usage", () => {
  test("verifications count at once, by outcome, and a refused one costs nothing", async ({ world }) => {
    const { tenant, admin, key, secret } = await world.tenantWithKey();
    await world.verify(secret, 3, { cost: 4 });
    ok(await admin.key("disableKey", { id: key.id }));
    await world.verify(secret, 2, { cost: 4 });
    const { totals, series, completeUntil } = await admin.usage({ ...world.around(tenant.id), bucket: "TOTAL" });
    expect(totals).toMatchObject({ count: 5, valid: 3, refused: 2, cost: 12 });
    expect(new Map(totals.byCode.map(({ code, count }: never) => [code, count]))).toEqual(
      new Map([
        ["VALID", 3],
        ["DISABLED", 2],
      ]),
    );
    expect(totals.latencyMs).toMatchObject({ count: 5, p50: expect.any(Number), p99: expect.any(Number) });
    expect(series).toMatchObject([{ totals, values: [5] }]);
    expect(completeUntil).toBe(world.clock.in(0));
  });

  test("a key that was reissued: its calls belong to whoever owned it then", async ({ world }) => {
    const { tenant, admin, owner, key, secret } = await world.tenantWithKey();
    const heir = await world.user(tenant.id);
    await world.verify(secret, 2);
    const reissued = ok(await admin.keySecret("reissueKey", { id: key.id, ownerId: heir.id }));
    await world.verify(reissued.secret);
    const { series } = await admin.usage({ ...world.around(tenant.id), groupBy: ["USER"] });
    expect(counts(series, "userId")).toEqual([
      [owner.id, 2],
      [heir.id, 1],
    ]);
  });

  test("quantities of the calls' own are summed exactly, by name and by bucket", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const meter = (value: number) => ({ keyId: key.id, meters: [{ name: "tokens", value }] });
    ok(await admin.recordUsage([meter(1e12), meter(1), { keyId: key.id, meters: [{ name: "bytes", value: 7 }] }]));
    const { totals, series } = await admin.usage(
      { ...world.around(tenant.id), bucket: "TOTAL" },
      'totals { meters { name value } } series { values(meter: "tokens") none: values(meter: "none") }',
    );
    expect(new Map(totals.meters.map(({ name, value }: never) => [name, value]))).toEqual(
      new Map([
        ["tokens", 1e12 + 1],
        ["bytes", 7],
      ]),
    );
    expect(series).toEqual([{ values: [1e12 + 1], none: [0] }]);
  });
});

describe("usage: buckets and zones", () => {
  test("minutes, hours, days, months and the whole: each call is in the bucket of its time", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const now = world.clock.now();
    const hourBegan = Math.floor(now / hour) * hour;
    const at = [hourBegan - 1, hourBegan - hour, hourBegan - hour - 1, hourBegan - 90 * minute, hourBegan - 20 * hour];
    ok(await admin.recordUsage(at.map((time) => ({ keyId: key.id, at: iso(time) }))));
    const ask = async (bucket: string, from: number, to: number) => {
      const window = { tenantId: tenant.id, from: iso(from), to: iso(to), bucket };
      const { starts, series } = await admin.usage(window);
      const bounds = [...starts.map((start: string) => Date.parse(start)), to] as number[];
      const expected = bounds
        .slice(1)
        .map((end, index) => at.filter((t) => t >= (bounds[index] ?? 0) && t < end).length);
      expect(series[0].values, bucket).toEqual(expected);
      return bounds;
    };
    expect(await ask("MINUTE", hourBegan - 2 * hour, hourBegan)).toHaveLength(121);
    expect(await ask("HOUR", hourBegan - 21 * hour, hourBegan)).toHaveLength(22);
    const today = Math.floor(now / day) * day;
    expect(await ask("DAY", today - day, today + day)).toEqual([today - day, today, today + day]);
    for (const start of (await ask("MONTH", today - 40 * day, today + day)).slice(1, -1)) {
      expect(iso(start)).toMatch(/-01T00:00:00\.000Z$/);
    }
    expect(await ask("TOTAL", hourBegan - 21 * hour, hourBegan)).toHaveLength(2);
    // The first and the last may be shorter than the rest, and the window is half open.
    await ask("HOUR", hourBegan - hour - 1, hourBegan - 1);
    await ask("MINUTE", hourBegan - 90 * minute - 500, hourBegan - 1);
  });

  test.for(["Asia/Kolkata", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham"])(
    "days and hours of %s begin when its clocks say so",
    async (timeZone, { world }) => {
      const { tenant, admin, key } = await world.tenantWithKey();
      const now = world.clock.now();
      const calls = [now, now - 5 * hour, now - 23 * hour];
      const window = { tenantId: tenant.id, from: iso(now - 2 * day), to: iso(now + hour), timeZone };
      const byDay = await countsBy(admin, key.id, calls, { ...window, bucket: "DAY" });
      const clock = new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" });
      for (const start of byDay.starts.slice(1)) expect(clock.format(new Date(start))).toMatch(/ 00:00:00$/);
      const dates = new Map<string, number>();
      for (const at of calls) {
        const date = clock.format(at).slice(0, 10);
        dates.set(date, (dates.get(date) ?? 0) + 1);
      }
      const found = byDay.starts.map((start, index) => [
        clock.format(new Date(start)).slice(0, 10),
        byDay.values[index],
      ]);
      expect(new Map(found.filter(([, count]) => count !== 0) as [string, number][])).toEqual(dates);
      const byHour = await admin.usage({ ...window, bucket: "HOUR" });
      for (const start of byHour.starts.slice(1)) expect(clock.format(new Date(start))).toMatch(/:00:00$/);
    },
  );

  test("a day of 25 hours has them all, and the hour that comes twice makes two buckets", async ({ world }) => {
    const offset = (at: number): number => {
      const name = new Intl.DateTimeFormat("en", { timeZone: "Europe/Berlin", timeZoneName: "longOffset" });
      return Number(/GMT\+(\d\d)/.exec(name.format(at))?.[1]);
    };
    let change = Math.ceil(world.clock.now() / hour) * hour + day;
    while (!(offset(change - 1) === 2 && offset(change) === 1)) change += hour;
    const midnight = change - 3 * hour;
    // Near the end of the day, whose first hours are not yet too late to be reported.
    world.clock.advance(midnight + 23 * hour - world.clock.now());
    const { tenant, admin, key } = await world.tenantWithKey();
    // Both have half past two on the clock.
    const calls = [midnight, change - hour / 2, change + hour / 2, change + hour / 2];
    const window = {
      tenantId: tenant.id,
      from: iso(midnight),
      to: iso(midnight + 25 * hour),
      timeZone: "Europe/Berlin",
    };
    const byHour = await countsBy(admin, key.id, calls, { ...window, bucket: "HOUR" });
    expect(byHour.starts).toHaveLength(25);
    expect(byHour.values.slice(0, 5)).toEqual([1, 0, 1, 2, 0]);
    const days = await admin.usage({ ...window, to: iso(midnight + 26 * hour), bucket: "DAY" });
    expect(days.starts).toEqual([iso(midnight), iso(midnight + 25 * hour)]);
    expect(days.series[0].values).toEqual([4, 0]);
  });
});

describe("usage: groups", () => {
  test("by each dimension, and by several of them", async ({ world }) => {
    const { admin, owner, colleague, key, other, window } = await twoUsers(world);
    const by = async (...groupBy: string[]) => (await admin.usage({ ...window, groupBy })).series as Series[];
    expect(counts(await by("KEY"), "keyId")).toEqual([
      [key.id, 3],
      [other.id, 1],
    ]);
    expect(counts(await by("USER"), "userId")).toEqual([
      [owner.id, 3],
      [colleague.id, 1],
    ]);
    expect(counts(await by("API"), "api")).toEqual([
      ["orders", 2],
      ["users", 2],
    ]);
    expect(counts(await by("CODE"), "code")).toEqual([
      ["VALID", 3],
      ["REVOKED", 1],
    ]);
    expect(counts(await by("TAG"), "tag")).toEqual([
      ["a", 2],
      [null, 2],
      ["b", 1],
    ]);
    const both = await by("API", "CODE", "API");
    expect(both.map(({ group, totals }) => [group.api, group.code, totals.count])).toEqual([
      ["orders", "VALID", 2],
      ["users", "REVOKED", 1],
      ["users", "VALID", 1],
    ]);
    // Only what is grouped by is set.
    expect(both[0]?.group).toMatchObject({ keyId: null, userId: null, tag: null });
  });

  test("filters: each alone, and all together; empty lists match nothing", async ({ world }) => {
    const { admin, owner, colleague, key, window } = await twoUsers(world);
    const cost = async (filter: Record<string, unknown>) => {
      const { totals } = await admin.usage({ ...window, filter }, "totals { count cost }");
      return [totals.count, totals.cost];
    };
    expect(await cost({})).toEqual([4, 13]);
    expect(await cost({ keyIds: [key.id] })).toEqual([3, 3]);
    expect(await cost({ userIds: [colleague.id] })).toEqual([1, 10]);
    expect(await cost({ userIds: [colleague.id, owner.id] })).toEqual([4, 13]);
    expect(await cost({ apis: ["orders"] })).toEqual([2, 3]);
    expect(await cost({ codes: ["REVOKED"] })).toEqual([1, 0]);
    expect(await cost({ tags: ["b", "none"] })).toEqual([1, 2]);
    expect(await cost({ tags: ["a", "b"] })).toEqual([2, 3]);
    expect(await cost({ valid: true })).toEqual([3, 13]);
    expect(await cost({ valid: false })).toEqual([1, 0]);
    expect(await cost({ userIds: [owner.id], apis: ["users"], valid: true })).toEqual([0, 0]);
    for (const nothing of [{ keyIds: [] }, { userIds: [] }, { apis: [] }, { codes: [] }, { tags: [] }]) {
      expect(await cost(nothing)).toEqual([0, 0]);
    }
    expect(await cost({ keyIds: [world.missingId("Key"), "$ne", "x y"] })).toEqual([0, 0]);
  });

  test("orders, and how many at most: totals are of all series", async ({ world }) => {
    const { admin, key, other, window } = await twoUsers(world);
    const keys = async (orderBy: string) =>
      (await admin.usage({ ...window, groupBy: ["KEY"], orderBy })).series.map(({ group }: Series) => group.keyId);
    expect(await keys("COUNT_DESC")).toEqual([key.id, other.id]);
    expect(await keys("COUNT_ASC")).toEqual([other.id, key.id]);
    expect(await keys("COST_DESC")).toEqual([other.id, key.id]);
    expect(await keys("REFUSED_DESC")).toEqual([key.id, other.id]);
    expect(await keys("GROUP_ASC")).toEqual([key.id, other.id].sort());
    const first = await admin.usage({ ...window, groupBy: ["KEY"], limit: 1 });
    expect(first).toMatchObject({ totalSeries: 2, totals: { count: 4 }, series: [{ group: { keyId: key.id } }] });
    expect(first.series).toHaveLength(1);
  });

  test("values give one quantity for each bucket, as points do", async ({ world }) => {
    const { admin, window } = await twoUsers(world);
    const selection = `series { count: values valid: values(metric: VALID) refused: values(metric: REFUSED)
      cost: values(metric: COST) points { metrics { count valid refused cost } } }`;
    const [series] = (await admin.usage(window, selection)).series;
    const points = series.points.map(({ metrics }: { metrics: Record<string, number> }) => metrics);
    for (const metric of ["count", "valid", "refused", "cost"]) {
      expect(series[metric]).toEqual(points.map((each: Record<string, number>) => each[metric]));
    }
    expect(series.cost.reduce((a: number, b: number) => a + b)).toBe(13);
  });

  test("keys that are asked for and were not used are series of zeros; others are none", async ({ world }) => {
    const { tenant, admin, owner, key, window } = await twoUsers(world);
    const unused = (await world.key(tenant.id, owner.id)).key;
    const report = await admin.usage({ ...window, groupBy: ["KEY"], filter: { keyIds: [unused.id, key.id] } });
    expect(counts(report.series, "keyId")).toEqual([
      [key.id, 3],
      [unused.id, 0],
    ]);
    expect(report.series[1].values.every((value: number) => value === 0)).toBe(true);
    expect(report.series[1].values).toHaveLength(report.starts.length);
    expect((await admin.usage({ ...window, groupBy: ["KEY"] })).totalSeries).toBe(2);
  });

  test("a tenant without usage has one series of zeros, and no group", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const report = await admin.usage(world.around(tenant.id));
    expect(report).toMatchObject({
      totalSeries: 1,
      totals: { count: 0, cost: 0, byCode: [], meters: [], latencyMs: null },
    });
    expect((await admin.usage({ ...world.around(tenant.id), groupBy: ["KEY"] })).series).toEqual([]);
  });

  test("the window before is told beside, of the whole and of each group", async ({ world }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const other = (await world.key(tenant.id, owner.id)).key;
    const now = world.clock.now();
    const call = (keyId: string, ms: number) => ({ keyId, at: iso(now + ms) });
    ok(
      await admin.recordUsage([
        ...[-1, -2].map((ms) => call(key.id, ms)),
        ...[-hour, -hour - 1, -2 * hour].map((ms) => call(key.id, ms)),
        call(other.id, -1),
        call(key.id, -2 * hour - 1), // before both
      ]),
    );
    const window = {
      tenantId: tenant.id,
      from: iso(now - hour + 1),
      to: iso(now + 1),
      bucket: "TOTAL",
      groupBy: ["KEY"],
    };
    const selection =
      "totals { count } previousTotals { count } series { group { keyId } totals { count } previousTotals { count } }";
    expect(await admin.usage(window, selection)).toEqual({
      totals: { count: 3 },
      previousTotals: { count: 2 },
      series: [
        { group: { keyId: key.id }, totals: { count: 2 }, previousTotals: { count: 2 } },
        { group: { keyId: other.id }, totals: { count: 1 }, previousTotals: { count: 0 } },
      ],
    });
  });
});

describe("usage: whose", () => {
  test("another tenant answers exactly as a missing one, and its keys as missing ones", async ({ world }) => {
    const [ours, theirs] = [await twoUsers(world), await twoUsers(world)];
    for (const more of [{}, { groupBy: ["KEY"] }, { groupBy: ["TAG"], filter: { keyIds: [theirs.key.id] } }]) {
      const missing = await ours.admin.usage({ ...world.around(world.missingId("Tenant")), ...more });
      expect(missing.totals.count).toBe(0);
      expect(await ours.admin.usage({ ...theirs.window, ...more })).toEqual(missing);
    }
    const filter = { keyIds: [theirs.key.id] };
    expect((await ours.admin.usage({ ...ours.window, filter })).totals.count).toBe(0);
  });

  test("a tenant that there is not is NOT_FOUND to whoever may see all: a mistyped id must not look like no usage", async ({
    world,
  }) => {
    const id = world.missingId("Tenant");
    const refusal = { code: "NOT_FOUND", message: expect.stringContaining("No tenant with this id") };
    await expect(world.root.usage(world.around(id))).rejects.toMatchObject(refusal);
    await expect(world.root.invalidAttempts(world.around(id))).rejects.toMatchObject(refusal);
    await expect(readPage(world.root, "usageEvents", { tenantId: id })).rejects.toMatchObject(refusal);
  });

  test("a person's token sees the usage of their own keys only: in totals, series, points and comparison", async ({
    world,
  }) => {
    const { owner, colleague, key, other, window } = await twoUsers(world);
    const person = await world.caller("DEVELOPER", { userId: owner.id });
    const all = await person.usage({ ...window, groupBy: ["KEY"] });
    expect(all.totals).toMatchObject({ count: 3, cost: 3 });
    expect(counts(all.series, "keyId")).toEqual([[key.id, 3]]);
    expect(all.totalSeries).toBe(1);
    for (const filter of [
      { userIds: [colleague.id] },
      { keyIds: [other.id] },
      { userIds: [colleague.id], keyIds: [other.id] },
    ]) {
      const { totals, series } = await person.usage({ ...window, filter });
      expect([totals.count, series[0].values.reduce((a: number, b: number) => a + b, 0)]).toEqual([0, 0]);
    }
    const both = await person.usage({ ...window, filter: { userIds: [colleague.id, owner.id] } });
    expect(both.totals.count).toBe(3);
    const later = { ...window, from: world.clock.in(1), to: world.clock.in(2 * hour) };
    expect(await person.usage(later, "previousTotals { count }")).toEqual({ previousTotals: { count: 3 } });
  });

  test("a developer of the tenant sees all of it, and a caller of the whole installation every tenant's", async ({
    world,
  }) => {
    const { tenant, window } = await twoUsers(world);
    for (const caller of [world.root, await world.caller("DEVELOPER", { tenantId: tenant.id })]) {
      expect((await caller.usage(window)).totals.count).toBe(4);
    }
  });

  test("is not there for who may not read usage, nor for who is not known", async ({ world }) => {
    const { tenant } = await world.tenant();
    for (const caller of [await allBut(world, tenant.id, "usage:read"), await world.caller("GUEST")]) {
      await expect(caller.usage(world.around(tenant.id))).rejects.toMatchObject({
        code: "FORBIDDEN",
        message: expect.stringContaining("usage:read"),
      });
    }
    await expect(world.anonymous.usage(world.around(tenant.id))).rejects.toMatchObject({ code: "UNAUTHENTICATED" });
  });
});

describe("usage: what is refused, with its place and what to do", () => {
  test.for([
    ["an empty window", { days: 0 }, "to: Give a `to` after `from`"],
    ["a limit of 0", { limit: 0 }, "limit: Ask for at least 1 series"],
    ["a limit of 1001", { limit: 1_001 }, "limit: Ask for at most 1000 series"],
    ["a zone that there is not", { timeZone: "Europe/Atlantis" }, "timeZone: Give the IANA name"],
    ["an offset for a zone", { timeZone: "+01:00" }, "timeZone: Give the IANA name"],
    ["1001 keys", { filter: { keyIds: Array.from({ length: 1_001 }, () => "x") } }, "filter.keyIds: Give at most 1000"],
    ["a long tag", { filter: { tags: ["x".repeat(65)] } }, "filter.tags.0"],
    ["more than 10000 buckets", { days: 4, bucket: "MINUTE" }, "bucket: The window has more than 10,000 buckets"],
    ["hours that are no longer kept", { days: 100, bucket: "HOUR" }, "from: "],
  ] as Wrong[])("$0", async ([, { days, ...wrong }, words], { world }) => {
    const { tenant, admin } = await world.tenant();
    const asked = admin.usage({ ...world.around(tenant.id, (days ?? 1) * day), ...wrong });
    await expect(asked).rejects.toMatchObject({ code: "BAD_USER_INPUT", message: expect.stringContaining(words) });
  });

  test.for([{ bucket: "WEEK" }, { groupBy: ["COLOUR"] }, { from: "yesterday" }, { from: "2026-02-30T00:00:00Z" }])(
    "%j is none of what there is",
    async (wrong, { world }) => {
      const { tenant, admin } = await world.tenant();
      await expect(admin.usage({ ...world.around(tenant.id), ...wrong })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
      });
    },
  );

  test("more than 50000 points at once: values, wider buckets or fewer series are the way", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    ok(await admin.recordUsage(Array.from({ length: 60 }, (_, index) => ({ keyId: key.id, tags: [`tag-${index}`] }))));
    const window = { ...world.around(tenant.id, 8 * hour), bucket: "MINUTE", groupBy: ["TAG"] };
    await expect(admin.usage(window, "series { points { start } }")).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringMatching(/^BAD_USER_INPUT: points: 60 series of 96[01] buckets .*`values`/),
    });
    expect((await admin.usage(window, "series { values }")).series).toHaveLength(60);
    expect((await admin.usage({ ...window, limit: 50 }, "series { points { start } }")).series).toHaveLength(50);
  });
});
