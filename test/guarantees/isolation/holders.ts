import { type Permission, permissions, permissionsOf, type Role } from "@keyplane/schema";
import * as openid from "openid-client";
import { type IdentityProvider, startIdentityProvider } from "../../testkit/identity-provider.js";
import { type Caller, ok, type World } from "../../testkit/index.js";
import { beginFlow, callback, clientMutation, discover, issuerMutation, passThrough } from "../../testkit/oauth.js";

/** Somebody who calls, and what they may do by the registry of permissions alone: the server is not asked. */
export interface Someone {
  readonly who: string;
  readonly token: string | null;
  /** null: not known, whatever the token looks like. */
  readonly permissions: ReadonlySet<Permission> | null;
  /** What the answer of `viewer` must say of the tenant and the user. */
  readonly tenantId?: string | null;
  readonly userId?: string | null;
  /** Whether it is a person who has signed in. */
  readonly hasSession?: true;
  /** Whether it sees only its user's own things and those of their teams, whatever it may do. */
  readonly seesOnlyOwn?: boolean;
}

const ofTenants = (Object.keys(permissions) as Permission[]).filter((each) => !permissions[each].installationOnly);

/** What the custom roles hold whose holders call. */
const held: Readonly<Record<"DEVELOPER" | "ADMIN", readonly Permission[]>> = {
  // Sees only its own, and may create everything all the same.
  DEVELOPER: [...permissionsOf("DEVELOPER"), ...ofTenants.filter((each) => each.endsWith(":create"))],
  // Sees the whole tenant, and may do little in it.
  ADMIN: ["tenants:read", "users:read", "users:create", "keys:read", "keys:disable", "audit:read"],
};

/** The permissions that a token, a client or a grant is narrowed to. */
const narrowed: readonly Permission[] = ["users:read", "users:create", "keys:read", "keys:create", "tokens:create"];

/** As the API names them. */
const named = (list: readonly Permission[]) => list.map((each) => each.replace(":", "_").toUpperCase());

const both = (one: readonly Permission[], other: readonly Permission[]) =>
  new Set(one.filter((each) => other.includes(each)));

const tokenOf = ({ token }: Caller): string => token ?? "";

const providers: IdentityProvider[] = [];

/** Ends what tokens of external issuers need to be told from forged ones. For `afterAll`. */
export async function endIssuers(): Promise<void> {
  await Promise.all(providers.splice(0).map((each) => each.close()));
}

/** All who may do something else than one of the built-in roles says: by a custom role, or by a token that is narrowed. */
export async function everyHolder(world: World, tenantId: string): Promise<Someone[]> {
  const [wide, narrow, tokens, clients, external] = await Promise.all([
    ofCustomRole(world, tenantId, "DEVELOPER"),
    ofCustomRole(world, tenantId, "ADMIN"),
    narrowedTokens(world, tenantId),
    oauthTokens(world, tenantId),
    externalTokens(world, tenantId),
  ]);
  return [...wide, ...narrow, ...tokens, ...clients, ...external];
}

/** A new user of a tenant who has a custom role. */
async function holder(world: World, tenantId: string, base: keyof typeof held, input: Record<string, unknown> = {}) {
  const role = await world.role(tenantId, { base, permissions: named(held[base]) });
  return { role, user: await world.user(tenantId, { role: "GUEST", customRoleId: role.id, ...input }) };
}

async function ofCustomRole(world: World, tenantId: string, base: keyof typeof held): Promise<Someone[]> {
  const { role, user } = await holder(world, tenantId, base);
  const { accessToken } = await world.signIn(user);
  const program = await world.caller("GUEST", { tenantId, customRoleId: role.id });
  const forUser = await world.caller("GUEST", { tenantId, userId: user.id, customRoleId: role.id });
  const [what, may] = [`a custom role on ${base}`, { permissions: new Set(held[base]), tenantId }];
  const ofUser = { ...may, userId: user.id, seesOnlyOwn: base !== "ADMIN" };
  return [
    { who: `a person who has signed in, ${what}`, token: accessToken, hasSession: true, ...ofUser },
    { who: `a token for a person, ${what}`, token: tokenOf(forUser), ...ofUser },
    { who: `a tenant's token, ${what}`, token: tokenOf(program), ...may, userId: null },
  ];
}

