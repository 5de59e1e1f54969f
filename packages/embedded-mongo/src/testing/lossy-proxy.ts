import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A proxy that can lose what the server answers. */
export interface LossyProxy {
  readonly url: string;
  /** Swallows the answer to the next command of this name, once the server has given it, and breaks the connection. */
  loseAnswerTo(command: string): void;
  /** Where to connect from now on. */
  target(url: string): void;
  /** Whether it keeps what the server answers for itself; afterwards all of it is handed on. */
  hold(on: boolean): void;
  breakAll(): void;
  close(): Promise<void>;
}

/** Starts a proxy before a server. */
export async function startLossyProxy(url: string): Promise<LossyProxy> {
  let port = Number(new URL(url).port);
  let wanted: string | null = null;
  let holding = false;
  let held: (() => void)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    let losing = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        (socket === client ? upstream : client).destroy();
      });
    }
    client.on("data", (bytes) => {
      // The name of the command is the first field of the message's body.
      if (wanted !== null && bytes.includes(`\x02${wanted}\0`, 0, "latin1")) {
        losing = true;
        wanted = null;
      }
      upstream.write(bytes);
    });
    upstream.on("data", (bytes) => {
      if (losing) client.destroy();
      else if (holding) held.push(() => client.write(bytes));
      else client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/?directConnection=true`,
    loseAnswerTo: (command) => {
      wanted = command;
    },
    target: (other) => {
      port = Number(new URL(other).port);
    },
    hold: (on) => {
      holding = on;
      if (on) return;
      for (const handOn of held) handOn();
      held = [];
    },
    breakAll,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        breakAll();
      }),
  };
}
