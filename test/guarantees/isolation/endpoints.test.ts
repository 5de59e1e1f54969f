import type { Permission } from "@keyplane/schema";
import { servedPaths } from "@keyplane/server";
import { afterAll } from "vitest";
import { describe, expect, test, type World } from "../../testkit/index.js";
import { everyone, type Someone } from "./callers.js";
import { endIssuers } from "./holders.js";
import { type FullTenant, fullTenant, twoTenants } from "./story.js";

/** What an address is for, beside GraphQL. */
interface Endpoint {
  /** All that its caller needs; `anyone`: nothing is told there of any tenant. */
  readonly needs: readonly Permission[] | "anyone";
  readonly ask: (world: World, token: string | null, tenantId: string, own: FullTenant) => Promise<Response>;
  /** The status of what everybody is answered who is let in, where it is not 200. */
  readonly answer?: number;
  /** The status of a refusal, where it is not the usual one. */
  readonly refusal?: number;
  /** Whether it tells only of what happens while it is asked; `followed.test.ts` is about that. */
  readonly isFollowed?: true;
}

const get =
  (path: string, headerOf: (token: string) => Record<string, string> = bearer) =>
  ({ url }: World, token: string | null) =>
    fetch(`${url}${path}`, { headers: token === null ? {} : headerOf(token) });

function bearer(token: string): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

const post =
  (path: string, bodyOf: (tenantId: string, own: FullTenant) => unknown): Endpoint["ask"] =>
  ({ url }, token, tenantId, own) =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(token === null ? {} : bearer(token)) },
      body: JSON.stringify(bodyOf(tenantId, own)),
    });

const form =
  (path: string, body: Record<string, string>): Endpoint["ask"] =>
  ({ url }, token) =>
    fetch(`${url}${path}`, {
      method: "POST",
      headers: token === null ? {} : bearer(token),
      body: new URLSearchParams(body),
    });

const download =
  (name: string, more = ""): Endpoint["ask"] =>
  ({ url, clock }, token, tenantId) => {
    const window = new URLSearchParams({ tenantId, from: clock.in(-3_600_000), to: clock.in(3_600_000) });
    return fetch(`${url}/export/${name}?${window}${more}`, { headers: token === null ? {} : bearer(token) });
  };

/** Whom each path is for. A path that the server gets needs its line here. */
const endpoints: Readonly<Record<string, Endpoint>> = {
  // Asked operation by operation, by the other files of this folder; without one it only says who calls.
  "/graphql": { needs: [], ask: post("/graphql", () => ({ query: "{ viewer { id } }" })) },
  "/v1/verify": { needs: ["keys:verify"], ask: post("/v1/verify", (_, { secret }) => ({ key: secret })) },
  "/v1/forward-auth": {
    needs: ["keys:verify"],
    ask: (world, token, _, { secret }) =>
      get("/v1/forward-auth", (text) => ({ "x-keyplane-token": text, "x-api-key": secret }))(world, token),
    refusal: 500,
  },
  "/v1/verification-records": {
    needs: ["keys:verify", "keys:read"],
    ask: post("/v1/verification-records", (tenantId) => ({ tenantId })),
  },
  "/v1/key-events": {
    needs: ["keys:read"],
    ask: (world, token, tenantId) => get(`/v1/key-events?tenantId=${tenantId}`)(world, token),
    isFollowed: true,
  },
  // Who sends it is shown by a signature; where no scanner is configured, nobody's is accepted.
  "/v1/secret-scanning": { needs: "anyone", ask: post("/v1/secret-scanning", () => []), answer: 404 },
  "/metrics": { needs: ["metrics:read"], ask: get("/metrics") },
  "/export/usage": { needs: ["usage:read"], ask: download("usage", "&groupBy=KEY") },
  "/export/usage-events": { needs: ["usage:read"], ask: download("usage-events") },
  "/export/invalid-attempts": { needs: ["usage:read"], ask: download("invalid-attempts", "&groupBy=CODE") },
  "/export/keys": {
    needs: ["keys:read"],
    ask: ({ url }, token, tenantId) =>
      fetch(`${url}/export/keys?tenantId=${tenantId}`, { headers: token === null ? {} : bearer(token) }),
  },
  "/healthz": { needs: "anyone", ask: get("/healthz") },
  "/readyz": { needs: "anyone", ask: get("/readyz") },
  "/oauth/jwks": { needs: "anyone", ask: get("/oauth/jwks") },
  // Of the authorization server's own tests is what it needs besides: a client's secret, a code, a browser's cookie.
  "/.well-known/oauth-authorization-server": { needs: "anyone", ask: get("/.well-known/oauth-authorization-server") },
  "/.well-known/openid-configuration": { needs: "anyone", ask: get("/.well-known/openid-configuration") },
  "/oauth/authorize": { needs: "anyone", ask: get("/oauth/authorize"), answer: 400 },
  "/oauth/authorize/:id": { needs: "anyone", ask: get("/oauth/authorize/no-such"), answer: 400 },
  "/oauth/interaction/:id": { needs: "anyone", ask: get("/oauth/interaction/no-such") },
  "/oauth/session/end/confirm": { needs: "anyone", ask: get("/oauth/session/end/confirm"), answer: 404 },
  "/oauth/token": { needs: "anyone", ask: form("/oauth/token", { grant_type: "client_credentials" }), answer: 400 },
  "/oauth/introspect": { needs: "anyone", ask: form("/oauth/introspect", { token: "x" }), answer: 400 },
  "/oauth/revoke": { needs: "anyone", ask: form("/oauth/revoke", { token: "x" }), answer: 400 },
  "/docs": { needs: "anyone", ask: get("/docs/README.md") },
  "/password": { needs: "anyone", ask: get("/password") },
  "/sign-in": { needs: "anyone", ask: get("/sign-in") },
  "/usage": { needs: "anyone", ask: get("/usage") },
  "/": { needs: "anyone", ask: get("/") },
};

