import { hash } from "node:crypto";
import { networkOf } from "@keyplane/schema";
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../../platform/clock.js";
import { ConflictError, InvalidInputError, UnauthenticatedError } from "../../../platform/errors.js";
import type { GuessLimiter } from "../../../platform/guess-limiter.js";
import type { Credential, RequestOrigin } from "../../auth/index.js";
import type { TenantStates } from "../../tenants/index.js";
import type { Standings, UserState, UserStates, Users } from "../../users/index.js";
import { roleOf, verifiedEmailOf } from "./claims.js";
import { DiscoveryError, externalAlgorithms, type IssuerKeys } from "./discovery.js";
import type { IssuerState, IssuerStates } from "./issuer-states.js";

/** How far an issuer's clock may be off, in seconds. */
const clockToleranceSeconds = 30;
/** How old a token may be, whatever its `exp` says. */
const maxTokenAge = "24h";
/** How long a verified token is not verified again, in milliseconds: as long as a key that its issuer withdrew may still count. */
const verifiedMs = 5 * 60_000;
const maxVerified = 10_000;
const maxAudiences = 10;

interface Verified {
  readonly claims: JWTPayload;
  readonly until: number;
  /** The user that it stood for when somebody last asked; looked at anew each time. */
  userId?: string;
}

export type ExternalTokens = ReturnType<typeof createExternalTokens>;

/**
 * Accepts the tokens of issuers that a tenant trusts (RFC 7519, RFC 8725; OpenID Connect Core section 3.1.3.7 for what is looked
 * at). Which issuer it is, what its claims mean and who the user is are asked with every request; only the signature is not.
 */
