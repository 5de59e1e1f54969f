import type { Settings } from "../env.js";
import { createAuthenticate } from "../modules/auth/index.js";
import {
  ClientStates,
  createAuthorizationServer,
  createExternalTokens,
  createInteractions,
  createJwtCredentials,
  createOAuthClients,
  createOAuthTokens,
  createPasswordSignIn,
  createTrustedIssuers,
  IssuerKeys,
  IssuerStates,
  TokenStates,
} from "../modules/oauth/index.js";
import { createSafeFetch } from "../platform/safe-fetch.js";
import type { Access } from "./access.js";
import type { Base } from "./base.js";
import type { Tenancy } from "./tenancy.js";

/** OAuth 2.0, the tokens of other issuers, and the one place that says whose a presented credential is: `authenticate`. */
export type OAuth = ReturnType<typeof createOAuth>;

export function createOAuth(settings: Settings, base: Base, tenancy: Tenancy, access: Access) {
  const { audit, clock, database, events, idempotency, logger, origin } = base;
  const { standings, tenantStates, userStates, tenants, users } = tenancy;
  const { artifacts, ends, sessionCredentials, signIn, signing, signingKeys, tokenGuesses } = access;
  const { allowPrivateIssuers } = settings;

  const clientStates = new ClientStates({ database });
  const issuerStates = new IssuerStates({ database });
  const tokenStates = new TokenStates({ database, clock });
  for (const listener of [clientStates, issuerStates, tokenStates]) events.subscribe(listener);

  const fetch = createSafeFetch({ allowPrivate: allowPrivateIssuers });
  const oauthClients = createOAuthClients({ audit, clock, database, events, idempotency, tenants });
  const trustedIssuers = createTrustedIssuers({
    audit,
    clock,
    database,
    events,
    idempotency,
    tenants,
    fetch,
    allowPrivateIssuers,
  });

  const oauthTokens = createOAuthTokens({ clientStates, standings, tenantStates, tokenStates, userStates });
  const externalTokens = createExternalTokens({
    clock,
    guesses: tokenGuesses,
    issuerStates,
    issuerKeys: new IssuerKeys({ fetch, clock }),
    standings,
    tenantStates,
    userStates,
    users,
  });
  const authorizationServer = createAuthorizationServer({
    artifacts,
    clock,
    interactions: createInteractions({
      signIn: createPasswordSignIn({ events, ends, signIn }),
      tokens: oauthTokens,
      userNameOf: async (id) => (await userStates.get(id))?.name ?? "",
    }),
    issuer: origin,
    logger,
    signing,
    signingKeys,
    tokens: oauthTokens,
  });
  const jwtCredentials = createJwtCredentials({
    issuer: origin,
    signing,
    oauthTokens,
    externalTokens,
    findSession: (jwt) => sessionCredentials.find(jwt),
  });
  const authenticate = createAuthenticate({
    clock,
    findCredential: (tokenHash, address) => access.credentials.find(tokenHash, address),
    findJwt: (jwt, from) => jwtCredentials.find(jwt, from),
    onUsed: (tokenId, now) => access.tokenUse.saw(tokenId, now),
  });
  return { authenticate, authorizationServer, clientStates, issuerStates, oauthClients, trustedIssuers };
}
