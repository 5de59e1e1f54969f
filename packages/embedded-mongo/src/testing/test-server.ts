import { randomBytes } from "node:crypto";
import { type Collection, MongoClient } from "mongodb";
import { type EmbeddedMongo, startEmbeddedMongo } from "../index.js";

/** A MongoDB server that was asked for: then the tables that hold for any MongoDB run against it. */
export const realUrl = process.env["TEST_MONGODB_URL"];

let shared: Promise<{ server: EmbeddedMongo | null; client: MongoClient }> | null = null;

/** One server for all tests of a file that only need some MongoDB. */
export async function sharedClient(): Promise<MongoClient> {
  shared ??= (async () => {
    const server = realUrl === undefined ? await startEmbeddedMongo({ dataDir: undefined }) : null;
    const client = await new MongoClient(server?.url ?? (realUrl as string)).connect();
    return { server, client };
  })();
  return (await shared).client;
}

/** To be called after the last test of a file. */
export async function closeShared(): Promise<void> {
  const open = await shared;
  shared = null;
  await open?.client.close();
  await open?.server?.close();
}

// biome-ignore lint/suspicious/noExplicitAny: the tables hold documents of all shapes, with ids of all types
export type AnyCollection = Collection<any>; // oxlint-disable-line typescript/no-explicit-any

/** A collection that no other test knows. */
export async function freshCollection(): Promise<AnyCollection> {
  const client = await sharedClient();
  return client.db("embedded_mongo_test").collection(`c_${randomBytes(8).toString("hex")}`);
}

/** Code and message of what a call is refused with. */
export async function refusal(
  call: Promise<unknown>,
): Promise<{ code: unknown; message: string; labels?: readonly string[] }> {
  try {
    await call;
  } catch (error) {
    const { code, message, errorLabels } = error as Error & { code?: unknown; errorLabels?: string[] };
    return { code, message, ...(errorLabels ? { labels: errorLabels } : {}) };
  }
  throw new Error("It was not refused.");
}
