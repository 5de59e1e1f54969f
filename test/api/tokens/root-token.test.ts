import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose, createLogger, readEnvironment } from "@keyplane/server";
import { compiledThread } from "../../../packages/server/src/testing/compiled-thread.js";
import { openTestDatabase, type TestDatabase } from "../../testkit/database.js";
import { Caller, describe, expect, ok, readPage, sendGraphql, test } from "../../testkit/index.js";

/** A server that starts on a database which outlives it. */
async function start({ database }: TestDatabase, rootToken?: string) {
  const dataDir = mkdtempSync(join(tmpdir(), "keyplane-root-token-"));
  const settings = readEnvironment({
    KEYPLANE_DATA_DIR: dataDir,
    KEYPLANE_ENCRYPTION_KEY: "0".repeat(64),
    KEYPLANE_LOG_LEVEL: "debug",
    ...(rootToken === undefined ? {} : { KEYPLANE_ROOT_TOKEN: rootToken }),
  });
  const logs: string[] = [];
  const logger = createLogger(settings.logLevel, { write: (line: string) => logs.push(line) });
  const keyplane = await compose(settings, { ...compiledThread, database, logger });
  const { port } = await keyplane.http.listen(0, "127.0.0.1");
  const url = `http://127.0.0.1:${port}`;
  return {
    logs,
    source: keyplane.rootToken.source,
    generated: "secret" in keyplane.rootToken ? keyplane.rootToken.secret : null,
    caller: (token: string) => new Caller(url, token),
    knows: async (token: string) => (await sendGraphql(url, token, "{ viewer { id } }")).status === 200,
    async stop() {
      await keyplane.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** Runs a story on a database of its own. */
async function withDatabase(story: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await openTestDatabase();
  try {
    await story(database);
  } finally {
    await database.close();
  }
}

const newToken = () => `root-${randomBytes(16).toString("hex")}`;

describe("the root token", () => {
  test("is made by the first start and works after the second, which makes none", () =>
    withDatabase(async (database) => {
      const first = await start(database);
      const secret = String(first.generated);
      expect(first.source).toBe("generated");
      expect(secret).toMatch(/^keyplane_live_/);
      expect((await first.caller(secret).query("{ viewer { role tenant { id } } }")).viewer).toEqual({
        role: "ADMIN",
        tenant: null,
      });
      expect(first.logs.join("")).not.toContain(secret);
      await first.stop();

      const second = await start(database);
      expect(second).toMatchObject({ source: "stored", generated: null });
      expect(await second.knows(secret)).toBe(true);
      await second.stop();
    }));

  test("of the environment replaces every earlier one, and no other token", () =>
    withDatabase(async (database) => {
      const first = await start(database);
      const generated = String(first.generated);
      const program = ok(await first.caller(generated).createToken({ name: "program", role: "ADMIN" })).secret;
      await first.stop();

      const [one, two] = [newToken(), newToken()];
      const second = await start(database, one);
      expect(second.source).toBe("environment");
      expect([await second.knows(one), await second.knows(generated)]).toEqual([true, false]);
      await second.stop();

      const third = await start(database, two);
      expect([await third.knows(two), await third.knows(one), await third.knows(program)]).toEqual([true, false, true]);
      const log = await readPage(third.caller(two), "auditLog", { first: 100 }, "action actorType actorId requestId");
      const ofKeyplane = log.nodes.filter(({ actorType }) => actorType === "system");
      expect(ofKeyplane.map(({ action }) => action).sort()).toEqual([
        ...Array(3).fill("management_token.created"),
        ...Array(2).fill("management_token.revoked"),
      ]);
      for (const record of ofKeyplane) expect(record).toMatchObject({ actorId: "keyplane", requestId: "start" });
      await third.stop();

      const fourth = await start(database);
      expect(fourth.source).toBe("stored");
      expect(await fourth.knows(two)).toBe(true);
      await fourth.stop();
    }));

  test("that was revoked works again after a start that names it, and the audit log tells", () =>
    withDatabase(async (database) => {
      const token = newToken();
      const first = await start(database, token);
      const { id } = (await first.caller(token).query("{ viewer { id } }")).viewer;
      ok(await first.caller(token).revokeToken({ id, reason: "leaked?" }));
      expect(await first.knows(token)).toBe(false);
      await first.stop();

      const second = await start(database, token);
      const { nodes } = await readPage(second.caller(token), "auditLog", { first: 1 }, "action targetId before after");
      expect(nodes[0]).toMatchObject({
        action: "management_token.restored",
        targetId: id,
        before: { revokedReason: "leaked?" },
        after: { revokedAt: null, revokedReason: null },
      });
      await second.stop();
    }));

  test("that was revoked is made anew by a start that names none", () =>
    withDatabase(async (database) => {
      const first = await start(database);
      const caller = first.caller(String(first.generated));
      ok(await caller.revokeToken({ id: (await caller.query("{ viewer { id } }")).viewer.id }));
      await first.stop();

      const second = await start(database);
      expect(second.source).toBe("generated");
      expect(await second.knows(String(second.generated))).toBe(true);
      await second.stop();
    }));

  test("cannot be the secret of another management token, which may do less", () =>
    withDatabase(async (database) => {
      const token = newToken();
      const first = await start(database, token);
      const { secret } = ok(await first.caller(token).createToken({ name: "guest", role: "GUEST" }));
      await first.stop();
      await expect(start(database, secret)).rejects.toThrow(/is not a root token. Set it to a value of its own/);
      const second = await start(database, token);
      expect(await second.knows(token)).toBe(true);
      await second.stop();
    }));

  test("is added once by processes that start at the same time", () =>
    withDatabase(async (database) => {
      const token = newToken();
      const servers = await Promise.all([start(database, token), start(database, token), start(database, token)]);
      for (const server of servers) expect(await server.knows(token)).toBe(true);
      expect(await database.database.prisma.managementToken.count()).toBe(1);
      for (const server of servers) await server.stop();
    }));

  test("is made once by processes that start for the first time at the same time", () =>
    withDatabase(async (database) => {
      // A connection for each, so that none is first only because the others have yet to connect.
      await Promise.all([1, 2, 3].map(() => database.database.ping()));
      const servers = await Promise.all([start(database), start(database), start(database)]);
      expect(servers.map(({ source }) => source).sort()).toEqual(["generated", "stored", "stored"]);
      const secret = String(servers.find(({ generated }) => generated)?.generated);
      for (const server of servers) expect(await server.knows(secret)).toBe(true);
      expect(await database.database.prisma.managementToken.count()).toBe(1);
      for (const server of servers) await server.stop();
    }));

  test("shows its first four characters when it is long, and none when it is short", () =>
    withDatabase(async (database) => {
      for (const [token, shown] of [
        ["short-one", ""],
        [newToken(), "root"],
      ]) {
        const server = await start(database, token);
        const { nodes } = await readPage(
          server.caller(String(token)),
          "managementTokens",
          {},
          "start createdBy revokedAt",
        );
        expect(nodes.filter(({ revokedAt }) => revokedAt === null)).toMatchObject([
          { start: shown, createdBy: "root" },
        ]);
        expect(server.logs.join("")).not.toContain(token);
        await server.stop();
      }
    }));
});
