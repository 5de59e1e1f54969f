import { afterEach, describe, expect, test, vi } from "vitest";
import { FakeGuard, verdictOf } from "../test-helpers/fake-guard.js";
import { type Application, subjects } from "./test-helpers/subjects.js";

const now = Date.parse("2026-06-01T00:00:00.000Z");
const resetAt = new Date(now + 29_001).toISOString();
const perMinute = { name: "per-minute", limit: 100, remaining: 42, resetAt, exceeded: false, target: "KEY" } as const;
const perDay = { ...perMinute, name: "per-day", limit: 5_000, remaining: 0, exceeded: true, target: "TENANT" } as const;
const opened: Application[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  for (const application of opened.splice(0)) await application.close();
});

describe.each(subjects)("$name", ({ start, onlyUpgrades }) => {
  /** The headers about limits, of a call that is let in and of one that is refused. */
  async function told(
    options: object,
    rateLimits: readonly object[] = [perMinute, perDay],
    retryAfterMs: number | null = 29_001,
  ) {
    vi.spyOn(Date, "now").mockReturnValue(now);
    const guard = new FakeGuard();
    guard.answers("in", verdictOf("VALID", { rateLimits: rateLimits as never }));
    guard.answers("out", verdictOf("RATE_LIMITED", { rateLimits: rateLimits as never, retryAfterMs }));
    const application = await start(guard, options);
    opened.push(application);
    const keys = onlyUpgrades ? ["out"] : ["in", "out"];
    const answers = [];
    for (const key of keys) answers.push(await application.send({ headers: { authorization: `Bearer ${key}` } }));
    return answers.map(({ headers }) => [headers["ratelimit-policy"], headers["ratelimit"]]);
  }

  test("tells callers where the rate limits stand, let in or refused, where that is asked for", async () => {
    const headers = [
      '"key-per-minute";q=100, "tenant-per-day";q=5000',
      '"key-per-minute";r=42;t=30, "tenant-per-day";r=0;t=30',
    ];
    const answers = await told({ rateLimitHeaders: true });
    expect(answers).toEqual(answers.map(() => headers));
    const bare = await told({ rateLimitHeaders: true, exposeReason: "none" });
    expect(bare).toEqual(bare.map(() => headers));
  });

  test("tells of a limit that has refused the call when to come again, as Retry-After does, and not when it is whole", async () => {
    const answers = await told({ rateLimitHeaders: true }, [perMinute, perDay], 2_001);
    const refused = '"key-per-minute";r=42;t=30, "tenant-per-day";r=0;t=3';
    expect(answers.at(-1)?.[1]).toBe(refused);
    // It is larger than the limit, and never passes.
    const never = await told({ rateLimitHeaders: true }, [perDay], null);
    expect(never.at(-1)?.[1]).toBe('"tenant-per-day";r=0;t=30');
  });

  test("tells nobody otherwise, nor of a call that is under none", async () => {
    for (const answers of [await told({}), await told({ rateLimitHeaders: true }, [])]) {
      expect(answers).toEqual(answers.map(() => [undefined, undefined]));
    }
  });

  test("tells nothing that cannot stand in a header, and no number below zero", async () => {
    const past = { ...perMinute, remaining: -1, resetAt: new Date(now - 5_000).toISOString() };
    const answers = await told({ rateLimitHeaders: true }, [past, { ...perMinute, name: 'a"\r\nx: y' }]);
    expect(answers).toEqual(answers.map(() => ['"key-per-minute";q=100', '"key-per-minute";r=0;t=0']));
  });
});
