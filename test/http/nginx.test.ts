import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo, createServer as createSocketServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { root } from "../docs/npm-start.js";
import { describe, expect, ok, test, type World } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

/** Debian's nginx, or the one that NGINX names. Nothing is downloaded. */
const nginx = process.env["NGINX"] ?? "/usr/sbin/nginx";
// In CI a missing nginx is a failure: there, nobody would notice that this never runs.
const missing = !existsSync(nginx) && !process.env["CI"];
const reason = `needs nginx: apt-get install nginx-light, or name one with NGINX (${nginx} is not there)`;

/** The configuration that docs/operating/gateways.md gives to copy. */
function documented(): string {
  const page = readFileSync(join(root, "docs/operating/gateways.md"), "utf8");
  const block = /```nginx\n([\s\S]*?)```/.exec(page)?.[1];
  if (!block) throw new Error("docs/operating/gateways.md has no block of nginx");
  return block;
}

/** Puts a value in the place of an example's; each must be there exactly once. */
function fill(text: string, places: Readonly<Record<string, string>>): string {
  return Object.entries(places).reduce((filled, [example, value]) => {
    expect(filled.split(example)).toHaveLength(2);
    return filled.replace(example, value);
  }, text);
}

const stops: (() => unknown)[] = [];
afterAll(() => Promise.all(stops.map((stop) => stop())));

function listening(server: Server | ReturnType<typeof createSocketServer>): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

async function freePort(): Promise<number> {
  const server = createSocketServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** An API behind nginx, which tells what it was sent. */
async function startApi(): Promise<{
  port: number;
  received: { url: string | undefined; headers: IncomingHttpHeaders }[];
}> {
  const received: { url: string | undefined; headers: IncomingHttpHeaders }[] = [];
  const api = createServer((request, response) => {
    received.push({ url: request.url, headers: request.headers });
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      // What the API itself refuses must reach its client unchanged.
      response.writeHead(request.url === "/teapot" ? 403 : 200).end(`the API got ${body}`);
    });
  });
  stops.push(() => api.close());
  return { port: await listening(api), received };
}

