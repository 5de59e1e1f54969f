import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openTestDatabase, postgresUrl } from "../../testkit/database.js";
import { Caller, describe, expect, ok, test } from "../../testkit/index.js";
import { type ServerProcess, startProcess } from "../../testkit/server-process.js";

const withoutPostgres = postgresUrl === null;
const reason = "needs PostgreSQL: TEST_DATABASE=postgresql";
const rootToken = "root-token-of-the-test-of-quotas";
const limit = 6_000;
const callersOfAll = 64;
const kills = 3;

/** A server that is killed now and then, in the midst of whatever it does, and started again on its data folder. */
class MortalServer {
  #server: Promise<ServerProcess>;

  constructor(readonly environment: Record<string, string>) {
    this.#server = startProcess(environment);
  }

  async url(): Promise<string> {
    return (await this.#server).url;
  }

  async kill(): Promise<void> {
    const server = await this.#server;
    await server.end("SIGKILL");
    this.#server = startProcess(this.environment);
    await this.#server;
  }

  async stop(): Promise<void> {
    await (await this.#server).end("SIGTERM");
  }
}

/** What callers have seen: what was admitted, and what they were never answered. */
interface Seen {
  admitted: number;
  unknown: number;
}

/** Verifies until the quota is used up. */
async function callUntilUsedUp(server: MortalServer, secret: string, seen: Seen): Promise<void> {
  for (;;) {
    const cost = 1 + randomInt(3);
    const url = await server.url();
    const body = JSON.stringify({ key: secret, cost });
    const headers = { authorization: `Bearer ${rootToken}`, "content-type": "application/json" };
    const answer = await fetch(`${url}/v1/verify`, { method: "POST", headers, body })
      .then(async (response) => ({ status: response.status, verdict: (await response.json()) as { code?: string } }))
      .catch((error: unknown) => {
        const { code } = (error as { cause?: { code?: string } }).cause ?? {};
        // Nobody has heard of a call whose connection was refused.
        if (code !== "ECONNREFUSED") seen.unknown += cost;
        return null;
      });
    if (!answer) {
      await sleep(10);
      continue;
    }
    const { code } = answer.verdict;
    if (code === "VALID") seen.admitted += cost;
    else if (code === "QUOTA_EXCEEDED") return;
    else if (answer.status !== 503)
      throw new Error(`unexpected answer ${answer.status} ${JSON.stringify(answer.verdict)}`);
  }
}

describe("a quota that several processes take from", () => {
  test("never admits more than it allows, and charges what it admits, however often they are killed", async ({
    skip,
  }) => {
    skip(withoutPostgres, reason);
    const database = await openTestDatabase();
    const folders = [0, 1].map(() => mkdtempSync(join(tmpdir(), "keyplane-quota-")));
    const servers = folders.map(
      (dataDir) =>
        new MortalServer({
          KEYPLANE_DATA_DIR: dataDir,
          DATABASE_URL: database.url ?? "",
          KEYPLANE_ROOT_TOKEN: rootToken,
          KEYPLANE_RECORD_VERIFICATIONS: "false",
          KEYPLANE_ENCRYPTION_KEY: "0".repeat(64),
        }),
    );
    try {
      const [first, second] = servers as [MortalServer, MortalServer];
      const root = new Caller(await first.url(), rootToken);
      await second.url();
      const { tenant } = ok(await root.tenant("createTenant", { slug: "t", name: "Tenant" }));
      const { user } = ok(await root.user("createUser", { tenantId: tenant.id, email: "a@example.com", name: "User" }));
      const { key, secret } = ok(
        await root.keySecret("createKey", { tenantId: tenant.id, ownerId: user.id, name: "Key" }),
      );
      ok(await root.quota("setQuota", { targetId: key.id, limit }));

      const seen: Seen = { admitted: 0, unknown: 0 };
      const callers = Array.from({ length: callersOfAll }, (_, index) =>
        callUntilUsedUp(index % 2 === 0 ? first : second, secret, seen),
      );
      const done = Promise.all(callers);
      for (let killed = 0; killed < kills; killed++) {
        await sleep(100 + randomInt(200));
        await (killed % 2 === 0 ? first : second).kill();
      }
      await done;
      await Promise.all(servers.map((server) => server.stop()));

      const quota = await database.database.prisma.quota.findFirstOrThrow();
      expect(await database.database.prisma.quotaLease.count()).toBe(0);
      expect(seen.admitted).toBeLessThanOrEqual(limit);
      expect(quota.used).toBeLessThanOrEqual(limit);
      // Charged is what was admitted, but for calls that were killed before they were answered.
      expect(quota.used).toBeGreaterThanOrEqual(seen.admitted);
      expect(quota.used).toBeLessThanOrEqual(seen.admitted + seen.unknown);
      console.log({ admitted: seen.admitted, unknown: seen.unknown, used: quota.used });
    } finally {
      await Promise.allSettled(servers.map((server) => server.stop()));
      await database.close();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    }
  });
});