async function narrowedTokens(world: World, tenantId: string): Promise<Someone[]> {
  const make = async (who: string, role: Role, input: object, list: readonly Permission[], to: object) => {
    const caller = await world.caller(role, { ...input, permissions: named(list) });
    return { who, token: tokenOf(caller), permissions: new Set(list), tenantId, userId: null, ...to };
  };
  const person = await world.user(tenantId, { role: "ADMIN" });
  const ofInstallation = [...narrowed, "tenants:create", "metrics:read"] as const;
  return Promise.all([
    make("a tenant's narrowed token", "ADMIN", { tenantId }, narrowed, {}),
    make("the installation's narrowed token", "ADMIN", {}, ofInstallation, { tenantId: null }),
    make("an ADMIN's narrowed token", "ADMIN", { userId: person.id }, narrowed, { userId: person.id }),
  ]);
}

/** Tokens of OAuth clients: a client's own, one of fewer scopes, and one for a person. */
async function oauthTokens(world: World, tenantId: string): Promise<Someone[]> {
  const { oauthClient, secret } = ok(
    await clientMutation(world.root, "createOAuthClient", {
      tenantId,
      name: world.unique("App"),
      role: "ADMIN",
      permissions: named([...narrowed, "tenants:read", "clients:create"]),
      grantTypes: ["CLIENT_CREDENTIALS", "AUTHORIZATION_CODE"],
      redirectUris: [callback],
    }),
  );
  const config = await discover(world, oauthClient.id, openid.ClientSecretBasic(secret));
  const { user } = await holder(world, tenantId, "DEVELOPER");
  await world.givePassword(user.id);
  const scope = [...narrowed, "clients:create"].join(" ");
  const flow = await beginFlow(config, { scope });
  const ofPerson = await openid.authorizationCodeGrant(config, await passThrough(flow, user.email), {
    pkceCodeVerifier: flow.verifier,
    expectedState: flow.state,
  });
  const own = await openid.clientCredentialsGrant(config);
  const fewer = await openid.clientCredentialsGrant(config, { scope: "users:create keys:read" });
  const ofClient = { tenantId, userId: null };
  return [
    {
      who: "an OAuth client",
      token: own.access_token,
      permissions: new Set<Permission>([...narrowed, "tenants:read", "clients:create"]),
      ...ofClient,
    },
    {
      who: "an OAuth client, by fewer scopes",
      token: fewer.access_token,
      permissions: new Set<Permission>(["users:create", "keys:read"]),
      ...ofClient,
    },
    {
      who: "an OAuth client for a person with a custom role",
      token: ofPerson.access_token,
      permissions: both([...narrowed, "clients:create"], held.DEVELOPER),
      tenantId,
      userId: user.id,
      seesOnlyOwn: true,
    },
  ];
}

/** Tokens of an external issuer, whose claims give no more than its users have. */
async function externalTokens(world: World, tenantId: string): Promise<Someone[]> {
  const idp = await startIdentityProvider(() => world.clock.now());
  providers.push(idp);
  const trusted = { tenantId, name: "IdP", issuer: idp.issuer, audience: "keyplane-of-the-tests" };
  ok(await issuerMutation(world.root, "createTrustedIssuer", { ...trusted, defaultRole: "ADMIN" }));
  const known = { externalId: world.unique("sub") };
  const person = await world.user(tenantId, { ...known, role: "DEVELOPER" });
  const { user } = await holder(world, tenantId, "DEVELOPER", { externalId: world.unique("sub") });
  const tokenFor = (sub: string) => idp.sign({ aud: trusted.audience, sub });
  return [
    {
      who: "an external issuer's token of a DEVELOPER",
      token: await tokenFor(known.externalId),
      permissions: new Set(permissionsOf("DEVELOPER")),
      tenantId,
      userId: person.id,
      seesOnlyOwn: true,
    },
    {
      who: "an external issuer's token, a custom role on DEVELOPER",
      token: await tokenFor(user.externalId),
      permissions: new Set(held.DEVELOPER),
      tenantId,
      userId: user.id,
      seesOnlyOwn: true,
    },
  ];
}
