import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Database, openDatabase } from "../../platform/database/index.js";
import { createLogger } from "../../platform/logger.js";
import { createSecretBox } from "../../platform/secret-box.js";
import { createMail, type MailMessage } from "./index.js";

let database: Database;
beforeAll(async () => {
  database = await openDatabase({ databaseUrl: null, dataDir: null });
});
afterAll(() => database.close());

const key = randomBytes(32);
const message: MailMessage = {
  to: { address: "ada@example.com", name: "Ada" },
  subject: "Hello",
  text: "https://keys.test/password#kplink_live_secret",
};
const hour = 60 * 60_000;

/** A server whose mail server does what the test says. */
async function begin(deliver: (id: string, message: MailMessage) => Promise<void> = async () => {}) {
  await database.prisma.outgoingMail.deleteMany();
  let now = Date.parse("2030-01-01T00:00:00Z");
  const logs: string[] = [];
  const sent: [string, MailMessage][] = [];
  const start = () =>
    createMail({
      clock: { now: () => now },
      database,
      logger: createLogger("debug", { write: (line: string) => void logs.push(line) }),
      secretBox: createSecretBox(key),
      transport: {
        async deliver(id, each) {
          await deliver(id, each);
          sent.push([id, each]);
        },
        close: () => {},
      },
    });
  const mail = start();
  return {
    ...mail,
    start,
    sent,
    logs,
    advance: (ms: number) => {
      now += ms;
    },
    enqueue: () => database.transaction((tx) => mail.enqueue(tx, message, { keepMs: hour })),
    waiting: () => database.prisma.outgoingMail.findMany(),
  };
}

describe("the outbox of mail", () => {
  test("sends what was committed, once, and keeps nothing of it", async () => {
    const { enqueue, sweep, sent, waiting } = await begin();
    await enqueue();
    expect(sent).toEqual([]);
    await sweep();
    await sweep();
    expect(sent.map(([, each]) => each)).toEqual([message]);
    expect(await waiting()).toEqual([]);
  });

  test("sends nothing of a change that was undone", async () => {
    const { enqueue: _, sweep, sent, start } = await begin();
    const failing = database.transaction(async (tx) => {
      await start().enqueue(tx, message, { keepMs: hour });
      throw new Error("undone");
    });
    await expect(failing).rejects.toThrow("undone");
    await sweep();
    expect(sent).toEqual([]);
  });

  test("holds no text in the clear", async () => {
    const { enqueue, waiting } = await begin();
    await enqueue();
    const [row] = await waiting();
    expect(Buffer.from(row?.sealedMessage ?? []).includes("kplink")).toBe(false);
  });

  test("tries again after a failure, with growing pauses, and logs nothing of the text", async () => {
    let isDown = true;
    const { enqueue, sweep, sent, advance, waiting, logs } = await begin(async () => {
      if (isDown) throw new Error("the mail server is down");
    });
    await enqueue();
    for (const pauseMs of [10_000, 20_000, 40_000]) {
      await sweep();
      advance(pauseMs - 1);
      await sweep();
      advance(1);
    }
    expect((await waiting())[0]?.attempts).toBe(3);
    isDown = false;
    await sweep();
    expect(sent).toHaveLength(1);
    expect(logs.join("")).toContain("the mail server is down");
    expect(logs.join("")).not.toContain("kplink");
  });

  test("of a process that was killed while sending is sent by another one, under the same id", async () => {
    const ids: string[] = [];
    let isHanging = true;
    const story = await begin((id) => {
      ids.push(id);
      return isHanging ? new Promise(() => {}) : Promise.resolve();
    });
    await story.enqueue();
    story.kick();
    await expect.poll(() => ids.length).toBe(1);
    isHanging = false;
    const other = story.start();
    await other.sweep();
    expect(story.sent).toEqual([]);
    story.advance(5 * 60_000);
    await other.sweep();
    expect(story.sent).toHaveLength(1);
    expect(new Set(ids).size).toBe(1);
  });

  test("by two processes at once sends each mail once", async () => {
    const story = await begin();
    for (let count = 0; count < 25; count++) await story.enqueue();
    await Promise.all([story.sweep(), story.start().sweep(), story.start().sweep()]);
    expect(new Set(story.sent.map(([id]) => id)).size).toBe(25);
    expect(story.sent).toHaveLength(25);
  });

  test("gives up when the time is over, and says so", async () => {
    const { enqueue, sweep, sent, advance, waiting, logs } = await begin();
    await enqueue();
    advance(hour);
    await sweep();
    expect([sent, await waiting()]).toEqual([[], []]);
    expect(logs.join("")).toContain("a mail was given up: its time is over");
  });
});
