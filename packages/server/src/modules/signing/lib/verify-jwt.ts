import { kindOfId } from "@keyplane/schema";
import { type CryptoKey, errors, type JWTPayload, jwtVerify } from "jose";

/** Why a JWT is refused. For the log and for tests: a caller is told that the token is not valid, and no more. */
export type JwtProblem = "too long" | "form" | "header" | "kid" | "signature" | "claims" | "expired";

/** A JWT that is not accepted. */
export class JwtRefusal extends Error {
  constructor(
    readonly problem: JwtProblem,
    options?: ErrorOptions,
  ) {
    super(`the JWT was refused: ${problem}`, options);
  }
}

/** What a token must be, besides signed. */
export interface JwtExpectations {
  readonly algorithm: string;
  readonly issuer: string;
  readonly audience: string;
  /** The media type in the header, e.g. `at+jwt` (RFC 9068): a token for one purpose is none for another. */
  readonly typ: string;
  /** The time, epoch milliseconds. */
  readonly now: number;
}

/** Characters of the longest token that is looked at. Ours have about 600. */
export const maxJwtLength = 4_096;
/** How far ahead the clock of the process that issued a token may be, in milliseconds. */
const maxSkewMs = 60_000;
/** All that a header of ours has. Whatever else it may say, above all where to find a key, is no business of a sender. */
const headerNames = "alg,kid,typ";

interface ParsedJwt {
  readonly kid: string;
}

/**
 * Looks at the form of a token, before any signature: three parts in canonical base64url; a header with `alg`, `kid` and `typ`
 * and nothing else, so that `jwk`, `jku`, `x5u`, `crit` and `b64` never count; both objects as JSON.stringify writes
 * them, so that no member stands twice and no two readers can disagree.
 *
 * @returns the id of the key that is said to have signed it.
 * @throws JwtRefusal
 */
export function parseJwt(jwt: string, { algorithm, typ }: JwtExpectations): ParsedJwt {
  if (jwt.length > maxJwtLength) throw new JwtRefusal("too long");
  const parts = jwt.split(".");
  const [head = "", body = "", signature = ""] = parts;
  if (parts.length !== 3 || ![head, body, signature].every(isCanonical)) throw new JwtRefusal("form");
  const header = readObject(head);
  readObject(body);
  if (Object.keys(header).sort().join() !== headerNames) throw new JwtRefusal("header");
  if (header["alg"] !== algorithm || header["typ"] !== typ) throw new JwtRefusal("header");
  const kid = header["kid"];
  if (typeof kid !== "string" || kindOfId(kid) !== "SigningKey") throw new JwtRefusal("kid");
  return { kid };
}

/**
 * Checks signature and claims of a token whose form is in order. The algorithm is the one expected, never the one that the
 * token names (RFC 8725).
 *
 * @throws JwtRefusal
 */
export async function verifyJwt(jwt: string, key: CryptoKey, expected: JwtExpectations): Promise<JWTPayload> {
  const { algorithm, issuer, audience, typ, now } = expected;
  try {
    const { payload } = await jwtVerify(jwt, key, {
      algorithms: [algorithm],
      issuer,
      audience,
      typ,
      currentDate: new Date(now),
      requiredClaims: ["exp", "iat", "sub"],
    });
    if (!Number.isFinite(payload.iat) || (payload.iat ?? 0) * 1000 > now + maxSkewMs) throw new JwtRefusal("claims");
    return payload;
  } catch (error) {
    if (error instanceof JwtRefusal) throw error;
    if (error instanceof errors.JWTExpired) throw new JwtRefusal("expired", { cause: error });
    if (error instanceof errors.JWTClaimValidationFailed) throw new JwtRefusal("claims", { cause: error });
    if (error instanceof errors.JOSEError) throw new JwtRefusal("signature", { cause: error });
    throw error;
  }
}

function isCanonical(part: string): boolean {
  return part !== "" && Buffer.from(part, "base64url").toString("base64url") === part;
}

function readObject(part: string): Record<string, unknown> {
  const text = Buffer.from(part, "base64url").toString();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new JwtRefusal("form", { cause: error });
  }
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || JSON.stringify(value) !== text) throw new JwtRefusal("form");
  return value as Record<string, unknown>;
}
