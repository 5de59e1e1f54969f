import { AuthenticationError, Keyplane, PermissionError, RequestError, type UsageRecord, unwrap } from "@keyplane/sdk";
import { test as base, describe, expect, type World } from "../testkit/index.js";
import { type LossyProxy, startLossyProxy } from "./lossy-proxy.js";

/** A client with the rights of the whole installation, and a proxy that loses answers on the way to the same server. */
const test = base.extend<{ keyplane: Keyplane; proxy: LossyProxy }>({
  keyplane: async ({ world }, use) => {
    const keyplane = clientOf(world);
    await use(keyplane);
    await keyplane.close();
  },
  proxy: async ({ world }, use) => {
    const proxy = await startLossyProxy(world.url);
    await use(proxy);
    await proxy.close();
  },
});

function clientOf(world: World, token = world.server.rootToken, url = world.url): Keyplane {
  return new Keyplane({ url, token });
}

/** A call that has just happened, by the server's clock, which tests move. */
function call(world: World, record: UsageRecord): UsageRecord {
  return { at: world.clock.in(-1_000), ...record };
}

/** Resolves when all that has happened so far is counted, however slow the machine is. */
async function counted(world: World, tenantId: string): Promise<void> {
  await world.root.usage(world.around(tenantId));
}

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const piece of pieces) all += piece;
  return all;
}

describe("questions about usage", () => {
  test("count verifications by key and by bucket, compared with the window before", async ({ world, keyplane }) => {
    const { tenant, owner, key, secret } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
    const other = await world.key(tenant.id, owner.id);
    await world.verify(secret, 3, { api: "orders", cost: 2 });
    await world.verify(secret, 1, { api: "orders", scopes: ["orders:write"] });
    await world.verify(other.secret, 1);
    await counted(world, tenant.id);
    const report = await keyplane.usage.query(
      { ...world.around(tenant.id), bucket: "HOUR", groupBy: ["KEY"] },
      { compare: true },
    );
    expect(report.totals).toMatchObject({ count: 5, valid: 4, refused: 1, cost: 7 });
    expect(report.previousTotals).toMatchObject({ count: 0 });
    expect(report.series.map(({ group, totals }) => [group.keyId, totals.count, totals.cost])).toEqual([
      [key.id, 4, 6],
      [other.key.id, 1, 1],
    ]);
    const [first] = report.series;
    expect(first?.counts).toHaveLength(report.starts.length);
    expect(first?.counts.reduce((sum, count) => sum + count)).toBe(4);
    expect(first?.validCounts.reduce((sum, count) => sum + count)).toBe(3);
    expect(first?.costs.reduce((sum, cost) => sum + cost)).toBe(6);
    expect(first?.previousTotals).toMatchObject({ count: 0 });

    const detailed = await keyplane.usage.queryPoints({ ...world.around(tenant.id), groupBy: ["KEY"] });
    const points = detailed.series[0]?.points.filter(({ metrics }) => metrics.count > 0) ?? [];
    expect(points).toHaveLength(1);
    expect(points[0]?.metrics).toMatchObject({ count: 4, valid: 3, latencyMs: { count: 4 } });
    expect(points[0]?.metrics.byCode).toContainEqual({ code: "INSUFFICIENT_SCOPE", count: 1 });
  });

  test("list the call log page by page, and where invalid keys come from", async ({ world, keyplane }) => {
    const { tenant, key, secret } = await world.tenantWithKey();
    await world.verify(secret, 3, { api: "orders", ip: "203.0.113.9" });
    unwrap(await keyplane.keys.disable({ id: key.id }));
    await world.verify(secret, 2, { api: "orders", ip: "203.0.113.9" });
    await counted(world, tenant.id);
    const events = keyplane.usage.events({ tenantId: tenant.id, pageSize: 2 });
    const codes: string[] = [];
    for await (const event of events) {
      expect(event).toMatchObject({ keyId: key.id, api: "orders", ip: "203.0.113.9", source: "SERVER" });
      codes.push(event.code);
    }
    expect(codes).toEqual(["DISABLED", "DISABLED", "VALID", "VALID", "VALID"]);
    const refused = keyplane.usage.events({ tenantId: tenant.id, filter: { valid: false } });
    expect((await refused.page()).totalCount).toBe(2);
    const attempts = await keyplane.usage.invalidAttempts({ ...world.around(tenant.id), groupBy: ["CODE", "IP"] });
    expect(attempts.total).toBe(2);
    expect(attempts.series).toMatchObject([{ group: { code: "DISABLED", ip: "203.0.113.9" }, count: 2, keys: 1 }]);
  });

  test("are refused with words that say what to change", async ({ world, keyplane }) => {
    const { tenant } = await world.tenantWithKey();
    const { from, to } = world.around(tenant.id);
    const question = keyplane.usage.query({ tenantId: tenant.id, from: to, to: from });
    await expect(question).rejects.toBeInstanceOf(RequestError);
    await expect(question).rejects.toMatchObject({ code: "BAD_USER_INPUT", message: expect.stringContaining("to") });
    const input = { name: "v", role: "DEVELOPER", permissions: ["KEYS_VERIFY"], tenantId: tenant.id } as const;
    const { secret } = unwrap(await keyplane.managementTokens.create(input));
    await expect(clientOf(world, secret).usage.query({ tenantId: tenant.id, from, to })).rejects.toBeInstanceOf(
      PermissionError,
    );
  });
});

