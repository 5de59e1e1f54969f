import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { compose, openDatabase, readEnvironment, variables } from "@keyplane/server";
import { afterEach } from "vitest";
import { freezableProxy } from "../../packages/server/src/testing/freezable-proxy.js";
import { Caller, day, describe, expect, sendGraphql, test } from "../testkit/index.js";
import { type Home, newHome, runServer, type ServerProcess, startProcess } from "../testkit/server-process.js";

// The program itself, in processes of its own, as an operator runs it.

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function home(): Promise<Home> {
  const made = await newHome();
  cleanups.push(() => made.remove());
  return made;
}

async function start(environment: Record<string, string>): Promise<ServerProcess> {
  const server = await startProcess(environment);
  cleanups.push(() => server.end("SIGKILL"));
  return server;
}

/** A port where nobody listens: it was free a moment ago. */
async function closedPort(): Promise<number> {
  const { port, close } = await takenPort();
  await close();
  return port;
}

async function takenPort(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || !address) throw new Error("no port");
  return { port: address.port, close: () => new Promise((resolve) => server.close(() => resolve())) };
}

const roleOf = async (server: ServerProcess, token: string): Promise<string> => {
  const { status, body } = await sendGraphql(server.url, token, "{ viewer { role } }");
  return body.data?.viewer.role ?? `${status} ${body.errors[0].extensions.code}`;
};

const printedToken = (server: ServerProcess): string | undefined =>
  /keyplane_live_[0-9A-Za-z]+/.exec(server.output.stderr)?.[0];

describe("--help", () => {
  test.for(["--help", "-h"])("%s prints every variable and starts nothing", async (flag) => {
    const { code, stdout, stderr } = await runServer({}, [flag]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const [name, { description, fallback }] of Object.entries(variables)) {
      expect(stdout).toContain(`  ${name}\n      ${description}\n      Default: ${fallback}.`);
    }
  });
});

test("--version prints the version and starts nothing", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../../packages/server/package.json", import.meta.url), "utf8"));
  expect(await runServer({}, ["--version"])).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
});

describe("an argument that the server does not know", () => {
  test.for([
    [["--port", "5000"], "There is no argument --port"],
    [["--port=5000"], "There is no argument --port"],
    [["-p", "5000"], "There is no argument -p"],
    [["--root-token=hunter2hunter2"], "There is no argument --root-token"],
    [["hunter2hunter2"], "There are no arguments but --help and --version"],
  ] as const)("%j is refused, with what to do and without its value", async ([args, problem]) => {
    const { dataDir } = await home();
    const ended = await runServer({ KEYPLANE_DATA_DIR: dataDir, PORT: "0" }, [...args]);
    expect(ended).toEqual({
      code: 1,
      stdout: "",
      stderr: `Keyplane cannot start. ${problem}: settings are environment variables, as in PORT=5000 npm start. Run with --help to see them all.\n`,
    });
  });
});

