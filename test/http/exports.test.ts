import { get } from "node:http";
import { allBut } from "../api/keys/key-changes.js";
import { describe, expect, minute, ok, test, type World } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

const names = ["usage", "usage-events", "invalid-attempts"] as const;

/** Rows of CSV as RFC 4180 has them, read without the library that wrote them. */
function rowsOf(csv: string): Record<string, string>[] {
  const lines: string[][] = [[]];
  for (const [, quoted, plain, end] of csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    lines.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === "\r\n") lines.push([]);
    if (end === "") break;
  }
  const [header = [], ...rows] = lines.filter((line) => line.length > 1 || line[0] !== "");
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? "<missing>"])));
}

const linesOf = (ndjson: string) =>
  ndjson
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));

async function story(world: World) {
  const made = await world.tenantWithKey();
  const { tenant, admin, key } = made;
  const call = {
    id: "b",
    keyId: key.id,
    api: "orders/v2",
    cost: 2,
    tags: ["x", "a"],
    latencyMs: 1.5,
    ip: "203.0.113.7",
  };
  const more = {
    userAgent: "curl/8.5.0",
    start: key.start,
    meters: [{ name: "tokens", value: 5 }],
    at: world.clock.in(-1),
  };
  const refused = { id: "a", keyId: key.id, code: "REVOKED", at: world.clock.in(-minute) };
  ok(await admin.recordUsage([{ ...call, ...more }, refused]));
  return { ...made, window: world.around(tenant.id) };
}