export function createExternalTokens(deps: {
  clock: Clock;
  /** The budget of those who try tokens that there are not. */
  guesses: Pick<GuessLimiter, "take" | "giveBack">;
  issuerStates: IssuerStates;
  issuerKeys: IssuerKeys;
  standings: Standings;
  tenantStates: TenantStates;
  userStates: UserStates;
  users: Pick<Users, "provision" | "findIdBy">;
}) {
  const { clock, guesses, issuerStates, issuerKeys, standings, tenantStates, userStates, users } = deps;
  const verified = new LRUCache<string, Verified>({ max: maxVerified });

  /** The issuer; a look-up needs that its caller has guesses left. The guess itself is counted where the token is found to be nobody's. */
  async function trustedBy(claims: JWTPayload, { address }: RequestOrigin): Promise<IssuerState | null> {
    const audiences = [claims.aud ?? []]
      .flat()
      .filter((each) => typeof each === "string")
      .slice(0, maxAudiences);
    const issuer = claims.iss ?? "";
    if (issuerStates.isKnown(issuer, audiences)) return issuerStates.find(issuer, audiences);
    const network = networkOf(address);
    guesses.take(network);
    try {
      return await issuerStates.find(issuer, audiences);
    } finally {
      guesses.giveBack(network);
    }
  }

  /** What a token says; null when its issuer has not signed it. */
  async function verify(jwt: string, trusted: IssuerState): Promise<Verified | null> {
    const place = hash("sha256", `${trusted.id}\n${trusted.audience}\n${jwt}`, "base64url");
    const now = clock.now();
    const known = verified.get(place);
    if (known && now < known.until) return known;
    const claims = await verifySignature(jwt, trusted, now);
    if (!claims) return null;
    const entry = { claims, until: Math.min((claims.exp ?? 0) * 1000, now + verifiedMs) };
    verified.set(place, entry);
    return entry;
  }

  async function verifySignature(jwt: string, trusted: IssuerState, now: number): Promise<JWTPayload | null> {
    const options = {
      algorithms: [...externalAlgorithms],
      issuer: trusted.issuer,
      audience: trusted.audience,
      requiredClaims: ["exp", "iat", "sub"],
      clockTolerance: clockToleranceSeconds,
      maxTokenAge,
      currentDate: new Date(now),
    };
    const attempt = async (keys: JWTVerifyGetKey) => (await jwtVerify(jwt, keys, options)).payload;
    try {
      try {
        return await attempt(await issuerKeys.of(trusted.issuer));
      } catch (error) {
        // The issuer may have changed its keys since they were read.
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
        return await attempt(await issuerKeys.of(trusted.issuer, true));
      }
    } catch (error) {
      if (isForged(error)) return null;
      throw refusalOf(error);
    }
  }

  /** The user's state, when it is still who the token speaks of. */
  async function stillIs(
    userId: string | undefined,
    trusted: IssuerState,
    claims: JWTPayload,
  ): Promise<UserState | null> {
    const user = userId === undefined ? null : await userStates.get(userId);
    if (!user || user.status === "DELETED") return null;
    const isSame =
      trusted.matchBy === "EXTERNAL_ID" ? user.externalId === claims.sub : user.email === verifiedEmailOf(claims);
    return isSame && user.tenantId === trusted.tenantId ? user : null;
  }

  async function userOf(token: Verified, trusted: IssuerState, origin: RequestOrigin): Promise<UserState> {
    const { claims } = token;
    const known = await stillIs(token.userId, trusted, claims);
    if (known) return known;
    const { tenantId, matchBy } = trusted;
    const email = verifiedEmailOf(claims);
    if (matchBy === "EMAIL" && email === null) {
      throw new UnauthenticatedError(
        "The token has no e-mail address that its issuer has verified, which finds the user here.",
      );
    }
    const by = matchBy === "EXTERNAL_ID" ? { externalId: claims.sub ?? "" } : { email: email ?? "" };
    token.userId = (await users.findIdBy(tenantId, by)) ?? (await provision(trusted, claims, email, origin));
    const found = await userStates.get(token.userId);
    if (!found) throw new UnauthenticatedError("The user whom the token speaks of was changed just now. Try again.");
    return found;
  }

  async function provision(
    trusted: IssuerState,
    claims: JWTPayload,
    email: string | null,
    origin: RequestOrigin,
  ): Promise<string> {
    const role = roleOf(trusted, claims);
    if (!trusted.createUsers || role === null) {
      throw new UnauthenticatedError(
        "No user here is the one whom the token speaks of. Ask an administrator to add you.",
      );
    }
    if (email === null) {
      throw new UnauthenticatedError(
        "The token has no e-mail address that its issuer has verified, which a new user needs.",
      );
    }
    const name = [claims["name"], claims["preferred_username"], email].find((each) => typeof each === "string");
    const { tenantId, matchBy } = trusted;
    const actor = { type: "trusted_issuer", id: trusted.id, name: trusted.name, ...origin } as const;
    const externalId = matchBy === "EXTERNAL_ID" ? (claims.sub ?? null) : null;
    try {
      return (await users.provision(actor, { tenantId, email, name, role, externalId })).id;
    } catch (error) {
      if (!(error instanceof ConflictError || error instanceof InvalidInputError)) throw error;
      // Another request with the same user's first token may have been faster.
      const made = await users.findIdBy(
        tenantId,
        matchBy === "EXTERNAL_ID" ? { externalId: claims.sub ?? "" } : { email },
      );
      if (made !== null) return made;
      // Never tied to the one who is there: whoever may choose an address at the issuer would take over its user here.
      throw new UnauthenticatedError(
        "A user for this token cannot be created: the e-mail address is taken, or a name or id is too long. Ask an administrator.",
      );
    }
  }

  return {
    /**
     * What a token of an external issuer may do; null when no issuer has signed it that is trusted for its audience.
     *
     * @param claims what the token says of itself; not verified yet.
     * @throws UnauthenticatedError saying why its issuer's word is not enough; RateLimitedError when the caller has guessed too often,
     * and the issuer would have to be looked up.
     */
    async credentialOf(jwt: string, claims: JWTPayload, origin: RequestOrigin): Promise<Credential | null> {
      const trusted = await trustedBy(claims, origin);
      const token = trusted && (await verify(jwt, trusted));
      if (!trusted || !token) return null;
      const role = roleOf(trusted, token.claims);
      if (role === null) {
        throw new UnauthenticatedError("The token's claims stand for no role here. Ask an administrator for one.");
      }
      const tenant = await tenantStates.get(trusted.tenantId);
      // Before anybody is created in it.
      if (tenant?.status !== "ACTIVE")
        throw new UnauthenticatedError("The tenant that trusts this token's issuer is suspended.");
      const { id: userId } = await userOf(token, trusted, origin);
      const standing = await standings.get({ tenantId: trusted.tenantId, userId, customRoleId: null });
      const user = standing?.user;
      if (!user) throw new UnauthenticatedError("The user whom the token speaks of was deleted just now.");
      return {
        kind: "external",
        id: user.id,
        name: user.name,
        role,
        customRole: null,
        permissions: [],
        grantableScopes: null,
        tenantId: trusted.tenantId,
        tenantSuspended: false,
        userId: user.id,
        userStatus: user.status,
        userRole: user.role,
        userCustomRole: standing.userRole,
        teamIds: user.teamIds,
        expiresAt: (token.claims.exp ?? 0) * 1000,
        revokedAt: null,
        supersededAt: null,
      };
    },
  };
}

/** Whether a token is not its issuer's at all; what else is wrong with one is found behind its signature. */
function isForged(error: unknown): boolean {
  const { JOSEError, JWKSMultipleMatchingKeys, JWTClaimValidationFailed, JWTExpired } = errors;
  const isGenuine = [JWTExpired, JWTClaimValidationFailed, JWKSMultipleMatchingKeys].some(
    (each) => error instanceof each,
  );
  return error instanceof JOSEError && !isGenuine;
}

function refusalOf(error: unknown): unknown {
  if (error instanceof errors.JWTExpired)
    return new UnauthenticatedError("The token has expired. Get a new one from its issuer.");
  if (error instanceof DiscoveryError) return new UnauthenticatedError(error.message);
  if (error instanceof errors.JOSEError) {
    return new UnauthenticatedError("The token is not what its issuer would have signed for this audience and time.");
  }
  return error;
}
