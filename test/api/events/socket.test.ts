import { connect } from "node:net";
import WebSocket from "ws";
import { describe, expect, ok, startServer, test, World } from "../../testkit/index.js";
import { SocketFollower } from "../../testkit/key-event-socket.js";
import { EventFollower, type Message } from "../../testkit/key-events.js";

/** Changes a key again and again until a reader has heard of it: a socket does not say when it listens. */
async function heard(change: () => Promise<unknown>, messages: AsyncIterator<unknown>): Promise<unknown> {
  let isHeard = false;
  const next = messages.next().finally(() => {
    isHeard = true;
  });
  while (!isHeard) {
    await change();
    await Promise.race([next.catch(() => {}), new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  return (await next).value;
}

const toggled = (admin: World["root"], id: string) => {
  let isDisabled = false;
  return async () => {
    ok(await admin.key(isDisabled ? "enableKey" : "disableKey", { id }));
    isDisabled = !isDisabled;
  };
};

describe("a subscription over a WebSocket", () => {
  test.for([false, true])("tells what happens, with the token in a header: %s", async (inHeader, { world }) => {
    const { admin, key } = await world.tenantWithKey();
    const socket = new SocketFollower(admin, { inHeader });
    const change = toggled(admin, key.id);
    expect(await heard(change, socket.follow())).toMatchObject({
      data: { keyEvents: { type: expect.stringMatching(/ABLED$/), keyId: key.id } },
    });
    await expect.poll(() => socket.current.length).toBeGreaterThan(0);
    await socket.close();
  });

  test("tells what was missed after a cursor, and that an unknown cursor needs a new beginning", async ({ world }) => {
    const { admin, key } = await world.tenantWithKey();
    ok(await admin.key("disableKey", { id: key.id }));
    const { keyEvents } = await admin.query("{ keyEvents { nodes { cursor type } } }");
    const socket = new SocketFollower(admin);
    const replay = await socket.follow({ after: keyEvents.nodes[0].cursor }).next();
    expect(replay.value.data.keyEvents).toMatchObject({ type: "DISABLED", cursor: keyEvents.nodes[1].cursor });
    const resync = await socket.follow({ after: "" }).next();
    expect(resync.value.data.keyEvents).toMatchObject({ __typename: "ResyncRequired", code: "CURSOR_UNKNOWN" });
    await socket.close();
  });

  test("that falls behind what the server remembers is told so, and goes on", async () => {
    const server = await startServer({}, { eventBufferSize: 100 });
    const world = new World(server);
    const { admin, key } = await world.tenantWithKey();
    const socket = new SocketFollower(admin);
    const follow = socket.follow();
    await heard(toggled(admin, key.id), follow);
    const seen: Message[] = [];
    const reading = (async () => {
      for await (const { data } of follow) {
        seen.push(data.keyEvents);
        if (data.keyEvents.type === "REVOKED") return;
      }
    })();
    const isTold = (): boolean => seen.some(({ code }) => code === "READER_TOO_SLOW");
    // More at once than the server remembers: whoever is given one after the other is behind then.
    const burst = 1_000;
    for (let count = 0; !isTold() && count < 10 * burst; count += burst) {
      const data = Array.from({ length: burst }, (_, index) => ({
        id: `evt_socket${String(count + index).padStart(18, "0")}`,
        type: "UPDATED",
        tenantId: key.tenant.id,
        keyId: key.id,
        userId: key.owner.id,
        reason: "many at once",
        occurredAt: new Date(),
      }));
      await server.keyplane.database.prisma.event.createMany({ data });
      await expect.poll(() => isTold() || seen.length >= count + burst).toBe(true);
    }
    expect(isTold()).toBe(true);
    ok(await admin.key("revokeKey", { id: key.id, reason: "x" }));
    await reading;
    expect(seen.at(-1)).toMatchObject({ type: "REVOKED", keyId: key.id });
    await socket.close();
    await server.stop();
  });

  test("whose reader takes nothing from the network is told so when it reads again, or closed, and holds up nobody", async () => {
    const server = await startServer({}, { eventBufferSize: 100 });
    const { admin, key } = await new World(server).tenantWithKey();
    const quick = await EventFollower.open(admin);
    const slow = new SocketFollower(admin);
    const follow = slow.follow();
    await heard(toggled(admin, key.id), follow);
    slow.pause();
    // More than the network's buffers take, and after that more than the server remembers.
    const [bursts, each] = [6, 50];
    const long = "r".repeat(100_000);
    for (let burst = 0; burst < bursts; burst++) {
      const data = Array.from({ length: each }, (_, index) => ({
        id: `evt_paused${String(burst * each + index).padStart(18, "0")}`,
        reason: `${burst * each + index} ${long}`,
        type: "UPDATED",
        tenantId: key.tenant.id,
        keyId: key.id,
        userId: key.owner.id,
        occurredAt: new Date(),
      }));
      await server.keyplane.database.prisma.event.createMany({ data });
      while ((await quick.next()).reason !== data.at(-1)?.reason);
    }
    slow.resume();
    let updates = 0;
    const told = (async () => {
      for await (const { data } of follow) {
        if (data.keyEvents.code === "READER_TOO_SLOW") return true;
        if (data.keyEvents.type === "UPDATED") updates += 1;
      }
      return false;
    })().catch(() => false);
    // A socket that left two pings without an answer was closed meanwhile.
    expect(await Promise.race([told, slow.closed])).toBeTruthy();
    expect(updates).toBeLessThan(bursts * each);
    quick.close();
    await slow.close();
    await server.stop();
  });

  test("is closed when its token is revoked", async ({ world }) => {
    const { tenant } = await world.tenant();
    const made = ok(await world.root.createToken({ name: "t", role: "ADMIN", tenantId: tenant.id }));
    const socket = new SocketFollower({ url: world.url, token: made.secret });
    const ended = socket.follow().next();
    ended.catch(() => {});
    ok(await world.root.revokeToken({ id: made.managementToken.id }));
    expect(await socket.closed).toMatchObject({ code: 4401 });
    await expect(ended).rejects.toBeDefined();
  });

  test("is refused without a good token", async ({ world }) => {
    for (const token of [null, "nobody's"]) {
      const socket = new SocketFollower({ url: world.url, token });
      expect(await socket.closed).toMatchObject({ code: 4401 });
    }
  });

  test("takes subscriptions only, and words refusals as HTTP does", async ({ world }) => {
    const guest = await world.caller("GUEST");
    const socket = new SocketFollower(world.root);
    const refusalOf = async (follower: SocketFollower, query: string): Promise<unknown> =>
      follower
        .follow({}, query)
        .next()
        .then(
          ({ value }) => value.errors[0],
          (errors: unknown) => (errors as unknown[])[0],
        );
    const refused = (code: string) => ({
      extensions: { code, docsUrl: expect.any(String), requestId: expect.any(String) },
    });
    expect(await refusalOf(socket, "{ viewer { id } }")).toMatchObject(refused("BAD_REQUEST"));
    expect(await refusalOf(socket, "subscription { nothing }")).toMatchObject(refused("GRAPHQL_VALIDATION_FAILED"));
    expect(await refusalOf(socket, "subscription {")).toMatchObject(refused("GRAPHQL_PARSE_FAILED"));
    expect(await refusalOf(socket, `subscription { ${" ".repeat(40_000)} }`)).toMatchObject(
      refused("QUERY_TOO_COMPLEX"),
    );
    const empty = "subscription { keyEvents(keyIds: []) { __typename } }";
    expect(await refusalOf(socket, empty)).toMatchObject(refused("BAD_USER_INPUT"));
    const poor = new SocketFollower(guest);
    const asked = "subscription { keyEvents { __typename } }";
    expect(await refusalOf(poor, asked)).toMatchObject(refused("FORBIDDEN"));
    await poor.close();
    await socket.close();
  });

  test("takes so many at once, and messages of so many bytes", async ({ world }) => {
    const socket = new SocketFollower(world.root);
    for (let count = 0; count < 100; count++)
      socket
        .follow()
        .next()
        .catch(() => {});
    const oneMore = socket.follow().next();
    await expect(oneMore).rejects.toMatchObject([{ extensions: { code: "BAD_REQUEST" } }]);
    await socket.close();
    const raw = new WebSocket(`${world.url.replace("http", "ws")}/graphql`, "graphql-transport-ws");
    const closed = new Promise<number>((resolve) => raw.once("close", resolve));
    raw.on("error", () => {});
    raw.once("open", () => raw.send("x".repeat(1_000_001)));
    expect(await closed).toBe(1009);
  });

  test("counts as one of the 2,500 of its token, whatever socket it is on; the next is refused until one ends", async ({
    world,
  }) => {
    const { admin } = await world.tenantWithKey();
    const sockets: SocketFollower[] = [];
    // A text that is none is answered: by then all before it are counted, and the socket was not closed.
    const isTaken = async (socket: SocketFollower): Promise<boolean> => {
      const answer = socket.follow({}, "subscription {").next();
      return answer.then(
        () => true,
        (errors: unknown) => Array.isArray(errors),
      );
    };
    for (let count = 0; count < 25; count++) {
      const socket = new SocketFollower(admin);
      sockets.push(socket);
      for (let each = 0; each < 100; each++) {
        socket
          .follow()
          .next()
          .catch(() => {});
      }
      expect(await isTaken(socket)).toBe(true);
    }
    const oneMore = new SocketFollower(admin);
    expect(await oneMore.closed).toMatchObject({
      reason: expect.stringContaining("as many subscriptions open as one may"),
    });
    await sockets.pop()?.close();
    await expect
      .poll(async () => {
        const socket = new SocketFollower(admin);
        sockets.push(socket);
        return isTaken(socket);
      })
      .toBe(true);
    await Promise.all(sockets.map((socket) => socket.close()));
  });

  test("is nowhere else, and speaks one protocol", async ({ world }) => {
    const statusOf = (path: string) =>
      new Promise((resolve) => {
        const raw = new WebSocket(`${world.url.replace("http", "ws")}${path}`, "graphql-transport-ws");
        raw.on("error", () => {});
        raw.once("unexpected-response", (_, response) => resolve(response.statusCode));
      });
    expect(await statusOf("/else")).toBe(404);
    const raw = connect(Number(new URL(world.url).port), "127.0.0.1");
    raw.write("GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n");
    const answer = await new Promise<string>((resolve) => raw.once("data", (data) => resolve(String(data))));
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    raw.destroy();
  });

  test("ends when the server stops", async () => {
    const server = await startServer();
    const world = new World(server);
    const { admin, key } = await world.tenantWithKey();
    const socket = new SocketFollower(admin);
    await heard(toggled(admin, key.id), socket.follow());
    const stopped = server.stop();
    expect(await socket.closed).toMatchObject({ code: 1001 });
    await stopped;
  });
});
