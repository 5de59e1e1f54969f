import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Principal } from "../modules/auth/index.js";
import type { RecordLine } from "../modules/keys/index.js";
import { UnauthenticatedError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import { createVerificationRecordsEndpoint } from "./verification-records.js";

const principal: Principal = {
  kind: "management_token",
  id: "tok_a",
  name: "a",
  role: "ADMIN",
  permissions: new Set(["keys:read", "keys:verify"] as const),
  tenantId: null,
  userId: null,
  onlyUserId: null,
  customRoleId: null,
  teamIds: [],
  grantableScopes: null,
  expiresAt: null,
  requestId: "req_a",
  address: null,
};

const line = { type: "key", id: "key_a", name: "x".repeat(1_000), secrets: [] } as RecordLine;
/** Some 1 MB: more than the buffers of a connection take in a few. */
const page = Array.from({ length: 1_000 }, () => line);
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

/** Endless records unless said otherwise. */
async function serve(
  options: {
    pages?: (signal: AbortSignal) => AsyncGenerator<RecordLine[]>;
    idleMs?: number;
    timeLimitMs?: number | undefined;
  } = {},
) {
  const state = { caller: principal as Principal | null, ended: 0, signal: undefined as AbortSignal | undefined };
  const logger = { error: vi.fn(), warn: vi.fn(), info: vi.fn(), debug: vi.fn() };
  async function* endless(): AsyncGenerator<RecordLine[]> {
    for (;;) yield page;
  }
  async function* read(_: Principal, _input: unknown, signal: AbortSignal): AsyncGenerator<RecordLine[]> {
    state.signal = signal;
    try {
      yield* (options.pages ?? endless)(signal);
    } finally {
      state.ended += 1;
    }
  }
  const endpoint = createVerificationRecordsEndpoint({
    authenticate: async () => {
      if (!state.caller) throw new UnauthenticatedError();
      return state.caller;
    },
    records: { read },
    publicUrl: null,
    logger: logger as unknown as Logger,
    idleMs: options.idleMs,
    timeLimitMs: options.timeLimitMs,
  });
  const server = createServer((incoming, response) =>
    endpoint(incoming, response, { requestId: "req_a", address: null }),
  );
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  /** A reader who has got the head of the answer and takes nothing until told. */
  const open = (): Promise<IncomingMessage & { text: () => Promise<string>; cut: Promise<void> }> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        `http://127.0.0.1:${port}/`,
        { method: "POST", headers: { "content-type": "application/json" }, agent: false },
        (response) => {
          const text = async (): Promise<string> => {
            let all = "";
            for await (const chunk of response) all += String(chunk);
            return all;
          };
          const cut = new Promise<void>((done) => response.once("error", () => done()));
          resolve(Object.assign(response, { text, cut }));
        },
      );
      outgoing.on("error", reject);
      outgoing.end("{}");
    });
  return { open, state, logger };
}

describe("verification records, while they are sent", () => {
  test("a reader who takes nothing for so long is cut off", async () => {
    const { open, state, logger } = await serve({ idleMs: 100 });
    const response = await open();
    await expect.poll(() => state.ended).toBe(1);
    response.resume();
    await response.cut;
    expect(logger.error).not.toHaveBeenCalled();
    expect(logger.info).toHaveBeenCalledOnce();
  });

  test.for([
    ["revoked", null],
    ["no longer allowed to read keys", { ...principal, permissions: new Set(["keys:verify"] as const) }],
    ["narrowed to one tenant", { ...principal, tenantId: "ten_a" }],
  ] as const)("a token that is %s in the middle ends the answer at the next page", async ([, now]) => {
    const { open, state, logger } = await serve();
    const response = await open();
    state.caller = now;
    response.resume();
    await response.cut;
    await expect.poll(() => state.ended).toBe(1);
    expect(logger.error).not.toHaveBeenCalled();
  });

  test("a fault in the middle breaks the answer off, without the line that ends it, and is logged as an error", async () => {
    const fault = new Error("the database is gone");
    const { open, logger } = await serve({
      pages: async function* () {
        yield [line];
        await new Promise((resolve) => setTimeout(resolve, 50));
        throw fault;
      },
    });
    await expect((await open()).text()).rejects.toThrow("aborted");
    expect(logger.error).toHaveBeenCalledWith(expect.objectContaining({ err: fault }), expect.any(String));
  });

  test("a fault before the first page is answered as an error", async () => {
    const { open } = await serve({
      pages: async function* () {
        yield await Promise.reject(new Error("the database is gone"));
      },
    });
    const response = await open();
    expect([response.statusCode, JSON.parse(await response.text()).errors[0].extensions.code]).toEqual([
      500,
      "INTERNAL",
    ]);
  });

  test.for([
    ["who goes away", undefined],
    ["who is told that it takes too long", 50],
  ] as const)("a reader %s while waiting for the first page no longer waits", async ([, timeLimitMs]) => {
    const { open, state, logger } = await serve({
      timeLimitMs,
      pages: async function* (signal) {
        yield await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      },
    });
    const opening = open();
    opening.catch(() => {}); // cut below
    await expect.poll(() => state.signal).toBeDefined();
    if (timeLimitMs === undefined) for (const server of servers) server.closeAllConnections();
    else expect((await opening).statusCode).toBe(504);
    await expect.poll(() => state.ended).toBe(1);
    expect(logger.error).not.toHaveBeenCalled();
  });
});
