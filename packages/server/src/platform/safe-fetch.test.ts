import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { isPublicAddress } from "./public-address.js";
import { createSafeFetch, type SafeFetchReason } from "./safe-fetch.js";

const request = { maxBytes: 1_000, timeLimitMs: 5_000, accept: ["application/json"] };
const open: Server[] = [];

afterEach(() => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const refusedFor = (reason: SafeFetchReason) => ({ name: "SafeFetchError", reason });
const loopback = () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]);

describe("isPublicAddress", () => {
  test.for([
    "8.8.8.8",
    "1.1.1.1",
    "93.184.215.14",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
    "2001:4860:4860::8888",
  ])("%s is public", (address) => expect(isPublicAddress(address)).toBe(true));

  test.for([
    ["unspecified", "0.0.0.0"],
    ["this network", "0.1.2.3"],
    ["private", "10.0.0.1"],
    ["private", "172.16.0.1"],
    ["private", "172.31.255.255"],
    ["private", "192.168.1.1"],
    ["carrier-grade NAT", "100.64.0.1"],
    ["carrier-grade NAT, a cloud's metadata", "100.100.100.200"],
    ["loopback", "127.0.0.1"],
    ["loopback", "127.255.255.254"],
    ["link-local, the clouds' metadata", "169.254.169.254"],
    ["IETF, a cloud's metadata", "192.0.0.192"],
    ["documentation", "192.0.2.1"],
    ["documentation", "198.51.100.1"],
    ["documentation", "203.0.113.1"],
    ["6to4 relays", "192.88.99.1"],
    ["benchmarks", "198.18.0.1"],
    ["multicast", "224.0.0.1"],
    ["reserved", "240.0.0.1"],
    ["broadcast", "255.255.255.255"],
    ["a cloud's own", "168.63.129.16"],
    ["unspecified", "::"],
    ["loopback", "::1"],
    ["IPv4-mapped", "::ffff:127.0.0.1"],
    ["IPv4-mapped, of a public address", "::ffff:8.8.8.8"],
    ["IPv4-compatible", "::7f00:1"],
    ["IPv4-translated", "::ffff:0:127.0.0.1"],
    ["NAT64", "64:ff9b::7f00:1"],
    ["NAT64 of a public address", "64:ff9b::808:808"],
    ["local NAT64", "64:ff9b:1::7f00:1"],
    ["discard", "100::1"],
    ["Teredo", "2001::1"],
    ["6to4", "2002:7f00:1::"],
    ["documentation", "2001:db8::1"],
    ["documentation", "3fff::1"],
    ["segment routing", "5f00::1"],
    ["unique local, a cloud's metadata", "fd00:ec2::254"],
    ["unique local", "fc00::1"],
    ["link-local", "fe80::1"],
    ["link-local with a zone", "fe80::1%eth0"],
    ["site-local", "fec0::1"],
    ["multicast", "ff02::1"],
    ["not given out", "4000::1"],
    ["no address", "localhost"],
    ["nothing", ""],
  ] as const)("%s is not: %s", ([, address]) => expect(isPublicAddress(address)).toBe(false));
});