describe("a configuration with problems", () => {
  /** A value that each variable refuses; null where every text will do. Add one with a new variable. */
  const wrong: Record<keyof typeof variables, string | null> = {
    PORT: "65536",
    HOST: "a b",
    KEYPLANE_PUBLIC_URL: "https://keyplane.example.com/path",
    KEYPLANE_DATA_DIR: null,
    KEYPLANE_ROOT_TOKEN: "hunter2",
    DATABASE_URL: "mysql://me:hunter2@localhost/keys",
    KEYPLANE_ENCRYPTION_KEY: "hunter2hunter2",
    KEYPLANE_SIGNING_KEY_DAYS: "0",
    KEYPLANE_SMTP_URL: "http://me:hunter2@localhost",
    KEYPLANE_MAIL_FROM: "nobody",
    KEYPLANE_LOG_LEVEL: "loud",
    KEYPLANE_MAX_CACHED_KEYS: "-1",
    KEYPLANE_TRUST_PROXY: "maybe",
    KEYPLANE_UNKNOWN_TOKENS_PER_MINUTE: "0",
    KEYPLANE_UNKNOWN_KEYS_PER_MINUTE: "1.5",
    KEYPLANE_UNKNOWN_KEYS_PER_ADDRESS: "-5",
    KEYPLANE_INTEGRITY_HOURS: "often",
    KEYPLANE_INTEGRITY_MAX_QUARANTINED: "-1",
    KEYPLANE_ALLOW_PRIVATE_ISSUERS: "perhaps",
    KEYPLANE_ALLOW_PRIVATE_WEBHOOKS: "perhaps",
    MONGODB_URL: "postgresql://me:hunter2@localhost/usage",
    REDIS_URL: "http://localhost:hunter2",
    KEYPLANE_RATE_LIMITS_WITHOUT_REDIS: "maybe",
    KEYPLANE_EVENTS_DAYS: "0",
    KEYPLANE_EXPIRY_REMINDERS: "7 days",
    KEYPLANE_ROTATION_REMINDERS: "7 days",
    KEYPLANE_SECRET_SCANNING_KEYS: "/no/such/file",
    KEYPLANE_RECORD_VERIFICATIONS: "no",
    KEYPLANE_USAGE_SPOOL_BYTES: "1048575",
    KEYPLANE_USAGE_EVENTS_DAYS: "1",
    KEYPLANE_USAGE_MINUTES_DAYS: "0",
    KEYPLANE_USAGE_HOURS_DAYS: "3651",
    KEYPLANE_USAGE_DAYS_DAYS: "1.5",
  };

  test("names each at once: the variable, what it got and what it wants", async () => {
    const given = Object.fromEntries(Object.entries(wrong).filter(([, value]) => value !== null)) as Record<
      string,
      string
    >;
    expect(Object.keys(wrong).sort()).toEqual(Object.keys(variables).sort());
    const { code, stdout, stderr } = await runServer(given);
    expect([code, stdout]).toEqual([1, ""]);
    for (const [name, value] of Object.entries(given)) {
      const variable: { wants: string; secret?: true } = variables[name as keyof typeof variables];
      const got = variable.secret ? `${value.length} characters (not shown)` : JSON.stringify(value);
      expect(stderr).toContain(`  ${name} is ${got}; it must be ${variable.wants}.\n`);
    }
    expect(stderr).not.toContain("hunter2");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test.for([
    ["MONGODB_URL", "mongodb://me:hunter2@127.0.0.1:27017/usage", { mongodbUrl: expect.stringContaining("/usage") }],
    ["MONGODB_URL", "mongodb+srv://cluster.example.com", { mongodbUrl: "mongodb+srv://cluster.example.com" }],
    ["MONGODB_URL", "", { mongodbUrl: null }],
    ["KEYPLANE_PUBLIC_URL", "https://keys.example.com/", { publicUrl: "https://keys.example.com" }],
    ["KEYPLANE_SMTP_URL", "smtps://me:x@mail.example.com", { smtpUrl: "smtps://me:x@mail.example.com" }],
    ["KEYPLANE_MAIL_FROM", "Ärzte <a@b.example>", { mailFrom: "Ärzte <a@b.example>" }],
    ["KEYPLANE_RECORD_VERIFICATIONS", "false", { recordVerifications: false }],
    ["KEYPLANE_RECORD_VERIFICATIONS", "", { recordVerifications: true }],
    ["KEYPLANE_USAGE_SPOOL_BYTES", "1048576", { maxSpoolBytes: 1_048_576 }],
    ["KEYPLANE_USAGE_SPOOL_BYTES", "1099511627776", { maxSpoolBytes: 2 ** 40 }],
    ["KEYPLANE_USAGE_EVENTS_DAYS", "3", { usageRetention: { rawMs: 3 * day } }],
    ["KEYPLANE_USAGE_MINUTES_DAYS", "1", { usageRetention: { minutesMs: day } }],
    ["KEYPLANE_USAGE_HOURS_DAYS", "3650", { usageRetention: { hoursMs: 3_650 * day } }],
    ["KEYPLANE_USAGE_DAYS_DAYS", "24000", { usageRetention: { daysMs: 24_000 * day } }],
  ] as const)("%s takes %j", ([name, value, expected]) => {
    expect(readEnvironment({ [name]: value })).toMatchObject(expected);
  });

  test.for([
    ["MONGODB_URL", ["http://localhost/usage", "mongodb://", "localhost:27017", "mongodb:///usage"]],
    ["KEYPLANE_RECORD_VERIFICATIONS", ["1", "TRUE", "yes"]],
    ["KEYPLANE_USAGE_SPOOL_BYTES", ["1048575", "1099511627777", "1GB", "-1", "1e9"]],
    ["KEYPLANE_USAGE_EVENTS_DAYS", ["2", "3651", "30d", "3.5"]],
    ["KEYPLANE_USAGE_MINUTES_DAYS", ["0", "3651", "-7"]],
    ["KEYPLANE_USAGE_HOURS_DAYS", ["0", "3651", "x"]],
    ["KEYPLANE_USAGE_DAYS_DAYS", ["0", "24001", "Infinity"]],
  ] as const)("%s refuses %j", ([name, values]) => {
    for (const value of values) {
      expect(() => readEnvironment({ [name]: value }), value).toThrow(`${name} is `);
    }
  });

  test("that one can start with draws a warning, without a value", async () => {
    const { environment } = await home();
    const server = await start({
      ...environment,
      KEYPLANE_ROOT_TOKE: "hunter2hunter2",
      KEYPLANE_ROOT_TOKEN: "hunter2x",
    });
    const { stdout, stderr } = server.output;
    expect(stdout).toContain('"variable":"KEYPLANE_ROOT_TOKE"');
    expect(stderr).toContain("KEYPLANE_ROOT_TOKEN is short");
    expect(stdout + stderr).not.toContain("hunter2");
  });
});

/** One sentence for a person, no trace, and the exit code of a failure. */
function expectRefusal(ended: { code: number | null; stdout: string; stderr: string }, sentence: RegExp): void {
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/^Keyplane cannot start\. \S.*\n$/);
  expect(ended.stderr).toMatch(sentence);
  expect(ended.stdout).not.toContain('"listening"');
}

describe("what keeps the server from starting is one clear sentence", () => {
  /** Without it, the start would make a token, and print that it did. */
  const ownToken = { KEYPLANE_ROOT_TOKEN: "a-root-token-of-32-characters-aa" };

  test("the port is taken", async () => {
    const { environment } = await home();
    const { port, close } = await takenPort();
    cleanups.push(close);
    expectRefusal(
      await runServer({ ...environment, ...ownToken, PORT: String(port) }),
      new RegExp(`Port ${port} is taken.*PORT`),
    );
  });

  test("the port is taken at the first start: the root token that it made is printed, and works at the next one", async () => {
    const { environment } = await home();
    const { port, close } = await takenPort();
    cleanups.push(close);
    const { code, stdout, stderr } = await runServer({ ...environment, PORT: String(port) });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      new RegExp(`^Keyplane cannot start\\. Port ${port} is taken.*\n\n  Root token    keyplane_live_`),
    );
    const token = /keyplane_live_[0-9A-Za-z]+/.exec(stderr)?.[0] ?? "";
    expect(stdout).not.toContain(token);

    const second = await start(environment);
    expect(second.output.stderr).not.toContain("keyplane_live_");
    expect(await roleOf(second, token)).toBe("ADMIN");
  });

  test("the address is not this machine's", async () => {
    const { environment } = await home();
    expectRefusal(
      await runServer({ ...environment, ...ownToken, PORT: "0", HOST: "192.0.2.1" }),
      /no address 192\.0\.2\.1.*HOST/,
    );
  });

  test("the data folder is in use by a running server", async () => {
    const { dataDir } = await home();
    const first = await start({ KEYPLANE_DATA_DIR: dataDir });
    const second = await runServer({ KEYPLANE_DATA_DIR: dataDir, PORT: "0" });
    expectRefusal(second, new RegExp(`${dataDir} is in use by another Keyplane \\(process ${first.pid},`));
    expect(await roleOf(first, printedToken(first) ?? "")).toBe("ADMIN");
  });

  test("a server that was killed leaves no folder in use", async () => {
    const { dataDir } = await home();
    await (await start({ KEYPLANE_DATA_DIR: dataDir })).end("SIGKILL");
    await start({ KEYPLANE_DATA_DIR: dataDir });
  });

  test("a file stands where the data folder should be, or above it", async () => {
    const { dataDir } = await home();
    const file = join(dataDir, "file");
    writeFileSync(file, "");
    for (const place of [file, join(file, "below")]) {
      const ended = await runServer({ KEYPLANE_DATA_DIR: place, PORT: "0" });
      expectRefusal(ended, /is not a directory, or lies below a file; set KEYPLANE_DATA_DIR/);
    }
  });

  test("the data folder cannot be made, though the folder above it is there", async ({ skip }) => {
    skip(process.platform !== "linux", "needs /proc");
    for (const place of ["/proc/nope", "/proc/nope/below"]) {
      const ended = await runServer({ KEYPLANE_DATA_DIR: place, PORT: "0" });
      expectRefusal(ended, new RegExp(`${place} cannot be used \\(.*\\); set KEYPLANE_DATA_DIR to another`));
    }
  });

  test("the data folder cannot be written", async ({ skip }) => {
    skip(process.getuid?.() === 0, "root may write everywhere");
    const { dataDir } = await home();
    const folder = join(dataDir, "locked");
    mkdirSync(folder);
    chmodSync(folder, 0o500);
    expectRefusal(await runServer({ KEYPLANE_DATA_DIR: folder, PORT: "0" }), /is not writable for this user/);
  });

  test("no database answers", async () => {
    const { dataDir } = await home();
    const port = await closedPort();
    const ended = await runServer({
      KEYPLANE_DATA_DIR: dataDir,
      PORT: "0",
      DATABASE_URL: `postgresql://me:hunter2@127.0.0.1:${port}/keys`,
    });
    expectRefusal(ended, new RegExp(`PostgreSQL at 127\\.0\\.0\\.1:${port} cannot be reached`));
    expect(ended.stdout + ended.stderr).not.toContain("hunter2");
  });

  test("the encryption key is damaged: nothing stays open for an embedder who mends it", async () => {
    const { dataDir } = await home();
    const file = join(dataDir, "encryption.key");
    writeFileSync(file, "damaged");
    const settings = readEnvironment({ KEYPLANE_DATA_DIR: dataDir, KEYPLANE_LOG_LEVEL: "silent" });
    await expect(compose(settings)).rejects.toThrow("is damaged");
    rmSync(file);
    await (await compose(settings)).stop();
  });

  test("the database is of a newer version", async () => {
    const { dataDir, environment } = await home();
    const settings = { databaseUrl: environment["DATABASE_URL"] ?? null, dataDir };
    const database = await openDatabase(settings);
    await database.prisma.$executeRawUnsafe(
      `INSERT INTO "_prisma_migrations" ("id", "checksum", "migration_name", "finished_at", "applied_steps_count")
       VALUES ('x', 'x', '29990101000000_from_the_future', now(), 1)`,
    );
    await database.close();
    expectRefusal(await runServer({ ...environment, PORT: "0" }), /newer version.*29990101000000_from_the_future/);
  });
});

