import { onTestFinished } from "vitest";
import { Dice } from "../bench/shared-keys/dice.js";
import { type Call, populations } from "../bench/shared-keys/traffic.js";
import { describe, expect, hour, minute, ok, startServer, test, World } from "../testkit/index.js";
import { findingsOf } from "../testkit/lifecycle.js";

const keysOfEach = 3;
const dayMs = 24 * hour;
/** The service takes reports a day late: of three days the last is sent, in which what is shared is shared by many. */
const days = 3;
const callsPerReport = 10_000;

/** Each place of a key once: what is noted of more calls from there is the same. */
function oncePerPlace(calls: readonly Call[]): Call[] {
  return [...new Map(calls.map((call) => [`${call.ip} ${call.userAgent}`, call])).values()];
}

describe("finding shared keys by the default bounds", () => {
  test("no key of whom it is meant for is found, and every one that is posted where more than 30 a day find it", async () => {
    // A look is at all tenants of a server, one after the other.
    const server = await startServer();
    onTestFinished(() => server.stop());
    const world = new World(server);
    const { tenant, admin, owner } = await world.tenantWithKey();
    const [wanted, unwanted] = [new Set<string>(), new Set<string>()];
    const reported: Record<string, unknown>[] = [];
    const now = world.clock.now();
    for (const [index, { name, kind, calls }] of populations.entries()) {
      const dice = new Dice(4_711 + index);
      for (let count = 0; count < keysOfEach; count++) {
        const { key } = await world.key(tenant.id, owner.id, { name: `${name} ${count}` });
        // A team of so many is neither: it is in the benchmark.
        if (kind === "SHARED" && !name.includes("10 to 30")) wanted.add(key.id);
        if (kind === "OWN") unwanted.add(key.id);
        const last = calls(dice, days).filter(({ at }) => at >= (days - 1) * dayMs + hour && at < days * dayMs);
        for (const { at, ip, userAgent } of oncePerPlace(last)) {
          reported.push({
            keyId: key.id,
            at: new Date(now - days * dayMs + at).toISOString(),
            code: "VALID",
            ip,
            userAgent,
          });
        }
      }
    }
    for (let start = 0; start < reported.length; start += callsPerReport) {
      expect(ok(await admin.recordUsage(reported.slice(start, start + callsPerReport))).rejected).toEqual([]);
    }
    await world.server.keyplane.recording.settle();
    await world.counted();
    world.clock.advance(16 * minute);
    const found = async () => new Set<string>((await findingsOf(admin)).map(({ keyId }: { keyId: string }) => keyId));
    const missed = async () => {
      const ids = await found();
      return [...wanted].filter((id) => !ids.has(id));
    };
    await expect.poll(missed).toEqual([]);
    const wrong = await found();
    expect([...unwanted].filter((id) => wrong.has(id))).toEqual([]);
    expect([wanted.size, unwanted.size]).toEqual([6, 21]);
  });
});
