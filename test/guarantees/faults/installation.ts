import { randomInt } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServedPostgres, startServedPostgres } from "../../../packages/server/prisma/served-postgres.js";
import { Caller } from "../../testkit/index.js";
import { type ServerProcess, startProcess } from "../../testkit/server-process.js";

const rootToken = "root-token-of-the-tests-of-faults-1";

/** What was killed, and how often. */
export interface Deaths {
  servers: number;
  postgres: number;
}

/** Two server processes on one PostgreSQL, each of which may be killed at any time and comes back at its address. */
export class Installation {
  readonly deaths: Deaths = { servers: 0, postgres: 0 };
  readonly #servers: (ServerProcess | null)[] = [null, null];
  readonly #ports = ["0", "0"];
  readonly #turns: string[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), "keyplane-faults-"));

  private constructor(
    readonly postgres: ServedPostgres,
    readonly databaseUrl: string,
    readonly losesCommits: boolean,
  ) {}

  /**
   * @param losesCommits whether PostgreSQL, when it is killed, loses the last that it has acknowledged: as one does that need
   * not wait for its disk, or whose standby takes over without having got everything. Otherwise, it is as durable as it
   * is by itself.
   * @returns why there can be none, where PostgreSQL does not run.
   */
  static async start({ losesCommits = false } = {}): Promise<Installation | string> {
    let postgres: ServedPostgres;
    try {
      postgres = await startServedPostgres(losesCommits ? { synchronous_commit: "off" } : {}, { durable: true });
    } catch (error) {
      const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
      return `needs a PostgreSQL that it may kill: pnpm install brings one, for a user that may run it (${why})`;
    }
    const installation = new Installation(postgres, await postgres.createDatabase("faults"), losesCommits);
    await Promise.all([installation.#startServer(0), installation.#startServer(1)]);
    return installation;
  }

  /** Where a server is, or will be again. */
  urlOf(index: number): string {
    return `http://127.0.0.1:${this.#ports[index]}`;
  }

  /** The root, at one of the servers. */
  root(index = randomInt(2)): Caller {
    return new Caller(this.urlOf(index), rootToken);
  }

  /** Kills something, and starts it again after a while. Each kind has its turn, in an order that nobody knows. */
  async fail(): Promise<void> {
    if (this.#turns.length === 0) this.#turns.push("first", "second", "postgres", "postgres", "both");
    const [turn] = this.#turns.splice(randomInt(this.#turns.length), 1);
    if (turn === "first") return this.#failServer(0);
    if (turn === "second") return this.#failServer(1);
    await Promise.all([this.#failPostgres(), ...(turn === "both" ? [this.#killServer(randomInt(2))] : [])]);
    await this.#startMissing();
  }

  async #failServer(index: number): Promise<void> {
    await this.#killServer(index);
    await sleep(randomInt(500));
    await this.#startMissing();
  }

  async #failPostgres(): Promise<void> {
    this.deaths.postgres += 1;
    if (this.losesCommits) {
      this.postgres.stopFlushing();
      await sleep(randomInt(500));
    }
    await this.postgres.kill();
    // From hardly noticed to long enough for every connection to find out.
    await sleep(randomInt(2) * randomInt(2_000));
    await this.postgres.restart();
  }

  async #killServer(index: number): Promise<void> {
    this.deaths.servers += 1;
    const server = this.#servers[index];
    this.#servers[index] = null;
    await server?.end("SIGKILL");
  }

  async #startMissing(): Promise<void> {
    for (const [index, server] of this.#servers.entries()) if (!server) await this.#startServer(index);
  }

  async #startServer(index: number): Promise<void> {
    const server = await startProcess({
      DATABASE_URL: this.databaseUrl,
      KEYPLANE_DATA_DIR: join(this.#folder, String(index)),
      KEYPLANE_ENCRYPTION_KEY: "5".repeat(64),
      KEYPLANE_ROOT_TOKEN: rootToken,
      PORT: this.#ports[index] ?? "0",
    });
    this.#ports[index] = new URL(server.url).port;
    this.#servers[index] = server;
    // As elsewhere: TEST_LOGS=1 shows what the servers have to say when a test fails for a reason of theirs.
    if (process.env.TEST_LOGS) void server.ended.then(({ stdout }) => process.stderr.write(problems(stdout)));
  }

  /** @throws with what it has said, when a server has ended although nobody killed it. */
  assertRuns(): void {
    for (const server of this.#servers) {
      if (server?.hasEnded) throw new Error(`A server has ended by itself: ${JSON.stringify(server.output)}`);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server?.end("SIGKILL")));
    await this.postgres.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function problems(stdout: string): string {
  return stdout.replace(/^(?!.*"level":"(?:error|warn)").*\n?/gm, "");
}