describe("exports", () => {
  test("usage: a row for each series and bucket, empty ones too", async ({ world }) => {
    const { admin, key, window } = await story(world);
    const asked = { ...window, bucket: "TOTAL", groupBy: ["KEY", "CODE"], orderBy: "GROUP_ASC" };
    const { status, headers, text } = await admin.export("usage", asked);
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8; header=present");
    expect(headers.get("content-disposition")).toBe('attachment; filename="usage.csv"');
    expect([headers.get("cache-control"), headers.get("x-content-type-options")]).toEqual(["no-store", "nosniff"]);
    const numbers = (valid: number, refused: number, cost: number, tokens: number, latency: string) => ({
      count: `${valid + refused}`,
      valid: `${valid}`,
      refused: `${refused}`,
      cost: `${cost}`,
      code_REVOKED: `${refused}`,
      code_VALID: `${valid}`,
      meter_tokens: `${tokens}`,
      latencyMs_p50: latency,
      latencyMs_p90: latency,
      latencyMs_p95: latency,
      latencyMs_p99: latency,
    });
    const group = { start: window.from, keyId: key.id, keyName: key.name, keyStart: key.start };
    const rows = rowsOf(text);
    const latency = rows[1]?.["latencyMs_p50"] ?? "";
    expect(Math.abs(Number(latency) - 1.5)).toBeLessThan(0.015);
    expect(rows).toEqual([
      { ...group, code: "REVOKED", ...numbers(0, 1, 0, 0, "") },
      { ...group, code: "VALID", ...numbers(1, 0, 2, 5, latency) },
    ]);
    const ndjson = await admin.export("usage", { ...asked, format: "ndjson" });
    expect(ndjson.headers.get("content-type")).toBe("application/x-ndjson; charset=utf-8");
    expect(ndjson.headers.get("content-disposition")).toBe('attachment; filename="usage.ndjson"');
    expect(linesOf(ndjson.text)).toMatchObject([
      { start: window.from, keyId: key.id, code: "REVOKED", count: 1, refused: 1, cost: 0 },
      { start: window.from, keyId: key.id, code: "VALID", count: 1, valid: 1, cost: 2, meter_tokens: 5 },
    ]);
    const hours = rowsOf((await admin.export("usage", { ...window, bucket: "HOUR" })).text);
    expect(hours.map(({ count }) => Number(count)).reduce((a, b) => a + b)).toBe(2);
    expect(hours.some(({ count }) => count === "0")).toBe(true);
  });

  test("usage: by time in slices, whose sum is the whole; a key's name only for who may read keys", async ({
    world,
  }) => {
    const { tenant, admin, key, window } = await story(world);
    const other = (await world.key(tenant.id, key.ownerId ?? (await world.user(tenant.id)).id)).key;
    ok(await admin.recordUsage([{ keyId: other.id, cost: 3 }]));
    const asked = { ...window, bucket: "MINUTE", groupBy: ["KEY"], format: "ndjson" };
    const lines = linesOf((await admin.export("usage", asked)).text);
    const starts = lines.map(({ start }) => start);
    expect(starts).toEqual([...starts].sort());
    expect(new Set(lines.map(({ start, keyId }) => `${start} ${keyId}`)).size).toBe(lines.length);
    const of = (id: string) => lines.filter(({ keyId }) => keyId === id);
    const sum = (rows: { cost: number }[]) => rows.reduce((all, { cost }) => all + cost, 0);
    expect([sum(of(key.id)), sum(of(other.id))]).toEqual([2, 3]);
    expect(of(key.id)).toHaveLength(of(other.id).length);
    const blind = await world.caller("ADMIN", { tenantId: tenant.id, permissions: ["USAGE_READ"] });
    const [line] = linesOf((await blind.export("usage", { ...asked, bucket: "TOTAL" })).text);
    expect(line).toMatchObject({ keyId: key.id, count: 2 });
    expect(line).not.toHaveProperty("keyName");
  });

  test("usage: with compare, what the window before came to", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const at = (ms: number) => world.clock.in(ms);
    ok(
      await admin.recordUsage([
        { keyId: key.id, cost: 5, at: at(-90 * minute) },
        { keyId: key.id, at: at(-minute) },
      ]),
    );
    const window = { tenantId: tenant.id, from: at(-60 * minute), to: at(0) };
    const asked = { ...window, bucket: "TOTAL", groupBy: "KEY", compare: "true", format: "ndjson" };
    const row = { keyId: key.id, count: 1, cost: 1, previousCount: 1, previousValid: 1, previousCost: 5 };
    expect(linesOf((await admin.export("usage", asked)).text)).toMatchObject([row]);
    const { status, text } = await admin.export("usage", { ...asked, bucket: "HOUR" });
    expect([status, JSON.parse(text).errors[0].message]).toEqual([400, expect.stringMatching(/^compare: /)]);
  });

  test("keys: a row for each, with its last use; those that nobody has used since a time by themselves", async ({
    world,
  }) => {
    const { tenant, admin, owner, key } = await world.tenantWithKey();
    const idle = (await world.key(tenant.id, owner.id, { name: "=idle" })).key;
    const { status, headers, text } = await admin.export("keys", { tenantId: tenant.id });
    expect([status, headers.get("content-disposition")]).toEqual([200, 'attachment; filename="keys.csv"']);
    const rows = rowsOf(text);
    expect(rows.map(({ id }) => id).sort()).toEqual([idle.id, key.id].sort());
    expect(rows.find(({ id }) => id === idle.id)).toMatchObject({
      name: "'=idle",
      ownerId: owner.id,
      status: "ACTIVE",
      lastUsedAt: "",
    });
    expect(Object.keys(rows[0] ?? {})).toEqual(
      "id tenantId ownerId teamId name start environment status createdAt expiresAt lastUsedAt".split(" "),
    );
    const unused = (since: string) =>
      admin.export("keys", { tenantId: tenant.id, unusedSince: since, format: "ndjson" });
    expect((await unused(world.clock.in(-minute))).text).toBe("");
    expect(linesOf((await unused(world.clock.in(minute))).text)).toHaveLength(2);
    const person = await world.caller("DEVELOPER", { userId: (await world.user(tenant.id)).id });
    expect((await person.export("keys", { tenantId: tenant.id })).text).toMatch(/^id,[a-zA-Z,]+\r\n$/);
    const refused = await (await allBut(world, tenant.id, "keys:read")).export("keys", { tenantId: tenant.id });
    expect(refused.status).toBe(403);
    const wrong = await admin.export("keys", { orderBy: "COLOUR" });
    expect([wrong.status, JSON.parse(wrong.text).errors[0].message]).toEqual([
      400,
      expect.stringMatching(/^orderBy: /),
    ]);
  });

  test("usage-events: a row for each call with all that is known of it, newest first", async ({ world }) => {
    const { tenant, admin, owner, key } = await story(world);
    const rows = rowsOf((await admin.export("usage-events", { tenantId: tenant.id })).text);
    expect(rows).toEqual([
      {
        at: world.clock.in(-1),
        id: "b",
        tenantId: tenant.id,
        keyId: key.id,
        userId: owner.id,
        code: "VALID",
        api: "orders/v2",
        cost: "2",
        tags: '["a","x"]',
        meters: '{"tokens":5}',
        latencyMs: "1.5",
        ip: "203.0.113.7",
        userAgent: "curl/8.5.0",
        start: key.start,
        source: "SDK",
      },
      expect.objectContaining({ id: "a", code: "REVOKED", cost: "0", tags: "", api: "", latencyMs: "", ip: "" }),
    ]);
    const ndjson = await admin.export("usage-events", { tenantId: tenant.id, format: "ndjson" });
    expect(linesOf(ndjson.text)).toMatchObject([
      { id: "b", tags: ["a", "x"], meters: { tokens: 5 }, latencyMs: 1.5 },
      { id: "a", tags: [], meters: {}, latencyMs: null, api: null },
    ]);
  });

  test("invalid-attempts: a row for each group of refused calls", async ({ world }) => {
    const { admin, window } = await story(world);
    const at = world.clock.in(-minute);
    const row = { code: "REVOKED", firstAt: at, lastAt: at };
    expect(rowsOf((await admin.export("invalid-attempts", window)).text)).toEqual([
      { ...row, count: "1", keys: "1", addresses: "0" },
    ]);
    const ndjson = await admin.export("invalid-attempts", { ...window, format: "ndjson" });
    expect(linesOf(ndjson.text)).toEqual([{ ...row, count: 1, keys: 1, addresses: 0 }]);
    const byTime = { ...window, bucket: "HOUR", timeZone: "Asia/Kathmandu", format: "ndjson" };
    const hours = linesOf((await admin.export("invalid-attempts", byTime)).text);
    expect(Object.keys(hours[0])).toEqual(["start", "code", "count"]);
    expect(hours[0].start).toBe(window.from);
    expect(hours.slice(1).every(({ start }) => start.slice(14, 16) === "15")).toBe(true);
    expect(hours.reduce((all, { count }) => all + count, 0)).toBe(1);
    // A key's start takes nothing from the bucket's.
    const byStart = linesOf((await admin.export("invalid-attempts", { ...byTime, groupBy: ["START"] })).text);
    expect(byStart[0]).toEqual({ start: window.from, keyStart: null, count: expect.any(Number) });
  });

  test("filters are those of the questions, and a list is a parameter given several times", async ({ world }) => {
    const { tenant, admin, owner, key, window } = await story(world);
    const ids = async (filter: Record<string, string | string[]>) =>
      rowsOf((await admin.export("usage-events", { tenantId: tenant.id, ...filter })).text)
        .map(({ id }) => id)
        .join("");
    expect(await ids({ codes: ["REVOKED"] })).toBe("a");
    expect(await ids({ codes: ["REVOKED", "VALID"] })).toBe("ba");
    expect(
      await ids({ valid: "true", keyIds: key.id, userIds: [owner.id, "usr_x"], apis: "orders/v2", tags: "x" }),
    ).toBe("b");
    expect(await ids({ from: world.clock.in(-2), to: world.clock.in(0) })).toBe("b");
    expect(await ids({ ips: "203.0.113.7", starts: key.start, sources: "SDK" })).toBe("b");
    expect(await ids({ sources: "SERVER" })).toBe("");
    const { text } = await admin.export("usage", { ...window, bucket: "TOTAL", codes: "VALID" });
    expect(rowsOf(text)).toMatchObject([{ count: "1" }]);
  });

  test("what a spreadsheet would take for a formula gets an apostrophe, and quoting keeps every other text as it is", async ({
    world,
  }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const formulas = ["=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "＝1"];
    const harmless = ['say "hi", she said', "a,b", "line\nbreak", "a=b", "déjà 🔑"];
    const events = [...formulas, ...harmless].map((userAgent, index) => ({
      keyId: key.id,
      userAgent,
      at: world.clock.in(-index),
    }));
    ok(await admin.recordUsage([...events, { keyId: key.id, tags: ["=1+1", "-x"], at: world.clock.in(-100) }]));
    const { text } = await admin.export("usage-events", { tenantId: tenant.id });
    const rows = rowsOf(text);
    expect(rows.slice(0, events.length).map(({ userAgent }) => userAgent)).toEqual([
      ...formulas.map((formula) => `'${formula}`),
      ...harmless,
    ]);
    // A list is JSON, which begins with a bracket.
    expect(rows.at(-1)?.["tags"]).toBe('["-x","=1+1"]');
    const byTag = await admin.export("usage", { ...world.around(tenant.id), bucket: "TOTAL", groupBy: "TAG" });
    expect(
      rowsOf(byTag.text)
        .map(({ tag }) => tag)
        .sort(),
    ).toEqual(["", "'-x", "'=1+1"].sort());
    const ndjson = linesOf((await admin.export("usage-events", { tenantId: tenant.id, format: "ndjson" })).text);
    expect(ndjson.slice(0, events.length).map(({ userAgent }) => userAgent)).toEqual([...formulas, ...harmless]);
  });

  test("thousands of calls come whole, each once, with one header", async ({ world }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const at = world.clock.in(0);
    const events = Array.from({ length: 2_500 }, (_, index) => ({ id: `call-${index}`, keyId: key.id, at }));
    ok(await admin.recordUsage(events));
    const { text } = await admin.export("usage-events", { tenantId: tenant.id });
    expect(text.split("at,id,tenantId")).toHaveLength(2);
    const ids = rowsOf(text).map(({ id }) => id);
    expect(ids).toHaveLength(2_500);
    expect(new Set(ids).size).toBe(2_500);
    const ndjson = linesOf((await admin.export("usage-events", { tenantId: tenant.id, format: "ndjson" })).text);
    expect(ndjson.map(({ id }) => id)).toEqual(ids);
  });

  test("without a row there is a header all the same", async ({ world }) => {
    const { tenant, admin } = await world.tenantWithKey();
    const head = async (name: string, parameters: object, format = "csv") =>
      (await admin.export(name, { ...parameters, format })).text;
    const window = world.around(tenant.id);
    expect(await head("usage", { ...window, bucket: "TOTAL", groupBy: ["KEY", "TAG"], compare: "true" })).toBe(
      "start,keyId,tag,keyName,keyStart,count,valid,refused,cost,latencyMs_p50,latencyMs_p90,latencyMs_p95,latencyMs_p99,previousCount,previousValid,previousCost\r\n",
    );
    expect(await head("usage-events", { tenantId: tenant.id })).toBe(
      "at,id,tenantId,keyId,userId,code,api,cost,tags,meters,latencyMs,ip,userAgent,start,source\r\n",
    );
    expect(await head("invalid-attempts", window)).toBe("code,count,firstAt,lastAt,keys,addresses\r\n");
    expect(await head("invalid-attempts", { ...window, bucket: "HOUR", groupBy: ["IP", "START"] })).toBe(
      "start,ip,keyStart,count\r\n",
    );
    expect(await head("keys", { tenantId: tenant.id, search: "nobody" })).toBe(
      "id,tenantId,ownerId,teamId,name,start,environment,status,createdAt,expiresAt,lastUsedAt\r\n",
    );
    expect(await head("usage-events", { tenantId: tenant.id }, "ndjson")).toBe("");
    expect(await head("invalid-attempts", window, "ndjson")).toBe("");
  });

  test("a bill that would lack somebody is refused, unless those with the most calls were asked for", async ({
    world,
  }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const at = world.clock.in(0);
    const each = Array.from({ length: 1_001 }, (_, index) => ({ keyId: key.id, at, api: `api-${index}` }));
    ok(await admin.recordUsage(each.map((event, index) => ({ ...event, id: `call-${index}` }))));
    ok(await admin.recordUsage([{ id: "one-more", keyId: key.id, at, api: "api-7" }]));
    const asked = { ...world.around(tenant.id), groupBy: ["API"], bucket: "TOTAL" };
    const { status, text } = await admin.export("usage", asked);
    expect([status, JSON.parse(text).errors[0].extensions.code]).toEqual([400, "BAD_USER_INPUT"]);
    expect(JSON.parse(text).errors[0].message).toMatch(/^There are 1001 groups, and one export has at most 1000\./);
    const most = rowsOf((await admin.export("usage", { ...asked, limit: "1" })).text);
    expect(most).toMatchObject([{ api: "api-7", count: "2" }]);
    const some = rowsOf((await admin.export("usage", { ...asked, apis: ["api-1", "api-2"] })).text);
    expect(some).toHaveLength(2);
  });

  test("a reader who goes away in the middle leaves nothing behind: others, and more than 8 in turn, are served", async ({
    world,
  }) => {
    const { tenant, admin, key } = await world.tenantWithKey();
    const userAgent = "x".repeat(256);
    const events = Array.from({ length: 10_000 }, () => ({ keyId: key.id, userAgent }));
    ok(await admin.recordUsage(events));
    await admin.usage(world.around(tenant.id));
    for (let round = 0; round < 10; round++) {
      await new Promise<void>((resolve, reject) => {
        const headers = { authorization: `Bearer ${admin.token}` };
        const request = get(
          `${world.url}/export/usage-events?tenantId=${tenant.id}`,
          { headers, agent: false },
          (response) => {
            response.on("error", () => {}); // we cut it off ourselves
            response.once("close", () => resolve());
            response.once("data", () => response.destroy());
            if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
          },
        );
        request.on("error", reject);
      });
    }
    expect((await admin.export("usage", { ...world.around(tenant.id), bucket: "TOTAL" })).status).toBe(200);
    expect((await admin.verify("x")).code).toBe("MALFORMED");
  });
});