describe("safe fetch", () => {
  test.for([
    "http://example.com",
    "ftp://example.com",
    "file:///etc/passwd",
    "https://user:password@example.com",
    "https://127.0.0.1",
    "https://127.1",
    "https://2130706433",
    "https://0x7f.0.0.1",
    "https://0177.0.0.1",
    "https://[::1]",
    "https://[::ffff:7f00:1]",
    "https://169.254.169.254/latest/meta-data/",
    "no address",
  ])("%s is refused before anything is asked", async (url) => {
    const resolve = () => Promise.reject(new Error("nobody may look this up"));
    await expect(createSafeFetch({ allowPrivate: false, resolve })(url, request)).rejects.toMatchObject(
      refusedFor("ADDRESS_NOT_ALLOWED"),
    );
  });

  test.for([
    ["a private address", ["10.0.0.1"]],
    ["a private address among public ones", ["8.8.8.8", "10.0.0.1"]],
    ["IPv6 within", ["8.8.8.8", "fd00::1"]],
  ] as const)("a name that stands for %s is refused", async ([, addresses]) => {
    const resolve = () =>
      Promise.resolve(addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })));
    const fetch = createSafeFetch({ allowPrivate: false, resolve });
    await expect(fetch("https://inner.example.com", request)).rejects.toMatchObject(refusedFor("ADDRESS_NOT_ALLOWED"));
  });

  test("the connection goes to the address that was checked: a name that answers otherwise the second time gains nothing", async () => {
    const port = await serve((_, response) => response.setHeader("content-type", "application/json").end('"checked"'));
    let asked = 0;
    const resolve = () => Promise.resolve([{ address: asked++ === 0 ? "127.0.0.1" : "192.0.2.1", family: 4 }]);
    const answer = await createSafeFetch({ allowPrivate: true, resolve })(`http://rebinding.example:${port}/`, request);
    expect([answer, asked]).toEqual([{ status: 200, body: '"checked"' }, 1]);
  });

  test("a name without an address, and an address where nobody listens, are told by kind only", async () => {
    const gone = createSafeFetch({
      allowPrivate: true,
      resolve: () => Promise.reject(new Error("ENOTFOUND 10.0.0.53")),
    });
    await expect(gone("http://gone.example", request)).rejects.toMatchObject({
      ...refusedFor("NOT_FOUND"),
      message: expect.not.stringContaining("10.0.0.53"),
    });
    const port = await serve(() => {});
    const server = open.pop();
    await new Promise((resolve) => server?.close(resolve));
    const closed = createSafeFetch({ allowPrivate: true, resolve: loopback });
    await expect(closed(`http://closed.example:${port}`, request)).rejects.toMatchObject({
      ...refusedFor("UNREACHABLE"),
      message: expect.not.stringMatching(/127|ECONN/),
    });
  });

  test.for([
    ["REDIRECT", (port) => (_, response) => response.writeHead(302, { location: `http://127.0.0.1:${port}/x` }).end()],
    ["CONTENT_TYPE", () => (_, response) => response.setHeader("content-type", "text/html").end("<html>")],
    ["CONTENT_TYPE", () => (_, response) => response.end("{}")],
    [
      "CONTENT_TYPE",
      () => (_, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end("x");
      },
    ],
    [
      "TOO_LARGE",
      () => (_, response) => response.setHeader("content-type", "application/json").end(`"${"x".repeat(1_000)}"`),
    ],
    [
      "UNREACHABLE",
      () => (_, response) => {
        response.writeHead(200, { "content-type": "application/json", "content-length": "100" }).write("x");
        setImmediate(() => response.destroy());
      },
    ],
    ["TIMEOUT", () => () => {}],
  ] as [SafeFetchReason, (port: number) => RequestListener][])(
    "an answer that is not taken: %s",
    async ([reason, listener]) => {
      const port: number = await serve((incoming, response) => listener(port)(incoming, response));
      const fetch = createSafeFetch({ allowPrivate: true, resolve: loopback });
      const limits = reason === "TIMEOUT" ? { ...request, timeLimitMs: 50 } : request;
      await expect(fetch(`http://odd.example:${port}`, limits)).rejects.toMatchObject(refusedFor(reason));
    },
  );

  test("a look-up that does not end is given up, too", async () => {
    const fetch = createSafeFetch({ allowPrivate: false, resolve: () => new Promise(() => {}) });
    await expect(fetch("https://slow.example", { ...request, timeLimitMs: 50 })).rejects.toMatchObject(
      refusedFor("TIMEOUT"),
    );
  });

  test("a body and headers are sent, and the answer of any status is given", async () => {
    const port = await serve((incoming, response) => {
      response.writeHead(418, { "x-got": incoming.headers["x-signature"] });
      incoming.pipe(response);
    });
    const fetch = createSafeFetch({ allowPrivate: true, resolve: loopback });
    const answer = await fetch(`http://hook.example:${port}`, {
      ...request,
      method: "POST",
      body: "hello",
      headers: { "x-signature": "s" },
    });
    expect(answer).toEqual({ status: 418, body: "hello" });
  });
});
