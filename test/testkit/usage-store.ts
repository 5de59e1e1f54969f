import { randomBytes } from "node:crypto";
import { MongoClient } from "mongodb";
import { withDatabase } from "../../packages/server/src/testing/mongo-url.js";

/** A database of a server's own for its usage. */
export interface UsageStore {
  readonly url: string;
  drop(): Promise<void>;
}

/** On the MongoDB that `TEST_MONGODB_URL` names; null without it: a server then starts an embedded one of its own. */
export function openUsageStore(): UsageStore | null {
  const server = process.env.TEST_MONGODB_URL;
  if (!server) return null;
  const url = withDatabase(server, `keyplane_test_${randomBytes(8).toString("hex")}`);
  return {
    url,
    async drop() {
      const client = new MongoClient(url);
      await client.db().dropDatabase();
      await client.close();
    },
  };
}
