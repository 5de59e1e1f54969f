import { hash, randomUUID } from "node:crypto";
import { type JWK, type JWTPayload, SignJWT } from "jose";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../platform/clock.js";
import { JwtRefusal, maxJwtLength, parseJwt, verifyJwt } from "./lib/verify-jwt.js";
import { maxTokenMs, type SigningKeys, signingAlgorithm } from "./signing-keys.js";

/** How many verified tokens are remembered. */
const maxVerified = 20_000;

/** What a token is for; a token for one purpose is none for another. */
export interface TokenPurpose {
  /** The media type in the header, e.g. `at+jwt`. */
  readonly typ: string;
  /** Whom it is for. */
  readonly audience: string;
}

/** The claims of a token that was verified. */
export type VerifiedClaims = Readonly<JWTPayload> & { readonly sub: string; readonly exp: number };

export type Signing = ReturnType<typeof createSigning>;

/**
 * Signs and verifies JSON Web Tokens of this installation, by RFC 7519 and the advice of RFC 8725.
 *
 * @param deps.issuer what `iss` says, and must say.
 */
export function createSigning(deps: { clock: Clock; keys: SigningKeys; issuer: () => string }) {
  const { clock, keys, issuer } = deps;
  const verified = new LRUCache<string, VerifiedClaims>({ max: maxVerified });

  return {
    /**
     * Signs claims; `iss`, `aud`, `iat`, `exp` and `jti` are set here.
     *
     * @param purpose.expiresInMs milliseconds, whole seconds of them, a day at most.
     * @returns the token, and when it ends, epoch milliseconds.
     */
    async sign(
      claims: Readonly<Record<string, unknown>> & { readonly sub: string },
      purpose: TokenPurpose & { readonly expiresInMs: number },
    ): Promise<{ readonly token: string; readonly expiresAt: number }> {
      const { typ, audience, expiresInMs } = purpose;
      if (!(expiresInMs >= 1_000 && expiresInMs <= maxTokenMs)) throw new RangeError("a token lives 1 s to 24 h");
      const { id, privateKey } = await keys.current();
      const iat = Math.floor(clock.now() / 1000);
      const exp = iat + Math.floor(expiresInMs / 1000);
      const token = await new SignJWT({ ...claims, jti: randomUUID() })
        .setProtectedHeader({ alg: signingAlgorithm, typ, kid: id })
        .setIssuer(issuer())
        .setAudience(audience)
        .setIssuedAt(iat)
        .setExpirationTime(exp)
        .sign(privateKey);
      return { token, expiresAt: exp * 1000 };
    },

    /**
     * The claims of a token of ours: at once, without a promise, when it was verified before. What the claims name may have
     * changed since: whoever acts on them asks for its state.
     *
     * @throws JwtRefusal, also as a rejection.
     */
    verify(jwt: string, { typ, audience }: TokenPurpose): VerifiedClaims | Promise<VerifiedClaims> {
      const now = clock.now();
      const expected = { algorithm: signingAlgorithm, issuer: issuer(), audience, typ, now };
      // Of a token that is too long not even the hash is taken.
      if (jwt.length > maxJwtLength) throw new JwtRefusal("too long");
      const place = hash("sha256", `${typ}\n${audience}\n${expected.issuer}\n${jwt}`, "base64url");
      const known = verified.get(place);
      if (known) {
        if (now < known.exp * 1000) return known;
        verified.delete(place);
        throw new JwtRefusal("expired");
      }
      const { kid } = parseJwt(jwt, expected);
      return Promise.resolve(keys.find(kid)).then(async (key) => {
        if (!key) throw new JwtRefusal("kid");
        const claims = (await verifyJwt(jwt, key.key, expected)) as VerifiedClaims;
        verified.set(place, claims);
        return claims;
      });
    },

    /** The public keys, as `/oauth/jwks` shows them (RFC 7517). */
    async jwks(): Promise<{ readonly keys: readonly JWK[] }> {
      return { keys: (await keys.published()).map(({ publicJwk }) => publicJwk) };
    },

    /** A chore: makes the next key ahead of time, and forgets the private halves of old ones. */
    maintain: (): Promise<void> => keys.maintain(),
  };
}
