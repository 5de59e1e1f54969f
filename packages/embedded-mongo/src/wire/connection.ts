import type { Socket } from "node:net";
import type { Doc } from "../bson/values.js";
import { asFault } from "../errors.js";
import { Frames } from "./frames.js";
import { type Request, readMessage, writeReply } from "./message.js";

/** Answers a request; the answer may be encoded already. */
export type Handle = (request: Request, signal: AbortSignal) => Promise<Doc | Buffer>;

/** Serves one client: its requests are answered one after another. What is malformed ends this connection, and no other. */
export function serveConnection(socket: Socket, handle: Handle, log: (message: string, error: unknown) => void): void {
  const frames = new Frames();
  const queue: Buffer[] = [];
  const gone = new AbortController();
  let working = false;

  const work = async (): Promise<void> => {
    working = true;
    try {
      for (let message = queue.shift(); message !== undefined; message = queue.shift()) {
        const request = readMessage(message);
        const reply = await handle(request, gone.signal);
        if (gone.signal.aborted) return;
        if (!request.silent && !socket.write(writeReply(request, reply))) await drained(socket, gone.signal);
      }
    } finally {
      working = false;
      if (!gone.signal.aborted) socket.resume();
    }
  };

  const fail = (error: unknown): void => {
    log("closed a connection", asFault(error));
    socket.destroy();
  };

  socket.setNoDelay(true);
  socket.on("data", (bytes) => {
    try {
      queue.push(...frames.push(bytes));
    } catch (error) {
      fail(error);
      return;
    }
    if (queue.length === 0) return;
    socket.pause(); // a client that sends ahead waits in its own memory, not in ours
    if (!working) work().catch(fail);
  });
  socket.on("error", () => socket.destroy());
  socket.on("close", () => gone.abort());
}

function drained(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    socket.once("drain", done);
    signal.addEventListener("abort", done);
  });
}
