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
/** What the quota allows at first, and what is added to it while servers are yet to be killed. */
const portion = 1_000;
const callersOfEach = 32;
const kills = 3;

/** What the callers of a server have seen: what was admitted, and what they were never answered. */
interface Seen {
  admitted: number;
  unknown: number;
  /** How many of them wait for an answer. */
  waiting: number;
}

/** A server that is killed now and then, in the midst of whatever it does, and started again on its data folder. */
class MortalServer {
  #server: Promise<ServerProcess>;
  readonly seen: Seen = { admitted: 0, unknown: 0, waiting: 0 };

  constructor(readonly environment: Record<string, string>) {
    this.#server = startProcess(environment);
  }

  async url(): Promise<string> {
    return (await this.#server).url;
  }

  /**
   * Stopped in the midst of what it does, and killed when all of its callers wait: else it would be a matter of luck whether a call was under way
   * that it will never answer.
   */
  async kill(): Promise<void> {
    const server = await this.#server;
    process.kill(server.pid, "SIGSTOP");
    await expect.poll(() => this.seen.waiting).toBe(callersOfEach);
    await server.end("SIGKILL");
    this.#server = startProcess(this.environment);
    await this.#server;
  }

  async stop(): Promise<void> {
    await (await this.#server).end("SIGTERM");
  }
}

/** Verifies until the quota is used up, and nobody will add to it any more. */
async function callUntilUsedUp(server: MortalServer, secret: string, isAddedTo: () => boolean): Promise<void> {
  const { seen } = server;
  for (;;) {
    const cost = 1 + randomInt(3);
    const url = await server.url();
    const body = JSON.stringify({ key: secret, cost });
    const headers = { authorization: `Bearer ${rootToken}`, "content-type": "application/json" };
    const mayGrow = isAddedTo();
    seen.waiting += 1;
    const answer = await fetch(`${url}/v1/verify`, { method: "POST", headers, body })
      .then(async (response) => ({ status: response.status, verdict: (await response.json()) as { code?: string } }))
      .catch((error: unknown) => {
        const { code } = (error as { cause?: { code?: string } }).cause ?? {};
        // Nobody has heard of a call whose connection was refused.
        if (code !== "ECONNREFUSED") seen.unknown += cost;
        return null;
      })
      .finally(() => {
        seen.waiting -= 1;
      });
    if (!answer) {
      await sleep(10);
      continue;
    }
    const { code } = answer.verdict;
    if (code === "VALID") seen.admitted += cost;
    else if (code === "QUOTA_EXCEEDED") {
      if (!mayGrow) return;
      await sleep(50);
    } else if (answer.status !== 503)
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
      ok(await root.quota("setQuota", { targetId: key.id, limit: portion }));

      let isAddedTo = true;
      const done = Promise.all(
        servers.flatMap((server) =>
          Array.from({ length: callersOfEach }, () => callUntilUsedUp(server, secret, () => isAddedTo)),
        ),
      );
      // Whoever throws ends the test; until then, nobody listens.
      done.catch(() => {});
      for (let killed = 0; killed < kills; killed++) {
        const victim = killed % 2 === 0 ? first : second;
        const { admitted, unknown } = victim.seen;
        // While all run: a quota that is used up would leave nothing to be in the midst of.
        const adding = new Caller(await first.url(), rootToken);
        await expect
          .poll(async () => {
            ok(await adding.quota("topUpQuota", { targetId: key.id, amount: portion }));
            return victim.seen.admitted;
          })
          .toBeGreaterThan(admitted + portion / 10);
        await victim.kill();
        // It was admitting calls, and was killed before it had answered all that were sent to it.
        expect(victim.seen.unknown).toBeGreaterThan(unknown);
      }
      isAddedTo = false;
      await done;
      await Promise.all(servers.map((server) => server.stop()));

      const quota = await database.database.prisma.quota.findFirstOrThrow();
      const limit = quota.limit + quota.toppedUp;
      const [admitted, unknown] = [
        first.seen.admitted + second.seen.admitted,
        first.seen.unknown + second.seen.unknown,
      ];
      expect(await database.database.prisma.quotaLease.count()).toBe(0);
      expect(admitted).toBeLessThanOrEqual(limit);
      expect(quota.used).toBeLessThanOrEqual(limit);
      // Charged is what was admitted, but for calls that were killed before they were answered.
      expect(quota.used).toBeGreaterThanOrEqual(admitted);
      expect(quota.used).toBeLessThanOrEqual(admitted + unknown);
      console.log({ limit, admitted, unknown, used: quota.used });
    } finally {
      await Promise.allSettled(servers.map((server) => server.stop()));
      await database.close();
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    }
    // Five starts of servers, one after another, on a machine that others use, too.
  }, 300_000);
});
