import { chmodSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { type AddressInfo, connect, createServer, type ListenOptions, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { EmbeddedMongoOptions } from "../options.js";
import { type Handle, serveConnection } from "./connection.js";

/** Where clients come in. */
export interface Listener {
  readonly url: string;
  readonly address: string;
  connections(): number;
  close(): Promise<void>;
}

const loopback = new Set(["127.0.0.1", "::1", "localhost"]);

/** Listens on loopback or on a socket file that only this user can open: there is no authentication. */
export async function listen(
  options: EmbeddedMongoOptions,
  log: (message: string, error: unknown) => void,
  handle: Handle,
): Promise<Listener> {
  const { host = "127.0.0.1", port = 0, socketPath, maxConnections = 1000 } = options;
  if (!loopback.has(host)) {
    throw new Error(
      `embedded-mongo has no authentication and listens on loopback only: use 127.0.0.1, ::1 or a socket file, not ${String(host)}.`,
    );
  }
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    serveConnection(socket, handle, log);
  });
  server.maxConnections = maxConnections;
  server.on("drop", () => log("refused a connection", new Error(`there are ${maxConnections} already`)));
  if (socketPath === undefined) await open(server, { host, port });
  else await openSocketFile(server, socketPath);
  server.on("error", (error) => log("listening failed", error));
  const { port: actual } = socketPath === undefined ? (server.address() as AddressInfo) : { port: 0 };
  const shown = host === "::1" ? "[::1]" : host;
  return {
    address: socketPath ?? `${shown}:${actual}`,
    // A single member, addressed directly: no discovery, and retryable writes all the same.
    url:
      socketPath === undefined
        ? `mongodb://${shown}:${actual}/?directConnection=true`
        : `mongodb://${encodeURIComponent(socketPath)}/?directConnection=true`,
    connections: () => sockets.size,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          if (socketPath !== undefined) rmSync(socketPath, { force: true });
          resolve();
        });
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/**
 * The file appears at its place with its rights: made in a folder that others cannot enter, then moved. (The process's mask would do
 * too, but a worker thread must not change it.)
 */
async function openSocketFile(server: Server, path: string): Promise<void> {
  if (await answers(path)) throw new Error(`The socket file ${path} is in use by another server: choose another one.`);
  const folder = mkdtempSync(`${path}-`);
  try {
    const made = join(folder, "s");
    await open(server, { path: made });
    chmodSync(made, 0o600);
    renameSync(made, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether somebody listens; a file without anybody was left by a crash. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

function open(server: Server, where: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(where, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