describe("usage.record", () => {
  test("counts each call once, whatever gets lost on the way", async ({ world, proxy, keyplane }) => {
    const { tenant, key } = await world.tenantWithKey();
    const lossy = clientOf(world, undefined, proxy.url);
    for (let i = 0; i < 5; i++) {
      lossy.usage.record(call(world, { keyId: key.id, api: "orders", meters: [{ name: "tokens", value: 100 }] }));
    }
    proxy.lose(2);
    expect(await lossy.usage.flush()).toMatchObject({ accepted: 5, rejected: 0, dropped: 0, sent: 15 });
    expect(proxy.passed).toBe(3);
    await counted(world, tenant.id);
    const { totals } = await keyplane.usage.query(world.around(tenant.id));
    expect(totals).toMatchObject({ count: 5, valid: 5, meters: [{ name: "tokens", value: 500 }] });
    await lossy.close();
  });

  test("is told of the calls that something is wrong with, and of nothing else", async ({ world }) => {
    const { key } = await world.tenantWithKey();
    const rejected: [string | null | undefined, string][] = [];
    const keyplane = new Keyplane({
      url: world.url,
      token: world.server.rootToken,
      usage: { onRejected: ({ record, code }) => rejected.push([record.id, code]) },
    });
    const { usage } = keyplane;
    usage.record(call(world, { id: "a", keyId: key.id }));
    usage.record(call(world, { id: "b", keyId: world.missingId("Key") }));
    // A code that only some newer server has: this one cannot even read it.
    usage.record(call(world, { id: "c", keyId: key.id, code: "STOLEN" }));
    usage.record(call(world, { id: "d", keyId: key.id, cost: 0.5 }));
    usage.record(call(world, { id: "e", keyId: key.id, code: "RATE_LIMITED" }));
    expect(await keyplane.close()).toMatchObject({ recorded: 5, accepted: 2, rejected: 3, queued: 0, dropped: 0 });
    expect(rejected).toEqual([
      ["d", "INVALID_INPUT"],
      ["b", "NOT_FOUND"],
      ["c", "BAD_USER_INPUT"],
    ]);
  });

  test("takes whatever the server takes at the limits of its rules", async ({ world, keyplane }) => {
    const { tenant, key } = await world.tenantWithKey();
    const widest: UsageRecord = {
      id: "!".repeat(64),
      keyId: key.id,
      tenantId: tenant.id,
      code: "VALID",
      api: "a".repeat(64),
      cost: 1_000_000,
      tags: Array.from({ length: 20 }, (_, tag) => `${tag}`.padEnd(64, "€")),
      meters: Array.from({ length: 10 }, (_, meter) => ({ name: `m${meter}`, value: 1_000_000_000_000 })),
      latencyMs: 86_400_000,
      ip: "2001:0db8:ffff:ffff:ffff:ffff:192.168.100.200",
      userAgent: "u".repeat(300),
      start: "s".repeat(24),
    };
    keyplane.usage.record(call(world, widest));
    expect(await keyplane.usage.flush()).toMatchObject({ accepted: 1, rejected: 0 });
    await counted(world, tenant.id);
    const { nodes } = await keyplane.usage.events({ tenantId: tenant.id }).page();
    const kept = { ip: "2001:db8:ffff:ffff:ffff:ffff:c0a8:64c8", userAgent: "u".repeat(256) };
    expect(nodes).toMatchObject([{ ...widest, ...kept, tags: [...(widest.tags ?? [])].sort() }]);
  });

  test("keeps calls while the token may not report, and hands them over when it may", async ({ world, keyplane }) => {
    const { tenant, key } = await world.tenantWithKey();
    const input = { name: "r", role: "ADMIN", tenantId: tenant.id } as const;
    const weak = unwrap(await keyplane.managementTokens.create({ ...input, permissions: ["USAGE_READ"] }));
    const good = unwrap(await keyplane.managementTokens.create({ ...input, permissions: ["USAGE_RECORD"] }));
    let token = weak.secret;
    const errors: Error[] = [];
    const usage = { onError: (error: Error) => errors.push(error) };
    const reporter = new Keyplane({ url: world.url, token: () => token, usage });
    reporter.usage.record(call(world, { keyId: key.id }));
    await expect(reporter.usage.flush({ timeoutMs: 3_000 })).rejects.toMatchObject({ cause: { code: "FORBIDDEN" } });
    expect(errors).toHaveLength(1);
    token = good.secret;
    expect(await reporter.close()).toMatchObject({ accepted: 1, dropped: 0 });
  });
});