/** Starts nginx with the documented file, in a folder of its own. */
async function startNginx(world: World, places: { token: string; api: number; keyplane?: number }) {
  const folder = mkdtempSync(join(tmpdir(), "keyplane-nginx-"));
  const port = await freePort();
  const site = fill(documented(), {
    "listen 8000": `listen 127.0.0.1:${port}`,
    "127.0.0.1:4000": `127.0.0.1:${places.keyplane ?? new URL(world.url).port}`,
    "127.0.0.1:8080": `127.0.0.1:${places.api}`,
    "keyplane_live_…": places.token,
  });
  writeFileSync(join(folder, "api.conf"), site);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
  writeFileSync(
    join(folder, "nginx.conf"),
    `daemon off; master_process off; pid nginx.pid; error_log error.log; events {}
     http { access_log off; ${temporary.join(" ")} include api.conf; }`,
  );
  const flags = ["-p", folder, "-c", "nginx.conf", "-e", "error.log"];
  const tested = spawnSync(nginx, [...flags, "-t"], { encoding: "utf8" });
  if (tested.status !== 0) throw new Error(`nginx does not take the documented file: ${tested.stderr}`);
  const child: ChildProcess = spawn(nginx, flags, { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  stops.push(async () => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(() =>
      rawRequest(url).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .not.toBe(0);
  return { url, log: () => readFileSync(join(folder, "error.log"), "utf8") };
}

/** A key as the documented file asks for it, behind nginx with a token that may do nothing but verify. */
async function story(world: World) {
  const { tenant, admin } = await world.tenant();
  const owner = await world.user(tenant.id, { externalId: "acct 42 \u{1F511}" });
  const { key, secret } = await world.key(tenant.id, owner.id, { scopes: ["orders:read"], allowedIps: ["127.0.0.1"] });
  const gateway = await world.caller("DEVELOPER", { tenantId: tenant.id, permissions: ["KEYS_VERIFY"] });
  const api = await startApi();
  const { url, log } = await startNginx(world, { token: gateway.token ?? "", api: api.port });
  return { tenant, admin, owner, key, secret, api, url, log, gateway };
}

const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` });

describe("the documented configuration of nginx", () => {
  test("lets a valid key in, and tells the API who calls", async ({ world, skip }) => {
    skip(missing, reason);
    const { url, api, key, owner, tenant, secret } = await story(world);
    const answer = await rawRequest(`${url}/orders/7?scopes=none&cost=0`, {
      method: "POST",
      headers: { ...bearer(secret), "content-type": "text/plain" },
      chunks: ["an order"],
    });
    expect([answer.status, answer.text]).toEqual([200, "the API got an order"]);
    expect(api.received.at(-1)).toMatchObject({
      // The client's query is the API's, and none of the options.
      url: "/orders/7?scopes=none&cost=0",
      headers: {
        "x-keyplane-code": "VALID",
        "x-keyplane-key-id": key.id,
        "x-keyplane-owner-id": owner.id,
        "x-keyplane-owner-external-id": "acct 42 %F0%9F%94%91",
        "x-keyplane-tenant-id": tenant.id,
        "x-keyplane-scopes": "orders:read",
      },
    });
  });

  test("refuses before the API hears of it, with the status and the reason", async ({ world, skip }) => {
    skip(missing, reason);
    const { url, api, admin, owner, tenant, key, secret } = await story(world);
    const narrow = await world.key(tenant.id, owner.id, { scopes: [] });
    const elsewhere = await world.key(tenant.id, owner.id, { scopes: ["orders:read"], allowedIps: ["203.0.113.7"] });
    const before = api.received.length;
    const refusal = async (headers: Record<string, string>) => {
      const { status, headers: answered, text } = await rawRequest(`${url}/orders`, { headers });
      expect(JSON.parse(text)).toEqual({ status, code: answered["x-keyplane-code"] });
      expect(answered["content-type"]).toContain("application/problem+json");
      expect(answered["x-keyplane-request-id"]).toMatch(/^req_\w{24}$/);
      return [status, answered["x-keyplane-code"], answered["www-authenticate"]];
    };
    const invalid = 'Bearer realm="keyplane", error="invalid_token"';
    expect(await refusal({})).toEqual([401, "MALFORMED", 'Bearer realm="keyplane"']);
    expect(await refusal(bearer("nonsense"))).toEqual([401, "MALFORMED", invalid]);
    expect(await refusal(bearer(narrow.secret))).toEqual([403, "INSUFFICIENT_SCOPE", undefined]);
    // The address is the one that nginx saw, whatever the client says.
    const lie = { "x-real-ip": "203.0.113.7", "x-forwarded-for": "203.0.113.7" };
    expect(await refusal({ ...bearer(elsewhere.secret), ...lie })).toEqual([403, "IP_NOT_ALLOWED", undefined]);
    ok(await admin.key("revokeKey", { id: key.id, reason: "lost" }));
    expect(await refusal({ "x-api-key": secret })).toEqual([401, "REVOKED", invalid]);
    expect(api.received).toHaveLength(before);
  });

  test("gives the API nothing that a client has forged", async ({ world, skip }) => {
    skip(missing, reason);
    const { url, api, admin, tenant, gateway } = await story(world);
    // Without an external id and without metadata there is nothing of Keyplane's to put in the place of what was forged.
    const { secret } = await world.key(tenant.id, (await world.user(tenant.id)).id, { scopes: ["orders:read"] });
    const names = ["Code", "Request-Id", "Key-Id", "Owner-Id", "Owner-External-Id", "Tenant-Id", "Scopes", "Token"];
    const forged = Object.fromEntries(names.map((name) => [`X-Keyplane-${name}`, "forged"]));
    const { status } = await rawRequest(`${url}/`, {
      headers: { ...bearer(secret), ...forged, X_Keyplane_Key_Id: "forged" },
    });
    expect(status).toBe(200);
    const sent = JSON.stringify(api.received.at(-1)?.headers);
    expect(sent).not.toContain("forged");
    expect(sent).not.toContain(gateway.token);
    // Nor can a client verify its key with a token of its own.
    const own = { ...bearer(secret), "x-keyplane-token": admin.token ?? "" };
    expect((await rawRequest(`${url}/_keyplane`, { headers: own })).status).toBe(404);
  });

  test("passes the API's own refusals on", async ({ world, skip }) => {
    skip(missing, reason);
    const { url, secret } = await story(world);
    const answer = await rawRequest(`${url}/teapot`, { headers: bearer(secret) });
    expect([answer.status, answer.text]).toEqual([403, "the API got "]);
    expect(answer.headers).not.toHaveProperty("x-keyplane-code");
  });

  test("lets nobody in when Keyplane does not know the gateway, or is away, and says which", async ({
    world,
    skip,
  }) => {
    skip(missing, reason);
    const { secret } = await world.tenantWithKey({ key: { scopes: ["orders:read"] } });
    const api = await startApi();
    const unknown = await startNginx(world, { token: "somebody", api: api.port });
    const away = await startNginx(world, { token: "somebody", api: api.port, keyplane: await freePort() });
    const first = await rawRequest(`${unknown.url}/`, { headers: bearer(secret) });
    expect([first.status, first.headers["x-keyplane-code"]]).toEqual([500, "UNAUTHENTICATED"]);
    expect(unknown.log()).toContain("auth request unexpected status: 500");
    const second = await rawRequest(`${away.url}/`, { headers: bearer(secret) });
    expect([second.status, second.headers["x-keyplane-code"]]).toEqual([500, undefined]);
    expect(api.received).toHaveLength(0);
  });
});
