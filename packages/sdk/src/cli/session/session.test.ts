import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, describe, expect } from "vitest";
import { AuthenticationError, ConnectionError } from "../../client/errors.js";
import type { Fetch } from "../../client/options.js";
import { realRuntime } from "../../client/runtime.js";
import { whileLocked } from "./file-lock.js";
import { SessionStore, type StoredSession } from "./session-store.js";
import { sharedSession } from "./shared-session.js";

const test = base.extend<{ folder: string }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the parameter's pattern
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), "keyplane-sessions-"));
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },
});

const url = "http://keyplane.test";
const past = "2020-01-01T00:00:00.000Z";
const future = "2100-01-01T00:00:00.000Z";

function session(n: number, accessTokenExpiresAt = future): StoredSession {
  const tokens = { accessToken: `access-${n}`, refreshToken: `refresh-${n}`, refreshTokenExpiresAt: future };
  return { email: "ada@acme.example", accessTokenExpiresAt, ...tokens };
}

/** A server whose refresh tokens work once. */
function server() {
  let n = 1;
  const fetch: Fetch = async (_url, init) => {
    const { refreshToken } = (JSON.parse(init.body ?? "") as { variables: { input: { refreshToken: string } } })
      .variables.input;
    const isGood = refreshToken === `refresh-${n}`;
    const { email: _email, ...tokens } = session(isGood ? ++n : n);
    const refusal = { __typename: "InvalidCredentialsError", code: "INVALID_CREDENTIALS", message: "no", docsUrl: "" };
    const refreshSession = isGood ? { __typename: "RefreshSessionPayload", ...tokens } : refusal;
    const body = JSON.stringify({ data: { refreshSession } });
    return { status: 200, headers: new Headers(), text: async () => body };
  };
  const deps = { fetch, headers: {}, timeoutMs: 1_000, runtime: realRuntime };
  return { deps, refreshes: () => n - 1 };
}

async function storeWith(folder: string, stored: StoredSession): Promise<SessionStore> {
  const store = new SessionStore(folder);
  await store.exclusively(async () => store.save(url, stored, true));
  return store;
}

describe("the file of sessions", () => {
  test("is for its owner alone, whatever was there before", async ({ folder }) => {
    const inner = join(folder, "keyplane");
    mkdirSync(inner, { mode: 0o777 });
    const elsewhere = join(folder, "elsewhere");
    writeFileSync(elsewhere, "precious");
    symlinkSync(elsewhere, join(inner, "sessions.json.new"));
    const store = await storeWith(inner, session(1));
    expect([statSync(store.path).mode & 0o777, statSync(inner).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(statSync(elsewhere).size).toBe("precious".length);
    expect(readdirSync(inner)).toEqual(["sessions.json"]);
  });

  test("has one for each server, and knows the last", async ({ folder }) => {
    const store = await storeWith(folder, session(1));
    await store.exclusively(async () => store.save("http://other.test", session(2), true));
    expect([store.current, store.find(url)?.accessToken]).toEqual(["http://other.test", "access-1"]);
    await store.exclusively(async () => store.remove("http://other.test"));
    expect([store.current, store.find("http://other.test"), store.find("toString")]).toEqual([null, null, null]);
  });
});

describe("a lock", () => {
  test("lets one after the other work", async ({ folder }) => {
    const path = join(folder, "lock");
    let [inside, most] = [0, 0];
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, () => whileLocked(path, work)));
    expect([most, readdirSync(folder)]).toEqual([1, []]);
  });

  test("is free again after a failure", async ({ folder }) => {
    const path = join(folder, "lock");
    await expect(whileLocked(path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await whileLocked(path, async () => "yes")).toBe("yes");
  });

  test("of a process that was killed is taken over, by one of those who wait", async ({ folder }) => {
    const path = join(folder, "lock");
    writeFileSync(path, "1 gone");
    const old = new Date(Date.now() - 31_000);
    utimesSync(path, old, old);
    let [inside, most] = [0, 0];
    const work = async (): Promise<void> => {
      most = Math.max(most, ++inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside--;
    };
    await Promise.all([whileLocked(path, work), whileLocked(path, work), whileLocked(path, work)]);
    expect([most, readdirSync(folder)]).toEqual([1, []]);
  });
});

describe("a session that processes share", () => {
  test("is refreshed by one of them, and the others take what it has brought", async ({ folder }) => {
    const store = await storeWith(folder, session(1, past));
    const { deps, refreshes } = server();
    const processes = Array.from({ length: 5 }, () => sharedSession(new SessionStore(folder), url, deps));
    expect(await Promise.all(processes.map((each) => each.token()))).toEqual(Array(5).fill("access-2"));
    expect(refreshes()).toBe(1);
    expect(store.find(url)).toEqual(session(2));
  });

  test("is refreshed when the server refuses its token", async ({ folder }) => {
    await storeWith(folder, session(1));
    const { deps, refreshes } = server();
    const provider = sharedSession(new SessionStore(folder), url, deps);
    expect(await provider.token()).toBe("access-1");
    expect([await provider.renew?.("access-1"), refreshes()]).toEqual(["access-2", 1]);
  });

  test("is refreshed again when what another process has brought has ended, too", async ({ folder }) => {
    const store = await storeWith(folder, session(9, past));
    const { deps } = server();
    const provider = sharedSession(store, url, deps);
    await store.exclusively(async () => store.save(url, session(1, past), false));
    expect(await provider.token()).toBe("access-2");
  });

  test("that the server does not know is forgotten, and says what to do", async ({ folder }) => {
    const store = await storeWith(folder, session(7, past));
    const provider = sharedSession(store, url, server().deps);
    await expect(provider.token()).rejects.toThrow(AuthenticationError);
    expect(store.find(url)).toBeNull();
    expect(() => sharedSession(store, url, server().deps)).toThrow("keyplane sign-in");
  });

  test("is kept when the server cannot be reached", async ({ folder }) => {
    const store = await storeWith(folder, session(1, past));
    const fetch: Fetch = () => Promise.reject(new TypeError("fetch failed"));
    const provider = sharedSession(store, url, { ...server().deps, fetch });
    await expect(provider.token()).rejects.toThrow(ConnectionError);
    expect(store.find(url)).toEqual(session(1, past));
  });
});
