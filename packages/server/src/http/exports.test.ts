import { createServer, get, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Principal } from "../modules/auth/index.js";
import type { ExportSources } from "../modules/usage/index.js";
import { UnauthenticatedError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import { createExports } from "./exports.js";

const principal = (id: string): Principal => ({
  kind: "management_token",
  id,
  name: id,
  role: "ADMIN",
  permissions: new Set(["usage:read"] as const),
  tenantId: null,
  userId: null,
  onlyUserId: null,
  customRoleId: null,
  teamIds: [],
  grantableScopes: null,
  expiresAt: null,
  requestId: "req_a",
  address: null,
});

const event = { _id: "e", at: new Date(0), code: "VALID", cost: 1, source: "SERVER", userAgent: "x".repeat(1_000) };
/** Some 1 MB of CSV: more than the buffers of a connection take in a few. */
const page = Array.from({ length: 1_000 }, () => event);
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** Exports whose tokens are their own names, and whose call log has endless pages unless said otherwise. */
async function serve(options: { pages?: (signal?: AbortSignal) => AsyncGenerator<unknown[]>; idleMs?: number } = {}) {
  const known = new Map<string, Principal>();
  const state = { pages: 0, ended: 0 };
  const logger = { error: vi.fn(), warn: vi.fn(), info: vi.fn(), debug: vi.fn() };
  async function* endless() {
    for (;;) {
      state.pages += 1;
      yield page;
    }
  }
  async function* allEvents(_: Principal, _tenant: string, _filter: unknown, signal?: AbortSignal) {
    try {
      yield* (options.pages ?? endless)(signal);
    } finally {
      state.ended += 1;
    }
  }
  const endpoint = createExports({
    authenticate: async (authorization) => {
      const found = known.get(authorization ?? "");
      if (!found) throw new UnauthenticatedError();
      return found;
    },
    sources: { usage: { allEvents } } as unknown as ExportSources,
    logger: logger as unknown as Logger,
    idleMs: options.idleMs,
  });
  const server = createServer((request, response) =>
    endpoint(request, response, { requestId: "req_a", address: null }),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  /** A reader who has got the head of the answer and takes nothing until told. */
  const open = (token: string): Promise<IncomingMessage & { text: () => Promise<string>; cut: Promise<void> }> => {
    if (!known.has(token)) known.set(token, principal(token));
    return new Promise((resolve, reject) => {
      const url = `http://127.0.0.1:${port}/export/usage-events?tenantId=ten_a`;
      get(url, { headers: { authorization: token }, agent: false }, (response) => {
        const text = async (): Promise<string> => {
          let all = "";
          for await (const chunk of response) all += String(chunk);
          return all;
        };
        const cut = new Promise<void>((done) => response.once("error", () => done()));
        resolve(Object.assign(response, { text, cut }));
      }).on("error", reject);
    });
  };
  return { open, known, state, logger };
}

describe("exports", () => {
  test("a token reads two at a time; others are served beside it, eight in all", async () => {
    const { open, state } = await serve();
    const own = [await open("a"), await open("a")];
    const third = await open("a");
    expect(third.statusCode).toBe(503);
    expect(await third.text()).toContain("2 exports with this token");
    for (const token of ["b", "b", "c", "c", "d", "d"]) expect((await open(token)).statusCode).toBe(200);
    const ninth = await open("e");
    expect(ninth.statusCode).toBe(503);
    expect(await ninth.text()).toContain("8 exports");
    own[0]?.on("error", () => {}).destroy();
    await expect.poll(() => state.ended).toBe(1);
    expect((await open("a")).statusCode).toBe(200);
  });

  test("a reader who takes nothing for so long is cut off, and its place is free again", async () => {
    const { open, state, logger } = await serve({ idleMs: 100 });
    const slow = [await open("a"), await open("a")];
    await expect.poll(() => state.ended).toBe(2);
    for (const { resume, cut } of slow.map((response) => ({ resume: () => response.resume(), cut: response.cut }))) {
      resume();
      await cut;
    }
    expect((await open("a")).statusCode).toBe(200);
    expect(logger.error).not.toHaveBeenCalled();
    expect(logger.info).toHaveBeenCalledTimes(2);
  });

  test("a reader who takes little, but something, is not cut off", async () => {
    let left = 20;
    const { open, logger } = await serve({
      idleMs: 150,
      pages: async function* (): AsyncGenerator<unknown[]> {
        while (left-- > 0) {
          await new Promise((resolve) => setTimeout(resolve, 25));
          yield [event];
        }
      },
    });
    expect((await (await open("a")).text()).split("\r\n")).toHaveLength(22);
    expect(logger.info).not.toHaveBeenCalled();
  });

  test.for([
    ["revoked", (): Principal | null => null],
    ["no longer allowed to read usage", () => ({ ...principal("a"), permissions: new Set() as never })],
    ["narrowed to one user", () => ({ ...principal("a"), onlyUserId: "usr_a" })],
  ] as const)("a token that is %s in the middle ends its export at the next page", async ([, changed]) => {
    const { open, known, state, logger } = await serve();
    const response = await open("a");
    const now = changed();
    if (now) known.set("a", now);
    else known.delete("a");
    response.resume();
    await response.cut;
    await expect.poll(() => state.ended).toBe(1);
    expect(logger.error).not.toHaveBeenCalled();
    expect(logger.info).toHaveBeenCalledOnce();
  });

  test("a fault in the middle breaks the answer off and is logged as an error", async () => {
    const fault = new Error("the thread is gone");
    const { open, logger } = await serve({
      pages: async function* (): AsyncGenerator<unknown[]> {
        yield [event];
        await new Promise((resolve) => setTimeout(resolve, 50));
        throw fault;
      },
    });
    await expect((await open("a")).text()).rejects.toThrow("aborted");
    expect(logger.error).toHaveBeenCalledWith(expect.objectContaining({ err: fault }), expect.any(String));
  });

  test("a reader who goes away is no fault, and what it waited for is told so", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const { open, state, logger } = await serve({
      pages: async function* (signal): AsyncGenerator<unknown[]> {
        signals.push(signal);
        yield [event];
        await new Promise((resolve) => signal?.addEventListener("abort", resolve));
        throw new Error("dropped");
      },
    });
    (await open("a")).on("error", () => {}).destroy();
    await expect.poll(() => state.ended).toBe(1);
    expect(signals[0]?.aborted).toBe(true);
    expect(logger.error).not.toHaveBeenCalled();
  });
});