describe("exports: whose", () => {
  test.for(names)("%s: another tenant's answers exactly as a missing one's", async (name, { world }) => {
    const [ours, theirs] = [await story(world), await story(world)];
    const parameters = name === "usage-events" ? {} : { from: ours.window.from, to: ours.window.to };
    const of = async (tenantId: string, more = {}) =>
      (await ours.admin.export(name, { ...parameters, ...more, tenantId })).text;
    const missing = await of(world.missingId("Tenant"));
    expect(await of(theirs.tenant.id)).toBe(missing);
    expect(await of(ours.tenant.id)).not.toBe(missing);
    const noKey = await of(ours.tenant.id, { keyIds: world.missingId("Key") });
    expect(await of(ours.tenant.id, { keyIds: theirs.key.id })).toBe(noKey);
    expect((await world.root.export(name, { ...parameters, tenantId: theirs.tenant.id })).text).not.toBe(missing);
    const mistyped = await world.root.export(name, { ...parameters, tenantId: world.missingId("Tenant") });
    expect([mistyped.status, JSON.parse(mistyped.text).errors[0].extensions.code]).toEqual([404, "NOT_FOUND"]);
  });

  test("a person's token exports the usage of their own keys only", async ({ world }) => {
    const { tenant, admin, owner, key, window } = await story(world);
    const colleague = await world.user(tenant.id);
    const other = (await world.key(tenant.id, colleague.id)).key;
    ok(await admin.recordUsage([{ keyId: other.id }, { keyId: other.id, code: "REVOKED" }]));
    const person = await world.caller("DEVELOPER", { userId: owner.id });
    for (const more of [{}, { userIds: colleague.id }, { keyIds: other.id }]) {
      for (const name of names) {
        const base = name === "usage-events" ? { tenantId: tenant.id } : window;
        const { status, text } = await person.export(name, { ...base, ...more, format: "ndjson" });
        expect(status).toBe(200);
        expect(text).not.toContain(colleague.id);
      }
    }
    const { text } = await person.export("usage-events", { tenantId: tenant.id, format: "ndjson" });
    expect(linesOf(text).map(({ keyId }) => keyId)).toEqual([key.id, key.id]);
    const byKey = await person.export("usage", { ...window, bucket: "TOTAL", groupBy: "KEY", format: "ndjson" });
    expect(linesOf(byKey.text)).toMatchObject([{ keyId: key.id, count: 2 }]);
  });

  test.for(names)("%s needs usage:read, and a caller who is known", async (name, { world }) => {
    const { tenant, window } = await story(world);
    const parameters = name === "usage-events" ? { tenantId: tenant.id } : window;
    for (const caller of [await allBut(world, tenant.id, "usage:read"), await world.caller("GUEST")]) {
      const { status, text } = await caller.export(name, parameters);
      expect(status).toBe(403);
      expect(JSON.parse(text).errors[0]).toMatchObject({
        message: expect.stringContaining("usage:read"),
        extensions: { code: "FORBIDDEN" },
      });
    }
    const { status, headers, text } = await world.anonymous.export(name, parameters);
    expect([status, headers.get("www-authenticate")]).toEqual([401, expect.stringMatching(/^Bearer/)]);
    expect(JSON.parse(text)).toEqual({
      errors: [
        {
          message: expect.any(String),
          extensions: {
            code: "UNAUTHENTICATED",
            docsUrl: expect.stringContaining("#unauthenticated"),
            requestId: headers.get("x-request-id"),
          },
        },
      ],
    });
  });
});

