import { describe, expect, test } from "vitest";
import { BadUserInputError, KeyplaneError } from "../../platform/errors.js";
import type { Principal } from "../auth/index.js";
import type { Metrics, UsageAnswer, UsageGroup, UsageQuestion } from "./reports/questions.js";
import type { UsageRecording } from "./usage.recording.js";
import { createUsage } from "./usage.service.js";

const metrics = (count: number): Metrics => ({ count, valid: count, cost: 0, byCode: {}, meters: {}, latencyMs: null });
const series = (group: UsageGroup, count: number) => ({ group, totals: metrics(count), columns: null });
const answerOf = (of: UsageAnswer["series"], totalSeries = of.length): UsageAnswer => ({
  starts: Float64Array.of(0),
  series: of,
  totalSeries,
  totals: metrics(of.reduce((sum, { totals }) => sum + totals.count, 0)),
});

const principal = (tenantId: string | null): Principal => ({
  kind: "management_token",
  id: "tok_a",
  name: "a",
  role: "ADMIN",
  permissions: new Set(["usage:read"] as const),
  tenantId,
  userId: null,
  onlyUserId: null,
  customRoleId: null,
  teamIds: [],
  grantableScopes: null,
  expiresAt: null,
  requestId: "req_a",
  address: null,
});
const wants = { points: false, latency: false, meters: false };
const window = { tenantId: "ten_a", from: new Date(10_000), to: new Date(20_000) };

