import { connect } from "node:net";
import { describe, expect, test, type World } from "../testkit/index.js";

// Bytes that proxies and servers may read differently: whoever gets a second request past a proxy speaks in somebody else's name.

/** Sends these bytes and nothing else. @returns what came back until the server ended the connection, or was silent for a while. */
function exchange(world: World, bytes: string): Promise<string> {
  const { hostname, port } = new URL(world.url);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.write(bytes, "latin1"));
    socket.setTimeout(10_000, () => socket.destroy());
    socket.on("data", (data) => {
      socket.setTimeout(1_000);
      text += data.toString("latin1");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => (error.code === "ECONNRESET" ? resolve(text) : reject(error)));
    socket.on("close", () => resolve(text));
  });
}

const statuses = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

const host = "Host: keyplane.example\r\n";
const smuggled = `GET /metrics HTTP/1.1\r\n${host}\r\n`;

/** Requests that must be refused as a whole, and the connection closed: nothing behind them is a request. */
const ambiguous: Readonly<Record<string, string>> = {
  "two lengths": `POST /graphql HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
  "a length and chunks": `POST /graphql HTTP/1.1\r\n${host}Content-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  "a list of lengths": `POST /graphql HTTP/1.1\r\n${host}Content-Length: 0, ${smuggled.length}\r\n\r\n${smuggled}`,
  "a length with a sign": `POST /graphql HTTP/1.1\r\n${host}Content-Length: +0\r\n\r\n${smuggled}`,
  "a negative length": `POST /graphql HTTP/1.1\r\n${host}Content-Length: -1\r\n\r\n${smuggled}`,
  "chunks and something else": `POST /graphql HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${smuggled}`,
  "a coding that sounds like chunks": `POST /graphql HTTP/1.1\r\n${host}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
  "a space before the colon": `POST /graphql HTTP/1.1\r\n${host}Content-Length : 0\r\n\r\n${smuggled}`,
  "a header on two lines": `GET /healthz HTTP/1.1\r\n${host}X-A: a\r\n b\r\nTransfer-Encoding:\r\n chunked\r\n\r\n${smuggled}`,
  "a NUL in a header": `GET /healthz HTTP/1.1\r\n${host}X-A: a\0b\r\n\r\n${smuggled}`,
  "a line break alone in a header": `GET /healthz HTTP/1.1\r\n${host}X-A: a\rX-B: b\r\n\r\n${smuggled}`,
  "no host": `GET /healthz HTTP/1.1\r\n\r\n${smuggled}`,
  "two hosts": `GET /healthz HTTP/1.1\r\n${host}Host: other.example\r\n\r\n${smuggled}`,
  "a version that there is not": `GET /healthz HTTP/3.7\r\n${host}\r\n${smuggled}`,
  "a method with a line break": `GE\nT /healthz HTTP/1.1\r\n${host}\r\n${smuggled}`,
  "headers without end": `GET /healthz HTTP/1.1\r\n${host}X-A: ${"a".repeat(20_000)}\r\n\r\n${smuggled}`,
};

describe("requests that could be read in two ways", () => {
  test.for(Object.entries(ambiguous))("%s: nothing behind is answered", async ([name, bytes], { world }) => {
    const answered = statuses(await exchange(world, bytes));
    if (name === "two hosts") return expect(answered.every((status) => [200, 400, 401].includes(status))).toBe(true);
    expect(answered.length).toBeLessThanOrEqual(1);
    for (const status of answered) expect([400, 401, 431, 501, 505]).toContain(status);
  });

  test("a chunk of a length that is none ends the connection", async ({ world }) => {
    const head = `POST /graphql HTTP/1.1\r\n${host}Content-Type: application/json\r\nAuthorization: Bearer ${world.server.rootToken}\r\nTransfer-Encoding: chunked\r\n\r\n`;
    for (const chunk of ["-1\r\n", "0x5\r\nhello\r\n", "5;\n\r\nhello\r\n", `${"F".repeat(17)}\r\n`]) {
      const answered = statuses(await exchange(world, `${head}${chunk}${smuggled}`));
      expect(answered.filter((status) => status < 400)).toEqual([]);
      expect(answered.length).toBeLessThanOrEqual(1);
    }
  });

  test("requests behind each other are answered in their order, each for itself", async ({ world }) => {
    const authorization = `Authorization: Bearer ${world.server.rootToken}\r\n`;
    const bytes = `GET /v1/key-events HTTP/1.1\r\n${host}${authorization}\r\nGET /v1/key-events HTTP/1.1\r\n${host}\r\nGET /healthz HTTP/1.1\r\n${host}Connection: close\r\n\r\n`;
    expect(statuses(await exchange(world, bytes))).toEqual([200, 401, 200]);
  });

  test("an answer before the body has come leaves nothing of the body to be taken for a request", async ({ world }) => {
    const bytes = `POST /graphql HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`;
    expect(statuses(await exchange(world, bytes))).toEqual([401]);
  });

  test.for([
    [
      "another server's address",
      `GET http://169.254.169.254/latest HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
      [404],
    ],
    ["a way out of the path", `GET /usage/../metrics HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, [404]],
    ["a path with another's spelling", `GET //metrics HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, [404]],
    ["an encoded path", `GET /%6detrics HTTP/1.1\r\n${host}Connection: close\r\n\r\n`, [404]],
    ["a tunnel", `CONNECT 169.254.169.254:80 HTTP/1.1\r\n${host}\r\n`, []],
    [
      "an echo",
      `TRACE /graphql HTTP/1.1\r\n${host}Authorization: Bearer secret-of-a-proxy\r\nConnection: close\r\n\r\n`,
      [401],
    ],
    ["an echo elsewhere", `TRACE / HTTP/1.1\r\n${host}X-Secret: secret-of-a-proxy\r\nConnection: close\r\n\r\n`, [404]],
  ] as const)("%s gets nowhere", async ([, bytes, expected], { world }) => {
    const text = await exchange(world, bytes);
    expect(statuses(text)).toEqual(expected);
    expect(text).not.toContain("secret-of-a-proxy");
  });
});
