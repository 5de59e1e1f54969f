import { createHmac, randomBytes } from "node:crypto";
import { createId } from "@keyplane/schema";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Database, openDatabase } from "../../platform/database/index.js";
import { createLogger } from "../../platform/logger.js";
import { createSecretBox } from "../../platform/secret-box.js";
import { createAudit } from "../audit/index.js";
import { createEvents } from "../events/index.js";
import { createSigning, JwtRefusal, SigningKeys } from "./index.js";
import { maxTokenMs, publishAheadMs } from "./signing-keys.js";

const issuer = "https://keyplane.test";
const purpose = { typ: "at+jwt", audience: issuer } as const;
const expiresInMs = 600_000;
const day = 24 * 60 * 60_000;
const rotationMs = 30 * day;

let database: Database;
let now = Date.parse("2030-01-01T00:00:00Z");
const clock = { now: () => now };
const logger = createLogger("fatal");
const encryptionKey = randomBytes(32);

beforeAll(async () => {
  database = await openDatabase({ databaseUrl: null, dataDir: null });
});
afterAll(() => database.close());

/** One server process. */
function startProcess(key: Uint8Array = encryptionKey) {
  const events = createEvents({ database, clock, logger });
  const audit = createAudit({ database, clock });
  const keys = new SigningKeys({ audit, clock, database, events, secretBox: createSecretBox(key), rotationMs });
  events.subscribe(keys);
  return { keys, ...createSigning({ clock, keys, issuer: () => issuer }) };
}

async function fresh() {
  await database.prisma.signingKey.deleteMany();
  return startProcess();
}

const b64 = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const decode = (part: string | undefined) => JSON.parse(Buffer.from(part ?? "", "base64url").toString());

async function problemOf(verifying: () => unknown): Promise<string> {
  try {
    await verifying();
    return "accepted";
  } catch (error) {
    if (error instanceof JwtRefusal) return error.problem;
    throw error;
  }
}

describe("a signed token", () => {
  test("is verified, and afterwards without a promise, until the second of its end", async () => {
    const { sign, verify } = await fresh();
    const { token, expiresAt } = await sign({ sub: "usr_1", sid: "ses_1" }, { ...purpose, expiresInMs });
    expect(expiresAt).toBe(now + expiresInMs);
    expect(await verify(token, purpose)).toMatchObject({ sub: "usr_1", sid: "ses_1", iss: issuer, aud: issuer });
    expect(verify(token, purpose)).not.toBeInstanceOf(Promise);
    now += expiresInMs - 1;
    expect(verify(token, purpose)).toMatchObject({ sub: "usr_1" });
    now += 1;
    expect(await problemOf(() => verify(token, purpose))).toBe("expired");
    expect(await problemOf(() => verify(token, purpose))).toBe("expired");
  });

  test("is none for another purpose or audience, remembered or not", async () => {
    const { sign, verify } = await fresh();
    const { token } = await sign({ sub: "usr_1" }, { ...purpose, expiresInMs });
    await verify(token, purpose);
    expect(await problemOf(() => verify(token, { ...purpose, typ: "logout+jwt" }))).toBe("header");
    expect(await problemOf(() => verify(token, { ...purpose, audience: "https://other.test" }))).toBe("claims");
  });

  test("of another process of the same database is verified", async () => {
    const [one, two] = [await fresh(), startProcess()];
    const { token } = await one.sign({ sub: "usr_1" }, { ...purpose, expiresInMs });
    expect(await two.verify(token, purpose)).toMatchObject({ sub: "usr_1" });
    expect((await two.jwks()).keys).toEqual((await one.jwks()).keys);
  });
});

