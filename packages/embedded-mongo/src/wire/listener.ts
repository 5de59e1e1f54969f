import { chmodSync, rmSync } from "node:fs";
import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from "node:net";
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
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** The file is made with no rights for others, not given them and taken again. */
async function openSocketFile(server: Server, path: string): Promise<void> {
  rmSync(path, { force: true });
  const mask = process.umask(0o177);
  try {
    await open(server, { path });
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
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