describe("exports: what is refused, with its name and what to do", () => {
  test.for([
    ["usage", { colour: "red" }, /^colour is not a parameter of this export. It has: format, tenantId, from/],
    ["usage", { __proto__x: "1" }, /^__proto__x is not a parameter/],
    ["usage", { format: "xlsx" }, /^format: Give one of csv, ndjson/],
    ["usage", { format: "constructor" }, /^format: Give one of csv, ndjson/],
    ["usage", { bucket: "WEEK" }, /^bucket: /],
    ["usage", { groupBy: ["KEY", "COLOUR"] }, /^groupBy\.1: /],
    ["usage", { limit: "many" }, /^limit: Give a whole number/],
    ["usage", { limit: "0" }, /^limit: Ask for at least 1/],
    ["usage", { limit: "1001" }, /^limit: Ask for at most 1000/],
    ["usage", { from: "yesterday" }, /^from: Give a time in RFC 3339/],
    ["usage", { from: "2026-02-30T00:00:00Z" }, /^from: Give a time in RFC 3339/],
    ["usage", { valid: "yes" }, /^valid: Give true or false/],
    ["usage", { bucket: ["DAY", "HOUR"] }, /^bucket: Give it once/],
    ["usage", { timeZone: "Europe/Atlantis" }, /^timeZone: Give the IANA name/],
    ["usage-events", { codes: "FINE" }, /^codes\.0: /],
    ["usage-events", { tags: "x".repeat(65) }, /^tags\.0: /],
    ["usage-events", { groupBy: "KEY" }, /^groupBy is not a parameter/],
    ["invalid-attempts", { bucket: "WEEK" }, /^bucket: /],
    ["usage", { compare: "maybe" }, /^compare: Give true or false/],
    ["invalid-attempts", { groupBy: "TAG" }, /^groupBy\.0: /],
  ] as const)("%s %j", async ([name, wrong, words], { world }) => {
    const { tenant, admin } = await world.tenant();
    const base = name === "usage-events" ? { tenantId: tenant.id } : world.around(tenant.id);
    const { status, text } = await admin.export(name, { ...base, ...wrong });
    const [error] = JSON.parse(text).errors;
    expect([status, error.extensions.code]).toEqual([400, "BAD_USER_INPUT"]);
    expect(error.message).toMatch(words);
  });

  test.for([
    ["usage", "tenantId"],
    ["usage", "from"],
    ["usage", "to"],
    ["usage-events", "tenantId"],
    ["invalid-attempts", "from"],
  ] as const)("%s without %s", async ([name, missing], { world }) => {
    const { tenant, admin } = await world.tenant();
    const { [missing as "from"]: _, ...parameters }: Record<string, string> =
      name === "usage-events" ? { tenantId: tenant.id } : world.around(tenant.id);
    const { status, text } = await admin.export(name, parameters);
    expect(status).toBe(400);
    expect(JSON.parse(text).errors[0]).toMatchObject({
      message: expect.stringMatching(new RegExp(`^${missing}: Give `)),
      extensions: { code: "BAD_USER_INPUT" },
    });
  });

  test("an export that there is not, and another method than GET", async ({ world }) => {
    const { admin, window } = await story(world);
    for (const name of ["", "tenants", "usage/x", "constructor"])
      expect((await admin.export(name, {})).status).toBe(404);
    const headers = { authorization: `Bearer ${admin.token}` };
    const url = `${world.url}/export/usage?${new URLSearchParams(window)}`;
    for (const method of ["POST", "PUT", "DELETE"]) {
      expect((await rawRequest(url, { method, headers })).status).toBe(404);
    }
    expect(await rawRequest(url, { method: "HEAD", headers })).toMatchObject({ status: 200, text: "" });
  });
});
