import { type Caller, describe, expect, hour, ok, test, type World } from "../../testkit/index.js";

/** A question about keys that were never used: the cheapest way to a large answer. */
const questionOf = (world: World, tenantId: string, series: number, hours: number) => ({
  tenantId,
  from: new Date(Math.floor(world.clock.now() / hour) * hour - hours * hour).toISOString(),
  to: new Date(Math.floor(world.clock.now() / hour) * hour).toISOString(),
  bucket: "HOUR",
  groupBy: ["KEY"],
  limit: 1_000,
  filter: { keyIds: Array.from({ length: series }, (_, index) => `key_${index}`) },
});

const aliased = (count: number, selection: string) =>
  `query ($input: UsageInput!) { ${Array.from({ length: count }, (_, index) => `a${index}: usage(input: $input) { ${selection} }`).join(" ")} }`;

/** Several operations in one HTTP request. */
async function batch(caller: Caller, operations: readonly { query: string; variables: unknown }[]) {
  const response = await fetch(`${caller.url}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${caller.token}`, "content-type": "application/json" },
    body: JSON.stringify(operations),
  });
  return (await response.json()) as {
    data: Record<string, unknown> | null;
    errors?: { message: string; extensions: { code: string } }[];
  }[];
}

const tooMany = {
  code: "BAD_USER_INPUT",
  message: expect.stringMatching(
    /limit: The reports of this request have more than 800,000 numbers in all.*wider buckets/,
  ),
};

describe("the numbers of one request", () => {
  test("1000 series of 720 hours come as values, with what is told beside them", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const selection = `starts totalSeries completeUntil totals { count valid refused cost latencyMs { p50 p99 } }
      series { group { keyId key { name start } } totals { count valid refused cost latencyMs { p50 p99 } } values }`;
    const { starts, series } = await admin.usage(questionOf(world, tenant.id, 1_000, 720), selection);
    expect([starts.length, series.length]).toEqual([720, 1_000]);
    for (const { values } of series) expect(values).toHaveLength(720);
  });

  test("more are refused: of one report, of several, and of one under several names", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const half = questionOf(world, tenant.id, 600, 720);
    const large = questionOf(world, tenant.id, 950, 1_000);
    expect(await admin.query(aliased(1, "series { values }"), { input: half })).toBeDefined();
    await expect(admin.query(aliased(2, "series { values }"), { input: half })).rejects.toMatchObject(tooMany);
    await expect(
      admin.query(aliased(1, "series { values cost: values(metric: COST) }"), { input: half }),
    ).rejects.toMatchObject(tooMany);
    await expect(admin.query(aliased(14, "series { values }"), { input: large })).rejects.toMatchObject(tooMany);
  });

  test("of a batch of operations are counted together", async ({ world }) => {
    const { tenant, admin } = await world.tenant();
    const operation = {
      query: aliased(1, "series { values }"),
      variables: { input: questionOf(world, tenant.id, 600, 720) },
    };
    const answers = await batch(admin, [operation, operation]);
    expect(answers.filter(({ errors }) => !errors)).toHaveLength(1);
    expect(answers.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions.code))).toEqual([
      "BAD_USER_INPUT",
    ]);
    // The next request has a budget of its own.
    expect((await batch(admin, [operation]))[0]?.errors).toBeUndefined();
  });

  test("count refused attempts, too", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const refused = (index: number) => ({ keyId: key.id, code: "REVOKED", ip: `192.0.2.${index}` });
    ok(await admin.recordUsage(Array.from({ length: 100 }, (_, index) => refused(index))));
    const { filter: _, ...input } = questionOf(world, tenant.id, 0, 100);
    const question = { ...input, to: world.clock.in(hour), bucket: "MINUTE", groupBy: ["IP"] };
    const names = Array.from({ length: 5 }, (_, index) => `v${index}: values`).join(" ");
    const ask = (selection: string) =>
      admin.query(
        `query ($input: InvalidAttemptsInput!) { invalidAttempts(input: $input) { series { ${selection} } } }`,
        {
          input: question,
        },
      );
    expect((await ask("values")).invalidAttempts.series).toHaveLength(100);
    expect(await ask(names).catch((error: unknown) => error)).toMatchObject({ code: "BAD_USER_INPUT" });
  });
});