describe("keys", () => {
  test("however many processes need the first one at once, one is made", async () => {
    await fresh();
    const processes = Array.from({ length: 5 }, () => startProcess());
    await Promise.all(processes.map(({ jwks }) => jwks()));
    expect(await database.prisma.signingKey.count()).toBe(1);
  });

  test("show nothing private: not in the JWKS, not in the database, not in the audit log", async () => {
    const { jwks } = await fresh();
    const [shown] = (await jwks()).keys;
    expect(Object.keys(shown ?? {}).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);
    const [row] = await database.prisma.signingKey.findMany();
    expect(Buffer.from(row?.sealedPrivateJwk ?? []).includes('"d"')).toBe(false);
    expect(row?.publicJwk).not.toHaveProperty("d");
    const [record] = await database.prisma.auditRecord.findMany({ where: { targetId: row?.id ?? "" } });
    expect(record).toMatchObject({ action: "signing_key.created", actorType: "system" });
    expect(record?.after).not.toHaveProperty("sealedPrivateJwk");
  });

  test("rotate: the next one is published before it signs, the old one until its tokens have expired", async () => {
    const { sign, jwks, maintain } = await fresh();
    const kids = async () => (await jwks()).keys.map(({ kid }) => kid);
    const kidOf = async () => decode((await sign({ sub: "s" }, { ...purpose, expiresInMs })).token.split(".")[0]).kid;
    const first = await kidOf();
    now += rotationMs - publishAheadMs - 1;
    await maintain();
    expect(await kids()).toEqual([first]);
    now += 1;
    await maintain();
    await maintain();
    const published = await kids();
    expect(published).toHaveLength(2);
    expect(await kidOf()).toBe(first);

    const { token } = await sign({ sub: "s" }, { ...purpose, expiresInMs: maxTokenMs });
    now += publishAheadMs;
    const second = await kidOf();
    expect(published).toContain(second);
    expect(second).not.toBe(first);
    expect(await startProcess().verify(token, purpose)).toMatchObject({ sub: "s" });
    await maintain();
    const old = await database.prisma.signingKey.findUnique({ where: { id: first } });
    expect(old?.sealedPrivateJwk).toBeNull();
    now += maxTokenMs;
    expect(await kids()).toEqual([second]);
    expect(await problemOf(() => startProcess().verify(token, purpose))).toBe("kid");
  });

  test("after a long absence a new one signs at once, and every process follows", async () => {
    const [one, two] = [await fresh(), startProcess()];
    await one.sign({ sub: "s" }, { ...purpose, expiresInMs });
    await two.jwks();
    now += 2 * rotationMs;
    const { token } = await one.sign({ sub: "s" }, { ...purpose, expiresInMs });
    expect(await two.verify(token, purpose)).toMatchObject({ sub: "s" });
  });

  test("sealed by another encryption key do not keep a process from signing", async () => {
    const [one, two] = [await fresh(), startProcess(randomBytes(32))];
    const first = await one.sign({ sub: "s" }, { ...purpose, expiresInMs });
    const second = await two.sign({ sub: "s" }, { ...purpose, expiresInMs });
    expect(await two.verify(first.token, purpose)).toMatchObject({ sub: "s" });
    now += 5_000;
    expect(await one.verify(second.token, purpose)).toMatchObject({ sub: "s" });
  });

  test("a flood of unknown ids costs the database one look in five seconds", async () => {
    const { keys, jwks } = await fresh();
    await jwks();
    now += 5_000;
    expect(await keys.find(createId("SigningKey"))).toBeNull();
    for (let guess = 0; guess < 100; guess++) expect(keys.find(createId("SigningKey"))).toBeNull();
  });
});

