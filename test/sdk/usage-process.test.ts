import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { root, run, tool } from "./program.js";

/** Runs a program that has a client of a server which does nothing but what it is told. */
async function program(
  text: string,
  answer: ((events: number) => string) | null,
): Promise<{ out: string; code: number }> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => {
      body += piece.toString();
    });
    request.on("end", () => {
      if (answer)
        response.end(
          answer((JSON.parse(body) as { variables: { input: { events: [] } } }).variables.input.events.length),
        );
      else response.writeHead(503).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const quiet = "{ onError() {}, onDrop() {} }";
  const head = `import { Keyplane } from "@keyplane/sdk";
    const keyplane = new Keyplane({ url: "${url}", token: "t", usage: ${quiet} });\n`;
  try {
    const node = ["--conditions=source", "--import", tool.tsx, "--input-type=module", "-e", head + text];
    const { stdout, code } = await run(process.execPath, node, `${root}/test`);
    return { out: stdout, code };
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const taken = (events: number): string =>
  JSON.stringify({ data: { recordUsage: { __typename: "RecordUsagePayload", accepted: events, rejected: [] } } });

describe("a process that records usage", () => {
  test("ends by itself while calls wait for their interval, or for a server that is away", async () => {
    const exits = 'process.on("exit", () => console.log(keyplane.usage.recordStatus.queued));';
    expect(await program(`keyplane.usage.record({}); ${exits}`, taken)).toEqual({ out: "1\n", code: 0 });
    const failing = `keyplane.usage.record({}); await keyplane.usage.flush({ timeoutMs: 300 }).catch(() => {}); ${exits}`;
    expect(await program(failing, null)).toEqual({ out: "1\n", code: 0 });
  });

  test("waits for close, which hands everything over", async () => {
    const closing = `for (let i = 0; i < 1200; i++) keyplane.usage.record({});
      const { accepted, dropped, sent } = await keyplane.close();
      console.log(accepted, dropped, sent);`;
    expect(await program(closing, taken)).toEqual({ out: "1200 0 1200\n", code: 0 });
  });

  test("waits for close as long as close waits, and not longer, when the server is away", async () => {
    const closing = `keyplane.usage.record({});
      const { dropped, lastError } = await keyplane.close({ timeoutMs: 3_000 });
      console.log(dropped, lastError.code);`;
    expect(await program(closing, null)).toEqual({ out: "1 UNAVAILABLE\n", code: 0 });
  });
});