describe("usage.live", () => {
  test("tells what is counted while it is counted, and ends by break", async ({ world, keyplane }) => {
    const { tenant, secret } = await world.tenantWithKey();
    let count = 0;
    for await (const tick of keyplane.usage.live({ tenantId: tenant.id, intervalMs: 250 })) {
      expect(Date.parse(tick.to)).toBeGreaterThan(Date.parse(tick.from));
      expect(tick.byCode).toEqual(tick.count === 0 ? [] : [{ code: "VALID", count: tick.count }]);
      count += tick.count;
      if (count >= 2) break;
      await world.verify(secret);
    }
    expect(count).toBeGreaterThanOrEqual(2);
  });

  test("ends with the token, and with a question that makes no sense", async ({ world, keyplane }) => {
    const { tenant } = await world.tenantWithKey();
    const input = { name: "watcher", role: "ADMIN", tenantId: tenant.id } as const;
    const { managementToken, secret } = unwrap(await keyplane.managementTokens.create(input));
    const ticks = clientOf(world, secret).usage.live({ tenantId: tenant.id, intervalMs: 60_000 });
    const ended = ticks.next().catch((error: unknown) => error);
    // Once it is open, one look a second finds that the token was revoked; before, it does not open.
    unwrap(await keyplane.managementTokens.revoke({ id: managementToken.id }));
    expect(await ended).toBeInstanceOf(AuthenticationError);
    const tooFast = keyplane.usage.live({ tenantId: tenant.id, intervalMs: 1 }).next();
    await expect(tooFast).rejects.toMatchObject({ code: "BAD_USER_INPUT" });
  });
});

describe("usage.export", () => {
  test("writes reports, the call log and refused attempts, as CSV and as lines of JSON", async ({
    world,
    keyplane,
  }) => {
    const { tenant, key, secret } = await world.tenantWithKey();
    await world.verify(secret, 2, { api: "orders" });
    await world.verify(secret, 1, { api: "orders", scopes: ["none"] });
    await counted(world, tenant.id);
    const { usage } = keyplane;
    const window = world.around(tenant.id);
    const csv = await textOf(
      usage.export({ kind: "usage", format: "csv", ...window, bucket: "TOTAL", groupBy: ["KEY"] }),
    );
    const [header, ...rows] = csv.trim().split("\r\n");
    expect(header).toMatch(/^start,keyId,keyName,keyStart,count,/);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toContain(`,${key.id},${key.name},${key.start},3,2,1,`);

    const filter = { apis: ["orders"], valid: true, keyIds: [key.id] };
    const log = await textOf(usage.export({ kind: "events", format: "ndjson", tenantId: tenant.id, filter }));
    const lines = log
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([{ code: "VALID", keyId: key.id }, { code: "VALID" }]);

    const attempts = usage.export({ kind: "invalid-attempts", format: "ndjson", ...window, groupBy: ["CODE", "API"] });
    expect(JSON.parse(await textOf(attempts))).toMatchObject({ code: "INSUFFICIENT_SCOPE", api: "orders", count: 1 });
  });

  test("is refused as questions are", async ({ world, keyplane }) => {
    const { tenant } = await world.tenantWithKey();
    const { from, to } = world.around(tenant.id);
    const backward = keyplane.usage.export({ kind: "usage", format: "csv", tenantId: tenant.id, from: to, to: from });
    const error = await backward.next().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({ code: "BAD_USER_INPUT", status: 400, requestId: expect.any(String) });
    const stranger = clientOf(world, "not-a-token").usage.export({
      kind: "events",
      format: "csv",
      tenantId: tenant.id,
    });
    await expect(stranger.next()).rejects.toBeInstanceOf(AuthenticationError);
  });
});
