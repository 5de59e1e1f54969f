import { openTestDatabase, postgresUrl } from "../testkit/database.js";
import { day, describe, expect, ok, startServer, TestClock, test, World } from "../testkit/index.js";
import { type ReceivedMessage, startReceiver, verified, webhookMutation } from "../testkit/webhooks.js";

// The embedded database has one process only: this promise is about several on one PostgreSQL.
const withoutPostgres = postgresUrl === null;

describe.skipIf(withoutPostgres)("two servers on one database", () => {
  test("send each message once, and rotate each key once that is due", async () => {
    const database = await openTestDatabase();
    const clock = new TestClock();
    const shared = {
      KEYPLANE_ROOT_TOKEN: "root-token-of-two-servers-000000000000",
      KEYPLANE_ENCRYPTION_KEY: "ab".repeat(32),
    };
    const servers = [await startServer(shared, { database, clock }), await startServer(shared, { database, clock })];
    const receiver = await startReceiver();
    try {
      const [here, there] = servers.map((server) => new World(server)) as [World, World];
      const { prisma } = database.database;
      const policy = { rotateEveryMs: 40 * day };
      const { tenant, admin, owner, key } = await here.tenantWithKey({ policy });
      const given = { tenantId: tenant.id, name: "Vault", url: receiver.url, receivesSecrets: true };
      const eventTypes = ["DISABLED", "ENABLED"];
      const { webhook, secret } = ok(await webhookMutation(admin, "createWebhook", { ...given, eventTypes }));

      // Events of both servers, while one fails now and then to be taken.
      const read = (message: ReceivedMessage) =>
        verified(secret, message, Number(message.headers["webhook-timestamp"]) * 1_000).data;
      const idOf = ({ headers }: ReceivedMessage) => headers["webhook-id"];
      const isFirst = (message: ReceivedMessage) =>
        receiver.messages.filter((each) => idOf(each) === idOf(message)).length === 1;
      receiver.answer = (message) => (receiver.messages.length % 5 === 0 && isFirst(message) ? 503 : 204);
      for (let time = 0; time < 10; time++) {
        for (const world of [here, there]) {
          ok(await world.root.key("disableKey", { id: key.id }));
          ok(await world.root.key("enableKey", { id: key.id }));
        }
      }
      const delivered = () => prisma.webhookDelivery.count({ where: { status: "DELIVERED" } });
      await expect
        .poll(async () => {
          // By little: what is under way is taken by the other one after a minute.
          clock.advance(500);
          return delivered();
        })
        .toBe(40);
      const taken = receiver.messages.map((each) => read(each).id as string);
      expect(new Set(taken).size).toBe(40);
      expect(new Set(receiver.messages.map(idOf)).size).toBe(40);
      // Each as often as it was attempted, and no more.
      const rows = await prisma.webhookDelivery.findMany();
      expect(receiver.messages).toHaveLength(rows.reduce((sum, { attempts }) => sum + attempts, 0));
      expect(rows.filter(({ attempts }) => attempts > 1).length).toBe(receiver.messages.length - 40);

      // A rotation that is due at both.
      receiver.messages.length = 0;
      receiver.answer = () => 204;
      for (let index = 0; index < 9; index++) await here.key(tenant.id, owner.id);
      ok(await admin.tenant("updateTenant", { id: tenant.id, policy: { rotationWebhookId: webhook.id } }));
      clock.advance(36 * day);
      await expect.poll(() => prisma.webhookDelivery.count({ where: { hasSecret: true } })).toBe(10);
      await expect.poll(() => delivered()).toBe(50);
      const secrets = receiver.messages.map((each) => read(each).secret as string);
      expect(new Set(secrets).size).toBe(10);
      expect(await prisma.keySecret.count({ where: { isPending: true } })).toBe(10);
      for (const each of secrets) expect(await there.verify(each)).toMatchObject({ code: "VALID" });
      expect(await prisma.webhookDelivery.count({ where: { sealedSecret: { not: null } } })).toBe(0);
    } finally {
      for (const server of servers) await server.stop();
      await receiver.close();
      await database.close();
    }
  });
});
