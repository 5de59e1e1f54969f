import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import * as guardModule from "@keyplane/sdk/guard";
import { afterAll, beforeAll } from "vitest";
import { describe, expect, startServer, type TestServer, test, World } from "../testkit/index.js";
import { root, tool } from "./program.js";

/** The examples go by the real clock, so their server must not be one whose clock another test has moved. */
let server: TestServer;
let world: World;
const running: ChildProcess[] = [];
beforeAll(async () => {
  server = await startServer();
  world = new World(server);
});
afterAll(async () => {
  for (const program of running) program.kill("SIGKILL");
  await server.stop();
});

/** Starts an example. @returns where it listens, and its process. */
async function start(name: string): Promise<{ url: string; program: ChildProcess }> {
  const path = join(root, "packages/sdk/examples", name);
  const env = { ...process.env, KEYPLANE_URL: server.url, KEYPLANE_TOKEN: server.rootToken, PORT: "0" };
  const program = spawn(process.execPath, ["--conditions=source", "--import", tool.tsx, path], { cwd: root, env });
  running.push(program);
  let printed = "";
  return new Promise((resolve, reject) => {
    const read = (piece: Buffer): void => {
      printed += piece.toString();
      const [, port] = /Listening on \{[^}]*port: (\d+)/.exec(printed) ?? [];
      if (port) resolve({ url: `http://127.0.0.1:${port}`, program });
    };
    program.stdout.on("data", read);
    program.stderr.on("data", read);
    program.on("close", () => reject(new Error(`${name} ended: ${printed}`)));
  });
}

// Until the guard is there, its examples have nothing to run with.
describe.runIf("createGuard" in guardModule)("the example", () => {
  for (const name of ["express-app.ts", "fetch-server.ts"]) {
    test(`${name} serves a valid key, refuses others with a problem, and ends when it is asked to`, async () => {
      const { secret, owner } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
      const { url, program } = await start(name);
      const served = await fetch(`${url}/orders`, { headers: { authorization: `Bearer ${secret}` } });
      expect([served.status, await served.text()]).toEqual([200, `Orders of ${owner.name}\n`]);
      const refused = await fetch(`${url}/orders`, { headers: { "x-api-key": `${secret}x` } });
      expect([refused.status, (await refused.json()).code]).toEqual([401, "MALFORMED"]);
      expect((await fetch(`${url}/orders`)).headers.get("www-authenticate")).toBe('Bearer realm="keyplane"');
      for (const headers of [{ "x-api-key": `${secret}x` }, { "x-api-key": "a, b" }, {}]) {
        const { type, code } = await (await fetch(`${url}/orders`, { headers })).json();
        expect(type).toMatch(new RegExp(`^${server.url}/docs/.+#${code.toLowerCase()}$`));
        const page = await fetch(type);
        expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(`id="${code.toLowerCase()}"`)]);
      }
      const ended = new Promise((resolve) => program.once("exit", resolve));
      program.kill("SIGTERM");
      expect(await ended).toBe(0);
    });
  }

  test("express-app.ts ends a stream when its key is revoked", async () => {
    const { secret, key } = await world.tenantWithKey({ key: { scopes: ["orders:read", "orders:watch"] } });
    const { url } = await start("express-app.ts");
    const stream = await fetch(`${url}/orders/live`, { headers: { authorization: `Bearer ${secret}` } });
    const reader = stream.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("data: watching\n\n");
    await world.root.key("revokeKey", { id: key.id, reason: "The contract ended" });
    const end = (async () => {
      while (!(await reader?.read())?.done);
    })();
    await expect(end).rejects.toThrow("terminated");
    const refused = await fetch(`${url}/orders/live`, { headers: { authorization: `Bearer ${secret}` } });
    expect([refused.status, (await refused.json()).code]).toEqual([401, "REVOKED"]);
  });
});
