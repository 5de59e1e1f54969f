import { createLocalJWKSet, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Clock } from "../../../platform/clock.js";
import { type SafeFetch, SafeFetchError } from "../../../platform/safe-fetch.js";

/** How long keys are used without asking again, in milliseconds. */
const freshMs = 10 * 60_000;
/** How long they are still used while the issuer cannot be asked, in milliseconds. */
const staleMs = 60 * 60_000;
/** How soon an issuer is asked again because a token names a key that is not there, or because it could not be asked. */
const cooldownMs = 30_000;
const maxIssuers = 1_000;
const maxKeys = 100;
const limits = { maxBytes: 512 * 1024, timeLimitMs: 5_000 };

/** The algorithms that are taken of others' tokens. Not `none`, and none with a shared secret: RFC 8725 section 3.1. */
export const externalAlgorithms: readonly string[] =
  "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");

const documentSchema = z.object({ issuer: z.string(), jwks_uri: z.string() });
const jwksSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(maxKeys) });

/** What an issuer says of itself. */
export interface Discovered {
  readonly jwksUri: string;
  readonly jwks: JSONWebKeySet;
}

/** Why an issuer's keys are not known. Its message may be shown to the tenant's administrators. */
export class DiscoveryError extends Error {}

/**
 * Asks an issuer for its keys (OpenID Connect Discovery 1.0 section 4).
 *
 * @throws DiscoveryError saying what is wrong.
 */
export async function discover(fetch: SafeFetch, issuer: string): Promise<Discovered> {
  const ask = async <Schema extends z.ZodType>(url: string, accept: string[], schema: Schema) => {
    const answer = await fetch(url, { ...limits, accept, headers: { accept: accept.join(", ") } });
    if (answer.status !== 200) throw new DiscoveryError(`${url} answered with status ${answer.status}.`);
    const parsed = schema.safeParse(parseJson(url, answer.body));
    if (!parsed.success) throw new DiscoveryError(`${url} does not have the form that it must have.`);
    return parsed.data;
  };
  try {
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const document = await ask(url, ["application/json"], documentSchema);
    if (document.issuer !== issuer) {
      throw new DiscoveryError(
        `${url} names another issuer: ${document.issuer.slice(0, 200)}. Trust that one, if it is right.`,
      );
    }
    const jwks = await ask(document.jwks_uri, ["application/json", "application/jwk-set+json"], jwksSchema);
    return { jwksUri: document.jwks_uri, jwks };
  } catch (error) {
    if (error instanceof SafeFetchError) throw new DiscoveryError(error.message);
    throw error;
  }
}

function parseJson(url: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DiscoveryError(`${url} does not answer with JSON.`);
  }
}

interface Known {
  readonly keys: JWTVerifyGetKey | null;
  readonly readAt: number;
  /** When the issuer was asked last, with or without success. */
  readonly askedAt: number;
}

/** The keys of issuers, remembered, and asked for again before they are too old or when a token names one that is new. */
export class IssuerKeys {
  readonly #fetch: SafeFetch;
  readonly #clock: Clock;
  readonly #known = new LRUCache<string, Known>({ max: maxIssuers });
  readonly #asking = new Map<string, Promise<Known>>();

  constructor({ fetch, clock }: { fetch: SafeFetch; clock: Clock }) {
    this.#fetch = fetch;
    this.#clock = clock;
  }

  /**
   * What finds the key of a token.
   *
   * @param isMissing the keys that are known lack the one that a token names: asks again, if that was not done just now.
   * @throws DiscoveryError when the issuer's keys are not known.
   */
  async of(issuer: string, isMissing = false): Promise<JWTVerifyGetKey> {
    const now = this.#clock.now();
    let known = this.#known.get(issuer);
    const isDue = !known?.keys || isMissing || now - known.readAt > freshMs;
    if (isDue && (!known || now - known.askedAt > cooldownMs)) known = await this.#ask(issuer, known);
    if (known?.keys && now - known.readAt <= staleMs) return known.keys;
    throw new DiscoveryError("The keys of the token's issuer cannot be read now.");
  }

  #ask(issuer: string, before: Known | undefined): Promise<Known> {
    let asking = this.#asking.get(issuer);
    if (!asking) {
      asking = this.#read(issuer, before).finally(() => this.#asking.delete(issuer));
      this.#asking.set(issuer, asking);
    }
    return asking;
  }

  async #read(issuer: string, before: Known | undefined): Promise<Known> {
    const now = this.#clock.now();
    let known: Known;
    try {
      const { jwks } = await discover(this.#fetch, issuer);
      known = { keys: createLocalJWKSet(jwks), readAt: now, askedAt: now };
    } catch (error) {
      if (!(error instanceof DiscoveryError)) throw error;
      known = { keys: before?.keys ?? null, readAt: before?.readAt ?? 0, askedAt: now };
    }
    this.#known.set(issuer, known);
    return known;
  }
}
