import { generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterAll } from "vitest";
import { type IdentityProvider, startIdentityProvider } from "../testkit/identity-provider.js";
import { Caller, describe, expect, ok, test, type World } from "../testkit/index.js";
import { issuerMutation } from "../testkit/oauth.js";

const providers: IdentityProvider[] = [];
afterAll(() => Promise.all(providers.map((each) => each.close())));

const audience = "keyplane-of-the-tests";

/** A tenant that trusts an identity provider of its own, and a way to ask with a token of it. */
async function story(world: World, input: Record<string, unknown> = {}) {
  const idp = await startIdentityProvider(() => world.clock.now());
  providers.push(idp);
  const { tenant, admin } = await world.tenant();
  const given = { tenantId: tenant.id, name: "IdP", issuer: idp.issuer, audience, defaultRole: "DEVELOPER", ...input };
  const { trustedIssuer } = ok(await issuerMutation(admin, "createTrustedIssuer", given));
  const ask = (token: string) =>
    new Caller(world.url, token)
      .query("{ viewer { id name role tenantId userId permissions } }")
      .then(({ viewer }) => viewer);
  const askAs = async (claims: JWTPayload) => ask(await idp.sign({ aud: audience, ...claims }));
  return { idp, tenant, admin, trustedIssuer, ask, askAs };
}

const refused = { code: "UNAUTHENTICATED" };