function isAllowed({ needs }: Endpoint, { permissions }: Someone): boolean {
  return needs === "anyone" || (permissions !== null && needs.every((each) => permissions.has(each)));
}

afterAll(endIssuers);

const cases = Object.entries(endpoints);

describe("isolation: the addresses beside GraphQL", () => {
  test("each that the server answers is known here: say in `endpoints` whom a new one is for", () => {
    expect(Object.keys(endpoints).sort()).toEqual([...servedPaths].sort());
  });

  let people: Promise<[FullTenant, Someone[]]> | undefined;
  test.for(cases)("%s is for those whom the registry lists, and for nobody else", async ([, endpoint], { world }) => {
    people ??= fullTenant(world, { used: true }).then(async (tenant) => [tenant, await everyone(world, tenant)]);
    const [tenant, everybody] = await people;
    for (const someone of everybody) {
      // One at a time: a token has two exports at once.
      const { status } = await endpoint.ask(world, someone.token, tenant.ids.Tenant, tenant);
      const expected = isAllowed(endpoint, someone)
        ? [endpoint.answer ?? 200, 401]
        : [endpoint.refusal ?? (someone.permissions ? 403 : 401)];
      // A gateway gets 401 of a key that is not visible to a person.
      if (isAllowed(endpoint, someone) && !endpoint.refusal) expected.pop();
      expect([someone.who, status]).toEqual([someone.who, expect.toBeOneOf(expected)]);
    }
  });

  const withTenant = cases.filter(
    ([, { needs }]) => needs !== "anyone" && needs.length > 0 && !needs.includes("metrics:read"),
  );
  test.for(withTenant)(
    "%s answers of another tenant as of a missing one, and of one's own something else",
    async ([path, { ask, isFollowed }], { world }) => {
      const [ours, theirs] = await twoTenants(world);
      const see = async (tenantId: string, own: FullTenant) => {
        const response = await ask(world, ours.admin.token, tenantId, own);
        const headers = [...response.headers].filter(
          ([name]) =>
            !/^(?:date|x-request-id|x-keyplane-request-id|keep-alive|connection|content-disposition)$/.test(name),
        );
        const text = (await response.text())
          .replaceAll(tenantId, "<id>")
          .replaceAll(/req_[0-9A-Za-z]{24}/g, "<request>");
        // The window of an export moves with the clock, and a cursor names the end of the log.
        return [
          response.status,
          headers.filter(([name]) => name !== "content-length"),
          text.replaceAll(/"cursor":"[^"]*"/g, "").replaceAll(/"current":\d+/g, ""),
        ];
      };
      const gone = { ...theirs, secret: "kp_live_00000000000000000000000000000000000000000001fb8o2" };
      const isOfKeys = path === "/v1/verify" || path === "/v1/forward-auth";
      const other = await see(theirs.ids.Tenant, theirs);
      if (!isOfKeys) expect(other).toEqual(await see(world.missingId("Tenant"), gone));
      for (const id of Object.values(theirs.ids)) expect(JSON.stringify(other)).not.toContain(id);
      if (!isFollowed) expect(await see(ours.ids.Tenant, ours)).not.toEqual(other);
    },
  );
});