/** The service, with answers of the test's own: the first to the question, the others about the window before. */
function usageWith(...answers: (UsageAnswer | Error)[]) {
  const asked: UsageQuestion[] = [];
  const tenants: (string | null)[] = [];
  const recording = {
    settle: async () => {},
    completeUntil: async () => 0,
    feed: { watch: (tenantId: string) => tenants.push(tenantId) },
    ask: async (method: string, argument: { question: UsageQuestion }) => {
      tenants.push(argument.question.tenantId);
      if (method === "attempts") return { starts: Float64Array.of(0), series: [], totalSeries: 0, total: 0 };
      if (method === "countEvents") return 0;
      if (method === "events") return [];
      asked.push(argument.question);
      const answer = answers.shift() ?? answerOf([]);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  const usage = createUsage({
    findKeyIdsOfTeams: async () => [],
    tenantExists: async () => true,
    recording: recording as unknown as UsageRecording,
    clock: { now: () => 30_000 },
  });
  return { usage, asked, tenants };
}

describe("the window before", () => {
  test("is asked only for the groups that are shown, within the caller's own filter", async () => {
    const shown = [
      series({ keyId: "key_1", code: "VALID", tag: "x" }, 5),
      series({ keyId: "key_2", code: "EXPIRED" }, 3),
    ];
    const { usage, asked } = usageWith(answerOf(shown, 50_000));
    const filter = { userIds: ["usr_a"], tags: ["x"], keyIds: ["key_1", "key_2", "key_3"] };
    const question = { ...window, groupBy: ["KEY", "CODE", "TAG"], filter, orderBy: "COUNT_ASC", limit: 2 };
    const report = await usage.report(principal(null), question, wants);
    await report.previousTotalsOf({ keyId: "key_1", code: "VALID", tag: "x" });
    await report.previousTotalsOf({ keyId: "key_2", code: "EXPIRED" });
    expect(asked).toHaveLength(2);
    expect(asked[1]).toMatchObject({ from: 0, to: 10_000, bucket: "TOTAL", groupBy: ["KEY", "CODE", "TAG"] });
    expect(asked[1]?.filter).toEqual({
      userIds: ["usr_a"],
      tags: ["x"],
      keyIds: ["key_1", "key_2"],
      codes: ["VALID", "EXPIRED"],
    });
    // Those with most calls, whatever comes first in the answer: what is cut off is least.
    expect(asked[1]?.orderBy).toBe("COUNT_DESC");
  });

  test("a dimension without a value cannot be filtered by, and is not", async () => {
    const { usage, asked } = usageWith(
      answerOf([series({ userId: null, api: "a" }, 5), series({ userId: "u", api: "b" }, 1)]),
    );
    const report = await usage.report(principal(null), { ...window, groupBy: ["USER", "API"] }, wants);
    await report.previousTotalsOf({ userId: "u", api: "b" });
    expect(asked[1]?.filter).toEqual({ apis: ["a", "b"] });
  });

  test("a group that is not among those found had nothing; where others were cut off, nobody knows", async () => {
    const now = answerOf([series({ tag: "a" }, 5), series({ tag: "b" }, 1)]);
    const all = usageWith(now, answerOf([series({ tag: "a" }, 7)]));
    const known = await all.usage.report(principal(null), { ...window, groupBy: ["TAG"] }, wants);
    expect(await known.previousTotalsOf({ tag: "a" })).toMatchObject({ count: 7 });
    expect(await known.previousTotalsOf({ tag: "b" })).toMatchObject({ count: 0 });
    const some = usageWith(now, answerOf([series({ tag: "a" }, 7)], 20_000));
    const cut = await some.usage.report(principal(null), { ...window, groupBy: ["TAG"] }, wants);
    expect(await cut.previousTotalsOf({ tag: "a" })).toMatchObject({ count: 7 });
    expect(await cut.previousTotalsOf({ tag: "b" })).toBeNull();
  });

  test("the totals of the whole are asked without groups, of which there may be too many", async () => {
    const { usage, asked } = usageWith(answerOf([series({ keyId: "key_1" }, 5)]), answerOf([series({}, 9)]));
    const report = await usage.report(principal(null), { ...window, groupBy: ["KEY"] }, wants);
    expect(await report.previousTotals()).toMatchObject({ count: 9 });
    expect(asked[1]).toMatchObject({ groupBy: [], filter: {} });
  });

  test("is null where it is no longer kept, and only there: what is too large says so", async () => {
    const now = answerOf([series({ tag: "a" }, 5)]);
    const old = { ...answerOf([]), isKept: false };
    const ask = async (previous: UsageAnswer | Error) => {
      const { usage } = usageWith(now, previous);
      const report = await usage.report(principal(null), { ...window, groupBy: ["TAG"] }, wants);
      return report.previousTotalsOf({ tag: "a" });
    };
    expect(await ask(old)).toBeNull();
    await expect(ask(new BadUserInputError("groupBy: too many"))).rejects.toMatchObject({
      code: "BAD_USER_INPUT",
      message: expect.stringMatching(/^previousTotals: .*groupBy: too many/),
    });
    await expect(ask(new KeyplaneError("UNAVAILABLE"))).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

describe("the tenant that nobody has", () => {
  test("is no id: nothing can be stored under it", async () => {
    const { usage, tenants } = usageWith();
    const other = principal("ten_own");
    await usage.report(other, window, wants);
    await usage.invalidAttempts(other, window);
    await usage.events(other, "ten_a", {}, {});
    for await (const _ of usage.allEvents(other, "ten_a", {}));
    await usage.live(other, "ten_a", 1_000, new AbortController().signal);
    expect(tenants).toHaveLength(5);
    for (const tenantId of tenants) expect(tenantId).not.toMatch(/^\w{1,64}$/);
  });
});

test("an answer is read after it was asked how far usage is counted: what is counted meanwhile is not claimed", async () => {
  const order: string[] = [];
  const recording = {
    settle: async () => {},
    completeUntil: async () => {
      order.push("until");
      await new Promise((resolve) => setImmediate(resolve));
      order.push("told");
      return 7;
    },
    ask: async (method: string) => {
      order.push(method);
      return method === "report" ? answerOf([]) : { starts: Float64Array.of(0), series: [], totalSeries: 0, total: 0 };
    },
  };
  const usage = createUsage({
    findKeyIdsOfTeams: async () => [],
    tenantExists: async () => true,
    recording: recording as unknown as UsageRecording,
    clock: { now: () => 30_000 },
  });
  const { completeUntil } = await usage.report(principal("ten_a"), window, wants);
  expect(completeUntil).toEqual(new Date(7));
  await usage.invalidAttempts(principal("ten_a"), window);
  expect(order).toEqual(["until", "told", "report", "until", "told", "attempts"]);
});
