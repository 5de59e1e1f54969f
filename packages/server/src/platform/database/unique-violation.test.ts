import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ServedPostgres, startServedPostgres } from "../../../prisma/served-postgres.js";
import { Prisma } from "./_generated/client.js";
import { type Database, openDatabase } from "./database.js";
import { isUniqueViolation, uniqueViolation } from "./unique-violation.js";

const NOW = new Date("2026-01-01T00:00:00Z");

describe.each(["embedded", "postgresql"])("a unique violation on the %s database", (kind) => {
  let server: ServedPostgres | undefined;
  let database: Database;
  beforeAll(async () => {
    server = kind === "postgresql" ? await startServedPostgres() : undefined;
    database = await openDatabase({ databaseUrl: server?.url ?? null, dataDir: null });
  });
  afterAll(async () => {
    await database.close();
    await server?.stop();
  });

  const failure = (write: Promise<unknown>): Promise<unknown> =>
    write.then(
      () => null,
      (error: unknown) => error,
    );
  const tenant = (id: string, slug: string): Promise<unknown> =>
    database.prisma.tenant.create({ data: { id, slug, name: id, createdAt: NOW, updatedAt: NOW } });
  const user = (id: string, activeEmail: string): Promise<unknown> =>
    database.prisma.user.create({
      data: { id, tenantId: "ten_1", email: activeEmail, activeEmail, name: id, createdAt: NOW, updatedAt: NOW },
    });

  test("names the field, and no other", async () => {
    await tenant("ten_1", "acme");
    const error = await failure(tenant("ten_2", "acme"));
    expect(uniqueViolation(error)).toEqual({ model: "Tenant", fields: ["slug"] });
    expect(isUniqueViolation(error, "Tenant", ["slug"])).toBe(true);
    expect(isUniqueViolation(error, "Tenant", ["id"])).toBe(false);
    expect(isUniqueViolation(error, "User", ["slug"])).toBe(false);
  });

  test("names all fields of a combination, in any order", async () => {
    await user("usr_1", "ada@example.com");
    const error = await failure(user("usr_2", "ada@example.com"));
    expect(isUniqueViolation(error, "User", ["activeEmail", "tenantId"])).toBe(true);
    expect(isUniqueViolation(error, "User", ["activeEmail"])).toBe(false);
  });

  test("names the primary key", async () => {
    expect(uniqueViolation(await failure(tenant("ten_1", "other")))).toEqual({ model: "Tenant", fields: ["id"] });
  });

  test("is recognised inside a transaction", async () => {
    const write = database.transaction((tx) =>
      tx.tenant.create({ data: { id: "ten_3", slug: "acme", name: "", createdAt: NOW, updatedAt: NOW } }),
    );
    expect(isUniqueViolation(await failure(write), "Tenant", ["slug"])).toBe(true);
  });

  test("is not what another error is", async () => {
    const missing = await failure(database.prisma.tenant.findUniqueOrThrow({ where: { id: "ten_9" } }));
    expect(missing).toBeInstanceOf(Prisma.PrismaClientKnownRequestError);
    for (const error of [missing, new Error("P2002"), null, undefined]) expect(uniqueViolation(error)).toBeNull();
  });

  // What unique-violation.ts takes from the names that Prisma gives.
  test("can be told from the name of every unique index of the schema", async () => {
    const indexes = await database.prisma.$queryRaw<
      { table: string; name: string; fields: string[]; primary: boolean }[]
    >`
      SELECT t.relname AS "table", i.relname AS "name", x.indisprimary AS "primary",
             array_agg(a.attname::text ORDER BY a.attnum) AS "fields"
      FROM pg_index x
      JOIN pg_class i ON i.oid = x.indexrelid
      JOIN pg_class t ON t.oid = x.indrelid
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (x.indkey)
      WHERE x.indisunique AND t.relnamespace = 'public'::regnamespace AND t.relname <> '_prisma_migrations'
      GROUP BY 1, 2, 3`;
    expect(indexes.length).toBeGreaterThan(8);
    for (const { table, name, fields } of indexes) {
      const error = new Prisma.PrismaClientKnownRequestError("", {
        code: "P2002",
        clientVersion: "",
        meta: { driverAdapterError: { cause: { constraint: { index: name } } } },
      });
      expect.soft(isUniqueViolation(error, table as Prisma.ModelName, fields), name).toBe(true);
    }
  });
});