describe("the root token", () => {
  test("is generated and printed at the first start, and never again", async () => {
    const { environment } = await home();
    const first = await start(environment);
    const token = printedToken(first) ?? "";
    expect(first.output.stderr.split(token)).toHaveLength(2);
    expect(first.output.stdout).not.toContain(token);
    expect(await roleOf(first, token)).toBe("ADMIN");
    await first.end("SIGTERM");

    const second = await start(environment);
    expect(second.output.stderr).not.toContain("keyplane_live_");
    expect(await roleOf(second, token)).toBe("ADMIN");
  });

  test("of KEYPLANE_ROOT_TOKEN takes the place of the one before, and is not printed", async () => {
    const { environment } = await home();
    const first = await start(environment);
    const generated = printedToken(first) ?? "";
    await first.end("SIGTERM");

    const [one, other] = ["one-root-token-of-32-characters-1", "other-root-token-of-32-character"];
    const second = await start({ ...environment, KEYPLANE_ROOT_TOKEN: one });
    expect(second.output.stderr + second.output.stdout).not.toContain(one);
    expect([await roleOf(second, one), await roleOf(second, generated)]).toEqual(["ADMIN", "401 UNAUTHENTICATED"]);
    await second.end("SIGTERM");

    const third = await start({ ...environment, KEYPLANE_ROOT_TOKEN: other });
    expect([await roleOf(third, other), await roleOf(third, one)]).toEqual(["ADMIN", "401 UNAUTHENTICATED"]);
    await third.end("SIGTERM");

    const fourth = await start(environment);
    expect(await roleOf(fourth, other)).toBe("ADMIN");
  });
});

