import { randomUUID } from "node:crypto";
import { startEmbeddedMongo } from "@keyplane/embedded-mongo";
import { type Db, MongoClient } from "mongodb";

/** A MongoDB that tests make their databases on. */
export interface TestMongo {
  readonly url: string;
  /** A new, empty database; the name is only for people who look. */
  db(name: string): Db;
  /** Deletes the databases and ends the connection, and the server where it was started for this. */
  close(): Promise<void>;
}

/** Connects to TEST_MONGODB_URL where it is set, and starts an embedded server where not: its temporary folder goes with it. */
export async function openTestMongo(): Promise<TestMongo> {
  const server = process.env.TEST_MONGODB_URL
    ? { url: process.env.TEST_MONGODB_URL, close: async () => {} }
    : await startEmbeddedMongo({ dataDir: undefined });
  const client = await MongoClient.connect(server.url, { writeConcern: { w: "majority" } });
  const databases: Db[] = [];
  return {
    url: server.url,
    db(name) {
      const db = client.db(`${name}-${randomUUID().slice(0, 8)}`);
      databases.push(db);
      return db;
    },
    async close() {
      for (const db of databases) await db.dropDatabase();
      await client.close();
      await server.close();
    },
  };
}
