import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** A proxy that loses answers: the request reaches the server and takes effect, and the caller never learns of it. */
export interface LossyProxy {
  readonly url: string;
  /** How many requests have passed. */
  readonly passed: number;
  /** How many of the next answers get lost. */
  lose(answers: number): void;
  close(): Promise<void>;
}

export async function startLossyProxy(target: string): Promise<LossyProxy> {
  let toLose = 0;
  let passed = 0;
  const server = createServer((incoming, outgoing) => {
    passed++;
    const { method, headers, url } = incoming;
    const onward = request(new URL(url ?? "/", target), { method, headers }, (answer) => {
      if (toLose === 0) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      toLose--;
      answer.resume().on("end", () => incoming.socket.destroy());
    });
    onward.on("error", () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get passed() {
      return passed;
    },
    lose(answers) {
      toLose = answers;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
