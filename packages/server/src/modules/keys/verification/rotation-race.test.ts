import { createId } from "@keyplane/schema";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openInMemory } from "../../../platform/database/embedded-engine.js";
import { type Database, loadTemplate, PrismaClient } from "../../../platform/database/index.js";
import { migrate } from "../../../platform/database/migrate.js";
import { readMigrations } from "../../../platform/database/migration-files.js";
import { HeldReads } from "../../../testing/held-reads.js";
import { RoleStates } from "../../roles/index.js";
import { TeamStates } from "../../teams/index.js";
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

/** Answers statements one by one until `work` has its result. @param after called after each, with how many there were. */
async function answerUntilDone<Result>(work: Promise<Result>, after?: (statements: number) => Promise<void>) {
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  for (let statements = 1; !done; ) {
    await new Promise((resolve) => setImmediate(resolve));
    if (answers.waiting === 0) continue;
    // The statement has run; its answer is still on its way.
    await after?.(statements++);
    await answers.answer();
  }
  return finished;
}

const at = new Date("2026-01-01T00:00:00Z");
const dates = { createdAt: at, updatedAt: at };

async function addKey(tenantId: string, ownerId: string): Promise<string> {
  const id = createId("Key");
  const data = { id, tenantId, ownerId, name: "Key", environment: "LIVE", start: "", ...dates } as const;
  await prisma.key.create({ data });
  await insertSecret(prisma, { hash: `${id} old`, keyId: id, start: "", createdAt: at });
  return id;
}

async function rotate(id: string): Promise<void> {
  await supersedeSecrets(prisma, id, at, at);
  await insertSecret(prisma, { hash: `${id} new`, keyId: id, start: "", createdAt: at });
  await updateKeyRow(prisma, id, { secretVersion: { increment: 1 } });
}

test("a rotation between any two statements of a verification never leaves the old secret working", async () => {
  const [tenantId, ownerId] = [createId("Tenant"), createId("User")];
  await prisma.tenant.create({ data: { id: tenantId, slug: tenantId, name: "Tenant", ...dates } });
  await prisma.user.create({ data: { id: ownerId, tenantId, email: "", name: "User", ...dates } });

  let rotated = true;
  let rotateAfter = 0;
  while (rotated) {
    rotateAfter++;
    rotated = false;
    const id = await addKey(tenantId, ownerId);
    const database = { prisma: held } as unknown as Database;
    const owners = new UserStates({ database, max: 10 });
    const tenants = new TenantStates({ database, max: 10 });
    const roles = new RoleStates({ database, max: 10 });
    const teams = new TeamStates({ database, max: 10 });
    const index = new VerificationIndex({
      database,
      clock: { now: () => 0 },
      owners,
      tenants,
      roles,
      teams,
      maxKeys: 10,
    });
    const find = async () => index.find(`${id} old`);

    await answerUntilDone(find(), async (statements) => {
      if (statements !== rotateAfter) return;
      rotated = true;
      await rotate(id);
      index.onEvent({ type: "ROTATED", tenantId, keyId: id });
    });
    const stopsAt = rotated ? at.getTime() : null;
    expect(await answerUntilDone(find()), `rotated after ${rotateAfter}`).toMatchObject({ secret: { stopsAt } });
  }
  expect(rotateAfter).toBeGreaterThan(3);
});