describe("a token that somebody else has made, or made of ours, is refused", () => {
  let process: Awaited<ReturnType<typeof fresh>>;
  let token: string;
  let kid: string;
  let privateKey: CryptoKey;
  let publicPem: string;
  const seconds = () => Math.floor(now / 1000);
  const claims = () => ({ sub: "usr_1", iss: issuer, aud: issuer, iat: seconds(), exp: seconds() + 600 });
  const header = () => ({ alg: "ES256", typ: "at+jwt", kid });

  beforeAll(async () => {
    process = await fresh();
    token = (await process.sign({ sub: "usr_1" }, { ...purpose, expiresInMs })).token;
    ({ id: kid, privateKey } = await process.keys.current());
    publicPem = await exportSPKI(((await process.keys.find(kid)) as { key: CryptoKey }).key);
  });

  /** Signed with the real key, with whatever in it. */
  const signed = (payload: Record<string, unknown>, head: Record<string, unknown> = {}): Promise<string> =>
    new SignJWT(payload).setProtectedHeader({ ...header(), ...head }).sign(privateKey);
  const parts = () => token.split(".") as [string, string, string];
  const withHeader = (value: unknown) => [b64(value), parts()[1], parts()[2]].join(".");
  const withClaims = (value: unknown) => [parts()[0], b64(value), parts()[2]].join(".");
  const without = (name: string) => Object.fromEntries(Object.entries(claims()).filter(([each]) => each !== name));
  /** Signed with the real key over exactly these texts. */
  const signedText = async (head: string, payload: string): Promise<string> => {
    const input = `${b64(head)}.${b64(payload)}`;
    const algorithm = { name: "ECDSA", hash: "SHA-256" };
    const signature = await crypto.subtle.sign(algorithm, privateKey, Buffer.from(input));
    return `${input}.${Buffer.from(signature).toString("base64url")}`;
  };

  const cases: [name: string, make: () => string | Promise<string>, problem: string][] = [
    ["alg none, no signature", () => `${b64({ ...header(), alg: "none" })}.${b64(claims())}.`, "form"],
    ["alg none, some signature", () => withHeader({ ...header(), alg: "none" }), "header"],
    ["alg NONE", () => withHeader({ ...header(), alg: "NoNe" }), "header"],
    ["alg missing", () => withHeader({ typ: "at+jwt", kid }), "header"],
    ["alg a list", () => withHeader({ ...header(), alg: ["ES256"] }), "header"],
    [
      "HS256 with the public key as secret",
      () => {
        const input = `${b64({ ...header(), alg: "HS256" })}.${b64(claims())}`;
        return `${input}.${createHmac("sha256", publicPem).update(input).digest("base64url")}`;
      },
      "header",
    ],
    [
      "an HMAC under the name of ES256",
      () => {
        const input = `${b64(header())}.${b64(claims())}`;
        return `${input}.${createHmac("sha256", publicPem).update(input).digest("base64url")}`;
      },
      "signature",
    ],
    [
      "another key of the same kind",
      async () => new SignJWT(claims()).setProtectedHeader(header()).sign((await generateKeyPair("ES256")).privateKey),
      "signature",
    ],
    [
      "another algorithm with its own key",
      async () => {
        const { privateKey: other } = await generateKeyPair("EdDSA");
        return new SignJWT(claims()).setProtectedHeader({ ...header(), alg: "EdDSA" }).sign(other);
      },
      "header",
    ],
    [
      "a signature of zeros",
      () => [...parts().slice(0, 2), Buffer.alloc(64).toString("base64url")].join("."),
      "signature",
    ],
    [
      "a signature of another length",
      () => [...parts().slice(0, 2), Buffer.alloc(63, 1).toString("base64url")].join("."),
      "signature",
    ],
    ["no signature", () => `${parts()[0]}.${parts()[1]}.`, "form"],
    ["two parts", () => parts().slice(0, 2).join("."), "form"],
    ["five parts", () => `${token}.a.b`, "form"],
    ["nothing", () => "", "form"],
    ["truncated by a byte", () => token.slice(0, -2), "signature"],
    ["a changed claim", () => withClaims({ ...decode(parts()[1]), sub: "usr_2" }), "signature"],
    [
      "a changed character of the signature",
      () => token.replace(/.{5}$/, (end) => (end[0] === "A" ? "B" : "A") + end.slice(1)),
      "signature",
    ],
    ["kid missing", () => withHeader({ alg: "ES256", typ: "at+jwt" }), "header"],
    ["kid empty", () => withHeader({ ...header(), kid: "" }), "kid"],
    ["kid a path", () => withHeader({ ...header(), kid: "../../../dev/null" }), "kid"],
    ["kid SQL", () => withHeader({ ...header(), kid: "' UNION SELECT 'x" }), "kid"],
    ["kid a list", () => withHeader({ ...header(), kid: [kid] }), "kid"],
    ["kid an object", () => withHeader({ ...header(), kid: { $ne: null } }), "kid"],
    ["kid a number", () => withHeader({ ...header(), kid: 1 }), "kid"],
    ["kid __proto__", () => withHeader({ ...header(), kid: "__proto__" }), "kid"],
    ["kid unknown", () => signed(claims(), { kid: createId("SigningKey") }), "kid"],
    ["kid of another kind of thing", () => withHeader({ ...header(), kid: createId("User") }), "kid"],
    [
      "a key of its own in jwk",
      async () => {
        const own = await generateKeyPair("ES256", { extractable: true });
        const jwk = await exportJWK(own.publicKey);
        return new SignJWT(claims()).setProtectedHeader({ ...header(), jwk }).sign(own.privateKey);
      },
      "header",
    ],
    ["jku", () => signed(claims(), { jku: "https://evil.test/jwks" }), "header"],
    ["x5u", () => signed(claims(), { x5u: "https://evil.test/cert" }), "header"],
    ["x5c", () => signed(claims(), { x5c: ["MIIB"] }), "header"],
    [
      "crit of something unknown",
      () => signedText(JSON.stringify({ ...header(), crit: ["exp"], exp: 1 }), JSON.stringify(claims())),
      "header",
    ],
    ["crit empty", () => withHeader({ ...header(), crit: [] }), "header"],
    [
      "b64 false",
      () => signedText(JSON.stringify({ ...header(), b64: false, crit: ["b64"] }), JSON.stringify(claims())),
      "header",
    ],
    ["zip", () => signed(claims(), { zip: "DEF" }), "header"],
    ["typ of another purpose", () => signed(claims(), { typ: "JWT" }), "header"],
    ["typ missing", () => withHeader({ alg: "ES256", kid }), "header"],
    ["typ in capitals", () => signed(claims(), { typ: "AT+JWT" }), "header"],
    ["another issuer", () => signed({ ...claims(), iss: "https://evil.test" }), "claims"],
    ["an issuer that begins like ours", () => signed({ ...claims(), iss: `${issuer}.evil.test` }), "claims"],
    ["no issuer", () => signed(without("iss")), "claims"],
    ["another audience", () => signed({ ...claims(), aud: "https://other.test" }), "claims"],
    ["no audience", () => signed(without("aud")), "claims"],
    ["an audience that holds ours in a text", () => signed({ ...claims(), aud: `${issuer} x` }), "claims"],
    ["no subject", () => signed(without("sub")), "claims"],
    ["no end", () => signed(without("exp")), "claims"],
    ["an end that is a text", () => signed({ ...claims(), exp: String(seconds() + 600) }), "claims"],
    ["expired this second", () => signed({ ...claims(), exp: seconds() }), "expired"],
    ["expired long ago", () => signed({ ...claims(), iat: 1, exp: 2 }), "expired"],
    ["not valid yet", () => signed({ ...claims(), nbf: seconds() + 1 }), "claims"],
    ["issued in the future", () => signed({ ...claims(), iat: seconds() + 61, exp: seconds() + 600 }), "claims"],
    ["no time of issue", () => signed(without("iat")), "claims"],
    ["padding", () => `${token}=`, "form"],
    ["padding in the middle", () => token.replace(".", "=."), "form"],
    ["the other base64 alphabet", () => `${parts()[0]}.${parts()[1]}.${"+/".repeat(43)}`, "form"],
    ["line breaks", () => token.replace(".", ".\n"), "form"],
    ["bits after the end of a part", () => nonCanonical(token), "form"],
    [
      "a claim twice",
      () => signedText(JSON.stringify(header()), `{"sub":"usr_2",${JSON.stringify(claims()).slice(1)}`),
      "form",
    ],
    [
      "alg twice",
      () => signedText(`{"alg":"none",${JSON.stringify(header()).slice(1)}`, JSON.stringify(claims())),
      "form",
    ],
    ["spaces in the JSON", () => signedText(JSON.stringify(header(), null, 1), JSON.stringify(claims())), "form"],
    ["a header that is no object", () => withHeader([header()]), "form"],
    ["claims that are no object", () => withClaims("null"), "form"],
    ["claims that are no JSON", () => withClaims("{"), "form"],
    [
      "claims that are no UTF-8",
      () => [parts()[0], Buffer.from([0x22, 0xff, 0x22]).toString("base64url"), parts()[2]].join("."),
      "form",
    ],
    ["a nested token", () => withHeader({ ...header(), cty: "JWT" }), "header"],
    ["an encrypted token's form", () => [b64({ alg: "dir", enc: "A256GCM" }), "", "a", "b", "c"].join("."), "form"],
    ["a token of 5 KB", () => signed({ ...claims(), x: "x".repeat(4_000) }), "too long"],
    ["a token of 1 MB", () => `${parts()[0]}.${"a".repeat(1_000_000)}.${parts()[2]}`, "too long"],
    ["10,000 points", () => ".".repeat(4_000), "form"],
  ];

  test.for(cases)("%s", async ([, make, problem]) => {
    const made = await make();
    expect(await problemOf(() => process.verify(made, purpose))).toBe(problem);
    // The second time, too: nothing wrong is remembered as right.
    expect(await problemOf(() => process.verify(made, purpose))).toBe(problem);
  });

  test("while the same one, untouched, is accepted: the table has something to break", async () => {
    expect(await process.verify(token, purpose)).toMatchObject({ sub: "usr_1" });
    expect(await process.verify(await signed(claims()), purpose)).toMatchObject({ sub: "usr_1" });
    expect(await process.verify(await signed({ ...claims(), aud: ["x", issuer] }), purpose)).toBeTruthy();
  });
});

/** The same bytes by another text: the last character of a part has bits that count for nothing. */
function nonCanonical(token: string): string {
  const last = token.at(-1) ?? "";
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return token.slice(0, -1) + alphabet[alphabet.indexOf(last) ^ 1];
}
