import { day, expect, hour, minute, startServer, type TestServer, World } from "../testkit/index.js";

export const zone = "Europe/Berlin";
/** A key's name that a careless page would run. */
export const markup = "<img src=x onerror=alert(1)>";

export type Window = "24h" | "7d" | "30d";

/** One call as it was reported, against which the page is held. */
export interface Call {
  readonly at: number;
  readonly code: string;
  readonly key: string | null;
  readonly cost: number;
  readonly ip: string;
}

/** A server of these tests' own: their calls lie weeks apart, and other tests must not share a clock that jumps. */
export interface Story {
  readonly server: TestServer;
  readonly world: World;
  readonly tenantId: string;
  readonly token: string;
  readonly calls: readonly Call[];
  readonly keyIds: ReadonlyMap<string, string>;
  /** The present, for server and browser. */
  readonly now: number;
}

/** A tenant whose keys were used in many ways, weeks ago and today. */
export async function tellStory(): Promise<Story> {
  const server = await startServer();
  const world = new World(server);
  const { tenant, admin } = await world.tenant();
  const owner = await world.user(tenant.id);
  const names = ["Mobile app", "Web shop", markup, ...Array.from({ length: 9 }, (_, at) => `Batch ${at + 1}`)];
  const keyIds = new Map<string, string>();
  for (const name of names) keyIds.set(name, (await world.key(tenant.id, owner.id, { name })).key.id);
  const checked = await world.key(tenant.id, owner.id, { name: "Checked here", scopes: ["orders:read"] });
  keyIds.set("Checked here", checked.key.id);

  const calls: Call[] = [];
  const report = async (reported: readonly Call[]) => {
    calls.push(...reported);
    const events = reported.map(({ at, key, cost, code, ip }) => ({
      at: new Date(at).toISOString(),
      tenantId: tenant.id,
      ...(key === null ? {} : { keyId: keyIds.get(key) }),
      code,
      cost,
      ip,
      latencyMs: 20,
      meters: code === "VALID" ? [{ name: "tokens", value: 7 }] : [],
    }));
    expect(await admin.recordUsage(events)).toMatchObject({ accepted: events.length, rejected: [] });
  };
  const many = (count: number, call: Omit<Call, "cost" | "ip"> & Partial<Call>): Call[] =>
    Array.from({ length: count }, () => ({ cost: call.code === "VALID" ? 2 : 0, ip: "203.0.113.7", ...call }));

  // Weeks apart, and at last at a time of day at which no window of these tests begins.
  const from = world.clock.now();
  const now = Math.floor(from / day) * day + 21 * day + 12 * hour + 34 * minute + 56_000;
  const at = (age: number) => now - age;
  await goTo(world, at(20 * day));
  await report(many(6, { at: at(20 * day), code: "VALID", key: "Web shop" }));
  await goTo(world, at(8 * day));
  await report(many(4, { at: at(8 * day), code: "EXPIRED", key: "Web shop" }));
  await goTo(world, at(5 * day));
  await report([
    ...many(9, { at: at(5 * day), code: "VALID", key: "Mobile app" }),
    ...many(2, { at: at(5 * day + 3 * hour), code: "RATE_LIMITED", key: "Mobile app" }),
  ]);
  await goTo(world, at(28 * hour));
  // In the 24 hours before, for comparison.
  await report(many(10, { at: at(30 * hour), code: "VALID", key: "Mobile app" }));
  await goTo(world, now);
  await report([
    ...many(12, { at: at(10 * hour), code: "VALID", key: "Mobile app" }),
    ...many(3, { at: at(10 * hour), code: "RATE_LIMITED", key: "Mobile app" }),
    ...many(7, { at: at(2 * hour), code: "VALID", key: "Web shop" }),
    ...many(5, { at: at(minute), code: "EXPIRED", key: markup, ip: "198.51.100.9" }),
    ...many(4, { at: at(3 * hour), code: "NOT_FOUND", key: null, ip: "198.51.100.66" }),
    ...Array.from({ length: 9 }, (_, index) =>
      many(1, { at: at(90 * minute), code: "VALID", key: `Batch ${index + 1}` }),
    ).flat(),
  ]);
  // And what this server verified itself.
  for (let turn = 0; turn < 2; turn++) await admin.verify(checked.secret, { ip: "192.0.2.1" });
  await admin.verify(checked.secret, { scopes: ["orders:write"], ip: "192.0.2.1" });
  const verified = { at: now, key: "Checked here", ip: "192.0.2.1" };
  calls.push(...many(2, { ...verified, code: "VALID", cost: 1 }));
  calls.push(...many(1, { ...verified, code: "INSUFFICIENT_SCOPE" }));
  return { server, world, tenantId: tenant.id, token: admin.token ?? "", calls, keyIds, now };
}

async function goTo(world: World, time: number): Promise<void> {
  world.clock.advance(time - world.clock.now());
  await Promise.resolve();
}

/** Since when each window of the page counts, written down by hand: full days of Berlin, and full hours. */
export function sinceOf(story: Story, window: Window): number {
  const berlin = (time: number) => {
    const parts = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
    return Date.parse(`${parts.format(time).replace(" ", "T")}Z`);
  };
  if (window === "24h") return Math.floor(story.now / hour) * hour - 23 * hour;
  const days = window === "7d" ? 7 : 30;
  const midnight = Math.floor(berlin(story.now) / day) * day - (days - 1) * day;
  // That clock's midnight as an instant; noon is far from any change of the clock.
  let instant = midnight;
  while (berlin(instant) > midnight) instant -= 30 * minute;
  return instant;
}

export const within = (story: Story, window: Window): Call[] =>
  story.calls.filter(({ at }) => at >= sinceOf(story, window));

export function countBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[nameOf(item)] = (counts[nameOf(item)] ?? 0) + 1;
  return counts;
}
