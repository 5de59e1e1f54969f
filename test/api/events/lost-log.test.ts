import type { Database } from "@keyplane/server";
import { describe, expect, ok, second, startServer, type TestServer, test, World } from "../../testkit/index.js";
import { EventFollower } from "../../testkit/key-events.js";

/** Comes between a server and its event log; everything else that the server asks of its database is answered. */
class LogFault {
  #mode: "none" | "fails" | "hangs" = "none";
  #mend: (() => void)[] = [];

  constructor({ keyplane }: TestServer) {
    const database: { -readonly [Name in keyof Database]: Database[Name] } = keyplane.database;
    database.prisma = database.prisma.$extends({
      query: {
        $allOperations: async ({ args, query }) => {
          const { strings = [] } = (args ?? {}) as { strings?: readonly string[] };
          if (strings.join("?").includes('FROM "Event"')) await this.#suffer();
          return query(args);
        },
      },
    }) as unknown as Database["prisma"];
  }

  begin(mode: "fails" | "hangs"): void {
    this.#mode = mode;
  }

  mend(): void {
    this.#mode = "none";
    for (const mend of this.#mend.splice(0)) mend();
  }

  async #suffer(): Promise<void> {
    if (this.#mode === "fails") throw new Error("the log cannot be read, as the test wants it");
    if (this.#mode === "hangs") await new Promise<void>((resolve) => this.#mend.push(resolve));
  }
}

async function withFault(work: (world: World, fault: LogFault) => Promise<void>): Promise<void> {
  const server = await startServer();
  const fault = new LogFault(server);
  try {
    await work(new World(server), fault);
  } finally {
    fault.mend();
    await server.stop();
  }
}

describe("a reader of a server that cannot read the event log", () => {
  test.for(["fails", "hangs"] as const)(
    "is turned away after 30 seconds, and misses nothing when it comes back (reading %s)",
    async (how) => {
      await withFault(async (world, fault) => {
        const { admin, key } = await world.tenantWithKey();
        const stream = await EventFollower.open(admin);
        ok(await admin.key("disableKey", { id: key.id }));
        const { cursor } = await stream.next();
        fault.begin(how);
        ok(await admin.key("enableKey", { id: key.id }));
        world.clock.advance(31 * second);
        await stream.ended();
        expect(stream.error?.code).toBe("UNAVAILABLE");
        expect(stream.error?.message).toContain("Connect again, with the last cursor");
        expect(stream.messages).toHaveLength(1);
        fault.mend();
        const again = await EventFollower.open(admin, { after: cursor });
        expect((await again.next()).type).toBe("ENABLED");
        again.close();
      });
    },
  );
});

describe("a reader of a database that went back to an earlier state", () => {
  test.for([
    ["after failing for a while", true],
    ["between two readings", false],
  ] as const)("%s is told that the log was replaced, and goes on from there", async ([, fails]) => {
    await withFault(async (world, fault) => {
      const { admin, key } = await world.tenantWithKey();
      const stream = await EventFollower.open(admin);
      ok(await admin.key("disableKey", { id: key.id }));
      const { cursor: lost } = await stream.next();
      // As after a fail-over to a standby that had not got the newest event.
      if (fails) fault.begin("fails");
      const warned = (text: string) => world.server.logs.some((line) => line.includes(text));
      await expect.poll(() => warned("the event log could not be read")).toBe(fails);
      await world.server.keyplane.database.prisma.event.deleteMany({ where: { keyId: key.id, type: "DISABLED" } });
      fault.mend();
      const resync = await stream.next();
      expect(resync).toMatchObject({ __typename: "ResyncRequired", code: "LOG_REPLACED", reason: expect.any(String) });
      expect(warned("the database went back to an earlier state")).toBe(true);
      ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
      expect((await stream.next()).type).toBe("REVOKED");
      stream.close();
      const again = await EventFollower.open(admin, { after: resync.cursor });
      expect((await again.next()).type).toBe("REVOKED");
      again.close();
      const gone = await EventFollower.open(admin, { after: lost });
      expect((await gone.next()).code).toBe("CURSOR_UNKNOWN");
      gone.close();
    });
  });
});
