import { createId } from "@keyplane/schema";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openInMemory } from "../../../platform/database/embedded-engine.js";
import { type Database, loadTemplate, PrismaClient } from "../../../platform/database/index.js";
import { migrate } from "../../../platform/database/migrate.js";
import { readMigrations } from "../../../platform/database/migration-files.js";
import { HeldReads } from "../../../testing/held-reads.js";
import { TenantStates } from "../../tenants/index.js";
import { UserStates } from "../../users/index.js";
import { insertSecret, supersedeSecrets, updateKeyRow } from "../keys.store.js";
import { VerificationIndex } from "./verification-index.js";

type Engine = Awaited<ReturnType<typeof openInMemory>>;

/** A client whose every statement runs at once, and whose answers are in the test's hands. */
function heldClient(engine: Engine, answers: HeldReads): PrismaClient {
  const { adapter } = engine;
  const connect = async () => {
    const connection = await adapter.connect();
    const queryRaw = connection.queryRaw.bind(connection);
    connection.queryRaw = async (query) => {
      const result = await queryRaw(query);
      return answers.read(() => result);
    };
    return connection;
  };
  return new PrismaClient({ adapter: { provider: adapter.provider, adapterName: adapter.adapterName, connect } });
}

let engine: Engine;
let prisma: PrismaClient;
const answers = new HeldReads();
let held: PrismaClient;

beforeAll(async () => {
  engine = await openInMemory(loadTemplate());
  await engine.migrating((connection) => migrate(connection, readMigrations()));
  prisma = new PrismaClient({ adapter: engine.adapter });
  held = heldClient(engine, answers);
});

afterAll(async () => {
  await held.$disconnect();
  await prisma.$disconnect();
  await engine.close();
});

test("a rotation between any two statements of a verification never leaves the old secret working", async () => {
  const at = new Date("2026-01-01T00:00:00Z");
  const dates = { createdAt: at, updatedAt: at };
  const [tenantId, ownerId] = [createId("Tenant"), createId("User")];
  await prisma.tenant.create({ data: { id: tenantId, slug: tenantId, name: "Tenant", ...dates } });
  await prisma.user.create({ data: { id: ownerId, tenantId, email: "", name: "User", ...dates } });

  for (let rotateAfter = 1; rotateAfter <= 5; rotateAfter++) {
    const id = createId("Key");
    const hash = `${id} old`;
    const draft = { id, tenantId, ownerId, name: "Key", environment: "LIVE", start: "", ...dates } as const;
    await prisma.key.create({ data: draft });
    await insertSecret(prisma, { hash, keyId: id, start: "", createdAt: at });

    const database = { prisma: held } as unknown as Database;
    const owners = new UserStates({ database, max: 10 });
    const tenants = new TenantStates({ database, max: 10 });
    const index = new VerificationIndex({ database, clock: { now: () => 0 }, owners, tenants, maxKeys: 10 });

    let statements = 0;
    let done = false;
    const found = Promise.resolve(index.find(hash)).finally(() => {
      done = true;
    });
    while (!done) {
      while (!done && answers.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
      if (++statements === rotateAfter) {
        await supersedeSecrets(prisma, id, at, at);
        await insertSecret(prisma, { hash: `${id} new`, keyId: id, start: "", createdAt: at });
        await updateKeyRow(prisma, id, { secretVersion: { increment: 1 } });
        index.onEvent({ type: "ROTATED", tenantId, keyId: id });
      }
      await answers.answer();
    }
    await found;

    const later = Promise.resolve(index.find(hash));
    while (answers.waiting > 0) await answers.answer();
    let settledLater = false;
    void later.finally(() => {
      settledLater = true;
    });
    while (!settledLater) {
      await answers.answerAll();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await later, `rotated after statement ${rotateAfter}`).toMatchObject({ secret: { stopsAt: at.getTime() } });
  }
});
