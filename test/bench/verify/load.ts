import { connect, type Socket } from "node:net";

/** What one round of load measured. */
export interface Round {
  readonly answers: number;
  readonly perSecond: number;
  /** Answers whose body did not contain what it must. */
  readonly wrong: number;
}

/**
 * Sends requests over a number of kept-alive connections, one at a time on each, as an SDK does, and counts the answers.
 * Plain sockets and prepared bytes, so that the sender's own work is small beside the server's.
 *
 * @param options.requests the bytes of whole HTTP requests; sent in turn.
 * @param options.expect what every answer must contain.
 */
export async function sendLoad(options: {
  port: number;
  requests: readonly Buffer[];
  expect: string;
  connections: number;
  durationMs: number;
}): Promise<Round> {
  let next = Math.floor(Math.random() * options.requests.length);
  let answers = 0;
  let wrong = 0;
  const startedAt = performance.now();
  const until = startedAt + options.durationMs;

  function drive(socket: Socket): Promise<void> {
    return new Promise((resolve, reject) => {
      let received = "";
      const send = (): void => {
        const request = options.requests[next++ % options.requests.length];
        if (request) socket.write(request);
      };
      socket.on("data", (chunk) => {
        received += chunk.toString("latin1");
        if (!isComplete(received)) return;
        answers++;
        if (!received.includes(options.expect)) wrong++;
        received = "";
        if (performance.now() < until) return send();
        socket.destroy();
        resolve();
      });
      socket.once("error", reject);
      socket.once("connect", send);
    });
  }

  const sockets = Array.from({ length: options.connections }, () => connect(options.port, "127.0.0.1").setNoDelay());
  await Promise.all(sockets.map(drive));
  return { answers, perSecond: (answers * 1000) / (performance.now() - startedAt), wrong };
}

function isComplete(received: string): boolean {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return false;
  const length = /content-length: (\d+)/i.exec(received.slice(0, headEnd))?.[1];
  return length === undefined ? received.endsWith("0\r\n\r\n") : received.length - headEnd - 4 >= Number(length);
}

/** The bytes of a POST with a JSON body. */
export function post(path: string, token: string, body: unknown): Buffer {
  const text = JSON.stringify(body);
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\naccept: application/graphql-response+json, application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