describe("a running server", () => {
  test("prints nothing but JSON lines to standard output", async () => {
    const { environment } = await home();
    const server = await start({ ...environment, KEYPLANE_LOG_LEVEL: "trace" });
    await roleOf(server, printedToken(server) ?? "");
    const { code, stdout } = await server.end("SIGINT");
    expect(code).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.map(({ msg }) => msg)).toContain("listening");
    for (const line of lines) expect(line).toMatchObject({ level: expect.any(String), time: expect.any(String) });
  });

  test("finishes at SIGTERM what runs, refuses what is new, and exits with 0", async () => {
    const { environment } = await home();
    const server = await start(environment);
    const caller = new Caller(server.url, printedToken(server) ?? "");
    const slug = "finished-at-the-end";
    const query = JSON.stringify({
      query: `mutation { createTenant(input: { slug: "${slug}", name: "x" }) { __typename } }`,
    });

    // Half of a request has arrived, and is being worked on, when the signal comes.
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    let answer = "";
    socket.on("data", (data) => {
      answer += data.toString();
    });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(
      `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${caller.token}\r\ncontent-type: application/json\r\ncontent-length: ${query.length}\r\n\r\n${query.slice(0, 10)}`,
    );
    for (let round = 0; round < 3; round++) await caller.query("{ viewer { id } }");
    const ended = server.end("SIGTERM");
    await until(() => server.output.stdout.includes('"stopping'));
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    socket.write(query.slice(10));
    await closed;
    expect(answer).toMatch(/^HTTP\/1.1 200 [\s\S]*CreateTenantPayload/);
    expect((await ended).code).toBe(0);

    const again = await start(environment);
    const { tenants } = await new Caller(again.url, caller.token).query("{ tenants { nodes { slug } } }");
    expect(tenants.nodes).toEqual([{ slug }]);
  });
});

