import { createDownload } from "../client/download.js";
import {
  AuthenticationError,
  ConnectionError,
  type KeyplaneError,
  PermissionError,
  RequestError,
} from "../client/errors.js";
import { Keyplane } from "../client/keyplane.js";
import { resolveOptions } from "../client/resolve-options.js";
import { createSubscribe } from "../client/subscription.js";
import type { UsageEvent, UsageReport, UsageTick } from "../entities.js";
import {
  breakOff,
  complete,
  data,
  drop,
  failure,
  next,
  type Reply,
  stream,
  text,
} from "../test-helpers/fake-server.js";
import { describe, expect, expectTypeOf, type Story, test, token } from "../test-helpers/story.js";
import type { UsageExportArguments } from "../usage/usage-export.js";
import { Usage } from "./usage.js";

/** The resource on the test's server, with waits that take no time. */
function usageOf({ server, runtime, send }: Story): Usage {
  const options = resolveOptions({ url: server.url, token });
  const transport = { subscribe: createSubscribe(options, runtime), download: createDownload(options, runtime) };
  return new Usage({ send, ...transport, runtime }, options.usage);
}

const window = { tenantId: "ten_1", from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };

async function textOf(pieces: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const piece of pieces) all += piece;
  return all;
}

describe("usage.query", () => {
  test("sends the question and answers the report, typed", async ({ story }) => {
    const report = { starts: [], series: [], totals: { count: 1 } };
    story.server.replies(data({ usage: report }));
    const answer = await usageOf(story).query({ ...window, bucket: "DAY", groupBy: ["KEY"] });
    expectTypeOf(answer).toEqualTypeOf<UsageReport>();
    expect(answer).toEqual(report);
    const input = { ...window, bucket: "DAY", groupBy: ["KEY"] };
    expect(story.server.requests[0]?.variables).toEqual({ input, compare: false });
    await usageOf(story).query(window, { compare: true });
    expect(story.server.requests[1]?.variables).toEqual({ input: window, compare: true });
  });

  test("does not ask how long calls took, nor for points; queryPoints does", async ({ story }) => {
    story.server.replies(data({ usage: {} }));
    await usageOf(story).query(window);
    await usageOf(story).queryPoints(window);
    const [lean, full] = story.server.requests.map(({ query }) => query);
    expect(lean).not.toMatch(/latencyMs|points/);
    expect(full).toMatch(/points\{start metrics\{/);
    expect(full).toContain("latencyMs");
  });

  test("does not compile with a bucket that there is not", () => {
    // @ts-expect-error no such bucket
    const wrong = (usage: Usage) => usage.query({ ...window, bucket: "WEEK" });
    expect(wrong).toBeTypeOf("function");
  });
});

describe("usage.events and usage.invalidAttempts", () => {
  test("read every page of the call log with the filter", async ({ story }) => {
    const page = (id: string, more: boolean): Reply =>
      data({ usageEvents: { nodes: [{ id }], pageInfo: { endCursor: id, hasNextPage: more } } });
    story.server.replies(page("a", true), drop, page("b", false));
    const ids: string[] = [];
    const events = usageOf(story).events({ tenantId: "ten_1", filter: { valid: false }, pageSize: 1 });
    for await (const event of events) {
      expectTypeOf(event).toEqualTypeOf<UsageEvent>();
      ids.push(event.id);
    }
    expect(ids).toEqual(["a", "b"]);
    const common = { tenantId: "ten_1", filter: { valid: false }, first: 1, counted: false };
    expect(story.server.requests.map(({ variables }) => variables)).toEqual([
      { ...common, after: null },
      { ...common, after: "a" },
      { ...common, after: "a" },
    ]);
  });

  test("ask for refused calls", async ({ story }) => {
    story.server.replies(data({ invalidAttempts: { total: 3 } }));
    expect(await usageOf(story).invalidAttempts({ ...window, groupBy: ["IP"] })).toEqual({ total: 3 });
    expect(story.server.requests[0]?.variables).toEqual({ input: { ...window, groupBy: ["IP"] } });
  });
});

describe("usage.live", () => {
  const tick = (count: number): string => next({ data: { usageLive: { count } } });
  const ended = next({ errors: [{ message: "ended", extensions: { code: "UNAUTHENTICATED" } }] });

  test("goes on over lost connections, says so, and ends with the token", async ({ story }) => {
    const busy = failure(503, "UNAVAILABLE");
    story.server.replies(stream([tick(1)], "break"), drop, busy, stream([tick(2), complete]), stream([ended]));
    const told: string[] = [];
    const onInterrupted = ({ code }: KeyplaneError, pauseMs: number) => told.push(`${code} ${pauseMs}`);
    const counts: number[] = [];
    const ticks = usageOf(story).live({ tenantId: "ten_1", intervalMs: 250 }, { onInterrupted });
    const error = await (async () => {
      for await (const each of ticks) {
        expectTypeOf(each).toEqualTypeOf<UsageTick>();
        counts.push(each.count);
      }
    })().catch((thrown: unknown) => thrown);
    expect(counts).toEqual([1, 2]);
    expect(error).toBeInstanceOf(AuthenticationError);
    const lost = "CONNECTION_FAILED";
    expect(told).toEqual([`${lost} 750`, `${lost} 1500`, "UNAVAILABLE 3000", `${lost} 750`]);
    expect(story.server.requests).toHaveLength(5);
    expect(story.server.requests[4]?.variables).toEqual({ tenantId: "ten_1", intervalMs: 250 });
  });

  test("ends by break, return and signal without throwing", async ({ story }) => {
    story.server.replies(stream([tick(1), tick(2)], "open"));
    const controller = new AbortController();
    const counts: number[] = [];
    for await (const { count } of usageOf(story).live({ tenantId: "t" }, { signal: controller.signal })) {
      counts.push(count);
      if (count === 2) controller.abort();
    }
    for await (const { count } of usageOf(story).live({ tenantId: "t" })) {
      counts.push(count);
      break;
    }
    expect(counts).toEqual([1, 2, 1]);
    const ticks = usageOf(story).live({ tenantId: "t" });
    await ticks.next();
    await ticks.next();
    const waiting = ticks.next();
    await ticks.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
  });

  test("does not hammer a server that refuses for good", async ({ story }) => {
    story.server.replies(failure(403, "FORBIDDEN"));
    await expect(usageOf(story).live({ tenantId: "t" }).next()).rejects.toBeInstanceOf(PermissionError);
    expect(story.server.requests).toHaveLength(1);
  });
});

describe("usage.export", () => {
  const csv = (body: string): Reply => text(200, body, { "content-type": "text/csv; charset=utf-8" });

  test("is a GET with the input as parameters, and answers the text", async ({ story }) => {
    story.server.replies(csv("start,count\r\nä,1\r\n"));
    const filter = { keyIds: ["key_1", "key_2"], valid: false, apis: null };
    const what = { kind: "usage", format: "csv", ...window, groupBy: ["KEY", "API"], limit: 5, filter } as const;
    expect(await textOf(usageOf(story).export(what))).toBe("start,count\r\nä,1\r\n");
    const [{ path = "", headers } = {}] = story.server.requests;
    const { pathname, searchParams } = new URL(path, "http://x");
    expect(pathname).toBe("/export/usage");
    expect([...searchParams]).toEqual([
      ["format", "csv"],
      ["tenantId", "ten_1"],
      ["from", window.from],
      ["to", window.to],
      ["groupBy", "KEY"],
      ["groupBy", "API"],
      ["limit", "5"],
      ["keyIds", "key_1"],
      ["keyIds", "key_2"],
      ["valid", "false"],
    ]);
    expect(headers).toMatchObject({ authorization: `Bearer ${token}`, accept: "text/csv, application/json" });
    expect(headers).not.toHaveProperty("content-type");
  });

  test("has a path for each kind, below the path of the server", async ({ story }) => {
    story.server.replies(csv(""));
    const keyplane = new Keyplane({ url: `${story.server.url}/proxied/graphql`, token });
    const filter = { from: window.from, sources: ["SDK"], starts: ["a&b"] } as const;
    await textOf(keyplane.usage.export({ kind: "events", format: "ndjson", tenantId: "ten_1", filter }));
    await textOf(keyplane.usage.export({ kind: "invalid-attempts", format: "ndjson", from: "a", to: "b" }));
    const unused = { tenantId: "ten_1", unusedSince: window.from };
    await textOf(keyplane.usage.export({ kind: "keys", format: "ndjson", filter: unused }));
    expect(story.server.requests.map(({ path }) => path)).toEqual([
      `/proxied/export/usage-events?format=ndjson&tenantId=ten_1&from=${encodeURIComponent(window.from)}&sources=SDK&starts=a%26b`,
      "/proxied/export/invalid-attempts?format=ndjson&from=a&to=b",
      `/proxied/export/keys?format=ndjson&tenantId=ten_1&unusedSince=${encodeURIComponent(window.from)}`,
    ]);
    expect(story.server.requests[0]?.headers.accept).toBe("application/x-ndjson, application/json");
  });

  test("is opened again like every reading, and not once it has begun", async ({ story }) => {
    story.server.replies(drop, text(503, ""), csv("ok"));
    const what = { kind: "usage", format: "csv", ...window } as const;
    expect(await textOf(usageOf(story).export(what))).toBe("ok");
    story.server.replies(breakOff);
    const error = await textOf(usageOf(story).export(what)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(story.server.requests).toHaveLength(4);
  });

  test("refuses with the same errors as GraphQL", async ({ story }) => {
    story.server.replies(failure(400, "BAD_USER_INPUT", { docsUrl: "https://x" }, "to: Give a `to` after `from`."));
    const pieces = usageOf(story).export({ kind: "usage", format: "csv", ...window });
    const error = await pieces.next().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RequestError);
    expect(error).toMatchObject({
      code: "BAD_USER_INPUT",
      message: "to: Give a `to` after `from`.",
      docsUrl: "https://x",
    });
    story.server.replies(text(404, "nothing"));
    await expect(textOf(usageOf(story).export({ kind: "events", format: "csv", tenantId: "t" }))).rejects.toThrow(
      "Nothing of Keyplane is at",
    );
    story.server.replies(text(204, ""));
    await expect(textOf(usageOf(story).export({ kind: "events", format: "csv", tenantId: "t" }))).rejects.toThrow(
      "Check url",
    );
  });

  test("refuses at once what could not be said, an empty list among it", async ({ story }) => {
    const wrong: [UsageExportArguments, string][] = [
      [{ kind: "colours", format: "csv", ...window } as never, "kind must be"],
      [{ kind: "usage", format: "xml", ...window } as never, "format must be"],
      [{ kind: "usage", format: "csv", ...window, filter: { keyIds: [] } }, "keyIds is an empty list."],
      [{ kind: "invalid-attempts", format: "csv", ...window, groupBy: [] }, "groupBy is an empty list."],
    ];
    for (const [what, words] of wrong) expect(() => usageOf(story).export(what)).toThrow(words);
    usageOf(story).export({ kind: "usage", format: "csv", ...window, groupBy: [] });
    expect(story.server.requests).toEqual([]);
  });

  test("ends its connection when nobody reads on", async ({ story }) => {
    const closed = new Promise<void>((resolve) => {
      story.server.replies((response) => {
        response.on("close", resolve);
        response.writeHead(200, { "content-type": "text/csv" }).write("first\r\n");
      });
    });
    for await (const piece of usageOf(story).export({ kind: "events", format: "csv", tenantId: "t" })) {
      expect(piece).toBe("first\r\n");
      break;
    }
    await closed;
  });
});

describe("usage.record", () => {
  const quiet = { onError: () => {}, onDrop: () => {} };
  const taken = data({ recordUsage: { __typename: "RecordUsagePayload", accepted: 1, rejected: [] } });

  test("hands calls over when the client is closed, the same ones after a lost answer", async ({ story }) => {
    story.server.replies(drop, taken);
    const keyplane = new Keyplane({ url: story.server.url, token, usage: quiet });
    expect(keyplane.usage.record({ keyId: "key_1" })).toBe(true);
    expect(await keyplane.close()).toMatchObject({ recorded: 1, accepted: 1, dropped: 0, sent: 2 });
    const [first, second] = story.server.requests.map(({ variables }) => variables);
    expect(first).toEqual({ input: { events: [{ id: expect.any(String), at: expect.any(String), keyId: "key_1" }] } });
    expect(second).toEqual(first);
    expect(keyplane.usage.record({ keyId: "key_1" })).toBe(false);
  });

  test("makes one attempt at a time, whatever maxRetries says", async ({ story }) => {
    story.server.replies(drop);
    const keyplane = new Keyplane({ url: story.server.url, token, maxRetries: 10, usage: quiet });
    keyplane.usage.record({});
    await expect(keyplane.usage.flush({ timeoutMs: 200 })).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(story.server.requests).toHaveLength(1);
    expect(await keyplane.close({ timeoutMs: 1 })).toMatchObject({ dropped: 1, queued: 0 });
  });

  test("does nothing where nothing is recorded", async ({ story }) => {
    const keyplane = new Keyplane({ url: story.server.url, token });
    expect(keyplane.usage.recordStatus).toMatchObject({ recorded: 0, queued: 0 });
    expect(await keyplane.usage.flush()).toEqual(keyplane.usage.recordStatus);
    expect(await keyplane.close()).toEqual(keyplane.usage.recordStatus);
    expect(story.server.requests).toEqual([]);
  });
});
