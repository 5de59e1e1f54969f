import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { FakeGuard, verdictOf } from "../test-helpers/fake-guard.js";
import { closeCode, protectUpgrade, type UpgradeOptions } from "./ws.js";

const server = createServer();
const sockets = new WebSocketServer({ noServer: true });
const options = { headers: { authorization: "Bearer valid" } };
let port = 0;

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});
afterEach(async () => {
  server.removeAllListeners("upgrade");
  sockets.removeAllListeners("connection");
  for (const socket of sockets.clients) socket.terminate();
  server.close();
});

function protect(guard: FakeGuard, more?: UpgradeOptions): void {
  server.on("upgrade", protectUpgrade(sockets, guard, more));
}

function closed(socket: WebSocket): Promise<[code: number, reason: string]> {
  return new Promise((resolve) => socket.on("close", (code, reason) => resolve([code, String(reason)])));
}

describe("an open socket", () => {
  test("is closed with 4401 and the verdict's code when its key is refused", async () => {
    const guard = new FakeGuard();
    protect(guard);
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, options);
    const end = closed(socket);
    await new Promise((resolve) => socket.on("open", resolve));
    guard.revoke("key_orders");
    expect(await end).toEqual([closeCode, "REVOKED"]);
    expect(guard.bound).toBe(0);
  });

  test("is not listened to any more when its key is refused", async () => {
    const guard = new FakeGuard();
    protect(guard);
    const heard: string[] = [];
    sockets.on("connection", (socket) => {
      socket.on("message", (data) => {
        heard.push((data as Buffer).toString());
        // What was sent before the other side has heard of the end.
        guard.revoke("key_orders");
      });
    });
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, options);
    const end = closed(socket);
    await new Promise((resolve) => socket.on("open", resolve));
    for (const message of ["before", "after", "later"]) socket.send(message);
    expect(await end).toEqual([closeCode, "REVOKED"]);
    expect(heard).toEqual(["before"]);
  });

  test("that does not answer is ended all the same", async () => {
    const guard = new FakeGuard();
    protect(guard);
    const deaf = connect(port, "127.0.0.1");
    deaf.write(
      "GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n" +
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nx-api-key: valid\r\n\r\n",
    );
    await new Promise((resolve) => deaf.once("data", resolve));
    guard.revoke("key_orders");
    deaf.on("error", () => undefined).resume();
    await new Promise((resolve) => deaf.once("close", resolve));
    await expect.poll(() => sockets.clients.size).toBe(0);
  });

  test("that closes by itself is forgotten", async () => {
    const guard = new FakeGuard();
    protect(guard);
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, options);
    await new Promise((resolve) => socket.on("open", resolve));
    expect(guard.bound).toBe(1);
    socket.close();
    await expect.poll(() => guard.bound).toBe(0);
  });

  test("whose key was refused while it was opened reaches no handler", async () => {
    const guard = new FakeGuard();
    guard.revoke("key_orders");
    protect(guard);
    const handler = vi.fn();
    sockets.on("connection", handler);
    expect(await closed(new WebSocket(`ws://127.0.0.1:${port}`, options))).toEqual([closeCode, "REVOKED"]);
    expect([handler.mock.calls.length, guard.bound]).toEqual([0, 0]);
  });
});

describe("a request to upgrade", () => {
  test("is answered and its connection ended when it is refused", async () => {
    protect(new FakeGuard());
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
    let answer = "";
    for await (const piece of socket) answer += String(piece);
    const [head = "", body = ""] = answer.split("\r\n\r\n");
    expect(head).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
    expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`);
    expect(JSON.parse(body).code).toBe("KEY_MISSING");
  });

  test("whose caller goes away while the key is verified harms nobody", async () => {
    let answer = (): void => undefined;
    const guard = new FakeGuard();
    guard.verify = () => new Promise((resolve) => (answer = () => resolve(verdictOf("REVOKED"))));
    protect(guard);
    const upgrading = new Promise<Duplex>((resolve) => server.once("upgrade", (_, socket) => resolve(socket)));
    const socket = connect(port, "127.0.0.1");
    socket.write("GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nx-api-key: k\r\n\r\n");
    const upgraded = await upgrading;
    socket.resetAndDestroy();
    await expect.poll(() => upgraded.destroyed).toBe(true);
    answer();
    await new Promise(setImmediate);
    expect(upgraded.writableLength).toBe(0);
  });

  test("tells onError what the guard throws, and the caller nothing of it", async () => {
    const failure = new TypeError("no such scope");
    const onError = vi.fn();
    protect(new FakeGuard().answers("valid", failure), { onError });
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, options);
    const status = await new Promise((resolve) => {
      socket.on("unexpected-response", (_, response) => resolve(response.statusCode)).on("error", () => undefined);
    });
    expect([status, onError.mock.calls[0]?.[0]]).toEqual([500, failure]);
  });
});

test("a server that takes upgrades by itself is refused at the start", () => {
  const open = new WebSocketServer({ port: 0 });
  expect(() => protectUpgrade(open, new FakeGuard())).toThrow("noServer: true");
  open.close();
});