describe("signals and faults", () => {
  /** Runs within the program as soon as it listens for signals. */
  const meanwhile = (script: string): Record<string, string> => ({
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
      `const timer = setInterval(() => { if (process.listenerCount("SIGTERM") > 0) { clearInterval(timer); ${script} } }, 1);`,
    )}`,
  });

  test.for(["SIGTERM", "SIGINT"])(
    "%s while starting ends the start with 0 and leaves nothing locked",
    async (signal) => {
      const { environment, dataDir } = await home();
      const ended = await runServer({
        ...environment,
        PORT: "0",
        ...meanwhile(`process.kill(process.pid, "${signal}");`),
      });
      expect(ended).toMatchObject({ code: 0, stderr: "" });
      expect(ended.stdout).toContain('"stopping');
      expect(ended.stdout).not.toContain('"listening"');
      expect(readdirSync(dataDir)).not.toContain("keyplane.lock");
      expect(printedToken(await start(environment))).toBeDefined();
    },
  );

  test("a second signal ends at once what still runs", async () => {
    const { environment } = await home();
    const server = await start(environment);
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    socket.on("error", () => {}); // the end of the server is the end of the connection
    socket.write("POST /graphql HTTP/1.1\r\nhost: x\r\n");
    await roleOf(server, printedToken(server) ?? "");
    const ended = server.end("SIGTERM");
    await until(() => server.output.stdout.includes('"stopping'));
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(server.output.code).toBeNull();
    process.kill(server.pid, "SIGINT");
    expect((await ended).code).toBe(1);
    expect(server.output.stdout).toContain("a second signal");
  });

  test.for([
    ["a rejection", "Promise.reject(new Error('nobody caught me'));"],
    ["an exception", "setTimeout(() => { throw new Error('nobody caught me'); });"],
  ] as const)("%s that nobody handles is one fatal line, and exit code 1", async ([, script]) => {
    const { environment } = await home();
    const { code, stdout, stderr } = await runServer({ ...environment, PORT: "0", ...meanwhile(script) });
    expect([code, stderr]).toEqual([1, ""]);
    const last = JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
    expect(last).toMatchObject({ level: "fatal", err: { message: "nobody caught me" } });
  });

  test("SIGTERM ends the server with 0 also when PostgreSQL hangs", async ({ skip }) => {
    const { environment } = await home();
    skip(environment["DATABASE_URL"] === undefined, "the embedded database is no other process");
    const proxy = await freezableProxy(environment["DATABASE_URL"] ?? "");
    cleanups.push(() => proxy.close());
    const server = await start({ ...environment, DATABASE_URL: proxy.url });
    proxy.freeze();
    await new Promise((resolve) => setTimeout(resolve, 500)); // the event log is read every quarter of a second
    const since = performance.now();
    expect((await server.end("SIGTERM")).code).toBe(0);
    expect(performance.now() - since).toBeLessThan(25_000);
  });
});

/** Waits for what will be; the deadline of the test is the deadline. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