describe("tokens of an external issuer", () => {
  test("let the user in whose externalId is their sub, with the role that a claim stands for, never beyond the user's own", async ({
    world,
  }) => {
    const { tenant, askAs } = await story(world, {
      roleClaim: ["realm_access", "roles"],
      roleMapping: [
        { value: "boss", role: "ADMIN" },
        { value: "dev", role: "DEVELOPER" },
      ],
      defaultRole: "GUEST",
    });
    const user = await world.user(tenant.id, { externalId: world.unique("sub"), role: "DEVELOPER" });
    const as = (roles: string[]) => askAs({ sub: user.externalId, realm_access: { roles } });
    expect(await as(["other", "dev"])).toMatchObject({
      id: user.id,
      userId: user.id,
      tenantId: tenant.id,
      role: "DEVELOPER",
    });
    const boss = await as(["boss"]);
    expect(boss.permissions).toContain("KEYS_READ");
    expect(boss.permissions).not.toContain("KEYS_CREATE");
    expect((await as([])).permissions).toEqual([]);
  });

  test("find users by e-mail address only where the issuer has verified it", async ({ world }) => {
    const { tenant, askAs } = await story(world, { matchBy: "EMAIL" });
    const user = await world.user(tenant.id);
    const sub = world.unique("sub");
    expect(await askAs({ sub, email: user.email.toUpperCase(), email_verified: true })).toMatchObject({ id: user.id });
    for (const email_verified of [false, undefined, "true"]) {
      await expect(askAs({ sub, email: user.email, email_verified })).rejects.toMatchObject(refused);
    }
  });

  test("create the user at the first token, once, only where that is wanted, and take over nobody", async ({
    world,
  }) => {
    const strict = await story(world);
    const sub = world.unique("sub");
    const email = `${world.unique("new")}@example.com`;
    const claims = { sub, email, email_verified: true, name: "Ada Lovelace" };
    await expect(strict.askAs(claims)).rejects.toMatchObject(refused);
    const { admin, askAs, tenant, trustedIssuer } = await story(world, { createUsers: true });
    const made = await Promise.all([askAs(claims), askAs(claims), askAs({ ...claims, jti: "other" })]);
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
    expect(made[0]).toMatchObject({ name: "Ada Lovelace", tenantId: tenant.id });
    const { auditLog } = await admin.query(
      `query ($id: ID) { auditLog(filter: { targetId: $id }) { nodes { action actorType actorId } } }`,
      { id: made[0].id },
    );
    expect(auditLog.nodes).toEqual([
      { action: "user.created", actorType: "trusted_issuer", actorId: trustedIssuer.id },
    ]);
    const known = await world.user(tenant.id, { role: "ADMIN" });
    await expect(askAs({ sub: world.unique("sub"), email: known.email, email_verified: true })).rejects.toMatchObject(
      refused,
    );
    await expect(askAs({ sub: world.unique("sub"), email, email_verified: false })).rejects.toMatchObject(refused);
  });

  test("are refused for every other reason", async ({ world }) => {
    const { idp, tenant, ask, askAs } = await story(world);
    const user = await world.user(tenant.id, { externalId: world.unique("sub") });
    const claims = { aud: audience, sub: user.externalId };
    const seconds = Math.floor(world.clock.now() / 1000);
    expect(await askAs(claims)).toMatchObject({ id: user.id });
    const { privateKey } = await generateKeyPair("ES256");
    const foreign = (header: Record<string, unknown>, key: Parameters<SignJWT["sign"]>[0]) =>
      new SignJWT({ iss: idp.issuer, iat: seconds, exp: seconds + 300, ...claims })
        .setProtectedHeader({ alg: "ES256", ...header })
        .sign(key);
    const published = new TextEncoder().encode(JSON.stringify(idp.jwks.keys[0]));
    const wrong: Record<string, string> = {
      "another audience": await idp.sign({ ...claims, aud: "other" }),
      "no audience": await idp.sign({ sub: user.externalId }),
      "another issuer": await idp.sign({ ...claims, iss: "https://other.example.com" }),
      "an issuer nearly the same": await idp.sign({ ...claims, iss: `${idp.issuer}/` }),
      "our own name": await idp.sign({ ...claims, iss: world.url, client_id: "cli_000000000000000000000000" }),
      expired: await idp.sign({ ...claims, iat: seconds - 400, exp: seconds - 100 }),
      "without end": await idp.sign({ ...claims, exp: undefined } as unknown as JWTPayload),
      "too old": await idp.sign({ ...claims, iat: seconds - 90_000 }),
      "of the future": await idp.sign({ ...claims, nbf: seconds + 200 }),
      "without sub": await idp.sign({ aud: audience }),
      "a key that is not the issuer's": await foreign({ kid: idp.jwks.keys[0]?.kid }, privateKey),
      "an unknown kid": await foreign({ kid: "unknown" }, privateKey),
      "the public key as a shared secret": await foreign({ alg: "HS256", kid: idp.jwks.keys[0]?.kid }, published),
      "no signature": new UnsecuredJWT({ iss: idp.issuer, iat: seconds, exp: seconds + 300, ...claims }).encode(),
      "changed after signing": (await idp.sign(claims)).replace(
        /\.([^.]+)\./,
        (_, body: string) =>
          `.${Buffer.from(
            Buffer.from(body, "base64url").toString().replace(String(user.externalId), "somebody"),
          ).toString("base64url")}.`,
      ),
      "no JSON": `eyJ.${Buffer.from("no json").toString("base64url")}.x`,
    };
    for (const [why, token] of Object.entries(wrong)) await expect(ask(token), why).rejects.toMatchObject(refused);
  });

  test("follow the issuer's keys: a new one counts at once, and guesses do not make the server ask", async ({
    world,
  }) => {
    const { idp, tenant, ask, askAs } = await story(world);
    const user = await world.user(tenant.id, { externalId: world.unique("sub") });
    await askAs({ sub: user.externalId });
    const before = idp.asked.count;
    const { privateKey } = await generateKeyPair("ES256");
    world.clock.advance(31_000);
    for (let guess = 0; guess < 5; guess++) {
      const token = await new SignJWT({
        iss: idp.issuer,
        aud: audience,
        sub: "x",
        iat: Math.floor(world.clock.now() / 1000),
        exp: Math.floor(world.clock.now() / 1000) + 60,
      })
        .setProtectedHeader({ alg: "ES256", kid: `guess-${guess}` })
        .sign(privateKey);
      await expect(ask(token)).rejects.toMatchObject(refused);
    }
    expect(idp.asked.count - before).toBeLessThanOrEqual(1);
    await idp.rotate();
    world.clock.advance(31_000);
    expect(await askAs({ sub: user.externalId })).toMatchObject({ id: user.id });
  });

  test("follow every change here with the next request: issuer, user, tenant", async ({ world }) => {
    const { admin, askAs, tenant, trustedIssuer } = await story(world);
    const user = await world.user(tenant.id, { externalId: world.unique("sub") });
    const same = () => askAs({ sub: user.externalId });
    expect(await same()).toMatchObject({ role: "DEVELOPER" });
    ok(await issuerMutation(admin, "updateTrustedIssuer", { id: trustedIssuer.id, defaultRole: "GUEST" }));
    expect(await same()).toMatchObject({ role: "GUEST" });
    ok(await admin.user("updateUser", { id: user.id, externalId: world.unique("other") }));
    await expect(same()).rejects.toMatchObject(refused);
    ok(await admin.user("updateUser", { id: user.id, externalId: user.externalId }));
    await same();
    ok(await admin.user("disableUser", { id: user.id }));
    await expect(same()).rejects.toMatchObject(refused);
    ok(await admin.user("enableUser", { id: user.id }));
    await same();
    ok(await issuerMutation(admin, "deleteTrustedIssuer", { id: trustedIssuer.id }));
    await expect(same()).rejects.toMatchObject(refused);
  });
});
