import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose, createLogger, type Keyplane, readEnvironment } from "@keyplane/server";
import { compiledThread } from "../../packages/server/src/testing/compiled-thread.js";
import { TestClock } from "./clock.js";
import { openTestDatabase, type TestDatabase } from "./database.js";
import { openUsageStore } from "./usage-store.js";

/** A running server of a test's own, in this process, on a database of its own. */
export interface TestServer {
  readonly url: string;
  readonly rootToken: string;
  readonly dataDir: string;
  readonly clock: TestClock;
  readonly keyplane: Keyplane;
  readonly database: TestDatabase;
  /** Everything that the server has logged, a line each. */
  readonly logs: string[];
  stop(): Promise<void>;
}

/** What a test gives to a server instead of something of the server's own. */
export interface Given {
  /** Shared with another server; stays open when the server stops. */
  readonly database?: TestDatabase;
  readonly clock?: TestClock;
  /** Milliseconds until a request is answered with TIMEOUT. */
  readonly timeLimitMs?: number;
  /** How many events are remembered for those who follow. */
  readonly eventBufferSize?: number;
  /** How long a call waits for Redis, in milliseconds. */
  readonly redisPatienceMs?: number;
}

export async function startServer(environment: Record<string, string> = {}, given: Given = {}): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), "keyplane-test-"));
  const rootToken =
    environment["KEYPLANE_ROOT_TOKEN"] ?? `root-token-of-the-tests-${Math.random().toString(36).slice(2)}`;
  const usageStore = openUsageStore();
  const settings = readEnvironment({
    ...(usageStore ? { MONGODB_URL: usageStore.url } : {}),
    KEYPLANE_DATA_DIR: dataDir,
    KEYPLANE_ROOT_TOKEN: rootToken,
    KEYPLANE_LOG_LEVEL: "debug",
    // All tests of a worker have one address, and its clock may stand still.
    KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "1000000",
    KEYPLANE_ALLOW_PRIVATE_ISSUERS: "true",
    KEYPLANE_ALLOW_PRIVATE_WEBHOOKS: "true",
    // Where a test does not ask for it, nothing runs beside it.
    KEYPLANE_INTEGRITY_HOURS: "0",
    ...environment,
  });
  const clock = given.clock ?? new TestClock();
  const logs: string[] = [];
  const logger = createLogger(settings.logLevel, {
    write(line: string) {
      logs.push(line);
      // TEST_LOGS=1 shows what the server has to say when a test fails for a reason of the server's.
      if (process.env.TEST_LOGS && /"level":"(?:error|warn)"/.test(line)) process.stderr.write(line);
    },
  });
  const database = given.database ?? (await openTestDatabase());
  const { timeLimitMs, eventBufferSize, redisPatienceMs } = given;
  const keyplane = await compose(settings, {
    ...compiledThread,
    clock,
    logger,
    database: database.database,
    ...(timeLimitMs === undefined ? {} : { timeLimitMs }),
    ...(eventBufferSize === undefined ? {} : { eventBufferSize }),
    ...(redisPatienceMs === undefined ? {} : { redisPatienceMs }),
  });
  const { port } = await keyplane.http.listen(0, "127.0.0.1");
  // Questions about usage wait for counting, but not for long.
  await keyplane.recording.started;
  return {
    url: `http://127.0.0.1:${port}`,
    rootToken,
    dataDir: settings.dataDir,
    clock,
    keyplane,
    database,
    logs,
    async stop() {
      await keyplane.stop();
      await usageStore?.drop();
      if (!given.database) await database.close();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
