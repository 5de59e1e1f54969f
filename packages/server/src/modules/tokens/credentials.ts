import type { Permission } from "@keyplane/schema";
import { networkOf } from "@keyplane/schema";
import { LRUCache } from "lru-cache";
import type { Database, ManagementToken } from "../../platform/database/index.js";
import { EntityCache } from "../../platform/entity-cache.js";
import type { Remembered } from "../../platform/entity-states.js";
import type { GuessLimiter } from "../../platform/guess-limiter.js";
import type { Credential } from "../auth/index.js";
import type { DomainEvent, EventListener } from "../events/index.js";
import type { HangsOn, Standing, Standings } from "../users/index.js";
import { findHashesOfLiveTokens, findTokenByHash } from "./tokens.store.js";

/** Tokens are few beside keys; the bound only stops a flood. */
const maxTokens = 10_000;
/** How many hashes of unknown tokens are remembered, apart from the known ones, so that guesses cost no look-up twice. */
const maxUnknown = 10_000;

/** How many secrets of a token are remembered: its present one, and one before it. */
const maxHashes = 2;

const none: readonly string[] = Object.freeze([]);

/** One secret of a token, without what it hangs on. */
interface TokenState
  extends Omit<Credential, "customRole" | "tenantSuspended" | "userStatus" | "userRole" | "userCustomRole" | "teamIds">,
    HangsOn {
  readonly tenantId: string | null;
  readonly userId: string | null;
}

/**
 * Finds management tokens by their hash, from memory once known. A token's tenant, user and roles are remembered apart, as
 * verification does with keys, so that a change of one of them forgets nothing else.
 *
 * Looking a token up that was never found is a guess: each address has so many. Whoever holds a token that was found once is never held up
 * by others at its address.
 */
export class Credentials implements EventListener {
  readonly #tokens: EntityCache<TokenState>;
  /** The hashes of a token: of its secret, and of the one before a rotation. */
  readonly #hashes = new LRUCache<string, readonly string[]>({ max: maxTokens });
  readonly #unknown = new LRUCache<string, true>({ max: maxUnknown });
  /** Tokens that there were once. Says nothing of what they may do now, only that asking for one is no guess. */
  readonly #found = new LRUCache<string, true>({ max: maxTokens });
  /** Look-ups under way of tokens that were never found: the same token many times at once is one guess. */
  readonly #guessed = new Map<string, Promise<Credential | null>>();
  readonly #guesses: GuessLimiter;
  readonly #database: Database;
  readonly #standings: Standings;
  /** How often a token was made: one made while we looked is not unknown. */
  #made = 0;

  /** @param deps.guesses how many tokens that there are not an address may try. */
  constructor(deps: { database: Database; guesses: GuessLimiter; standings: Standings }) {
    this.#database = deps.database;
    this.#guesses = deps.guesses;
    this.#standings = deps.standings;
    this.#tokens = new EntityCache<TokenState>({
      max: maxTokens,
      load: async (hash) => {
        const token = await findTokenByHash(deps.database.prisma, hash);
        if (!token) return null;
        this.#hashes.set(
          token.id,
          [...(this.#hashes.get(token.id) ?? []).filter((known) => known !== hash), hash].slice(-maxHashes),
        );
        this.#found.set(hash, true);
        return toTokenState(token, hash);
      },
    });
  }

  /**
   * The credential of a token, at once when it is known.
   *
   * @param address where the token came from; null when that is not known.
   * @throws RateLimitedError when the address has guessed too often, and this token was never found; the store is not asked.
   */
  find(tokenHash: string, address: string | null): Credential | null | Promise<Credential | null> {
    const credential = this.#peek(tokenHash);
    if (credential) return credential;
    if (this.#unknown.has(tokenHash)) return null;
    return this.#found.has(tokenHash) ? this.#read(tokenHash) : this.#guess(tokenHash, networkOf(address));
  }

  /** Reads which tokens there are, so that after a restart too their holders are not taken for somebody who guesses. */
  async warmUp(): Promise<void> {
    for (const hash of await findHashesOfLiveTokens(this.#database.prisma, maxTokens)) this.#found.set(hash, true);
  }

  /** What is remembered of tokens, by the hashes of their secrets, for whoever compares it with the store. */
  get memory(): Remembered<TokenState> {
    return this.#tokens;
  }

  onEvent(event: DomainEvent): void {
    const { type, roleId } = event;
    // With its role, those that are revoked lose it.
    if (type === "ROLE_DELETED") this.#tokens.forgetWhere(({ customRoleId }) => customRoleId === roleId);
    if (event.tokenId === undefined) return;
    this.#made++;
    this.#unknown.clear();
    const hashes = this.#hashes.get(event.tokenId);
    // Without a hash the token may just be being read, and so may another secret of it than those that are known.
    if (hashes === undefined || event.type === "TOKEN_ROTATED") this.#tokens.forgetAll();
    else for (const hash of hashes) this.#tokens.forget(hash);
  }

  onGap(): void {
    this.#made++;
    this.#unknown.clear();
    this.#tokens.forgetAll();
  }

  #peek(tokenHash: string): Credential | undefined {
    const token = this.#tokens.peek(tokenHash);
    return token && this.#standings.make(token, token, toCredential);
  }

  #guess(tokenHash: string, network: string): Promise<Credential | null> {
    const underWay = this.#guessed.get(tokenHash);
    if (underWay) return underWay;
    this.#guesses.take(network);
    const result = this.#read(tokenHash);
    this.#guessed.set(tokenHash, result);
    const end = (wasGuess: boolean): void => {
      this.#guessed.delete(tokenHash);
      if (!wasGuess) this.#guesses.giveBack(network);
    };
    // A store that is away says nothing of the token.
    result.then(
      () => end(!this.#found.has(tokenHash)),
      () => end(false),
    );
    return result;
  }

  #read(tokenHash: string): Promise<Credential | null> {
    return this.#standings.find(
      async () => {
        const made = this.#made;
        const token = await this.#tokens.get(tokenHash);
        if (!token && made === this.#made) this.#unknown.set(tokenHash, true);
        return token;
      },
      () => this.#peek(tokenHash),
    );
  }
}

/** @param hash which of its two secrets was presented. */
function toTokenState(token: ManagementToken, hash: string): TokenState {
  return {
    kind: "management_token",
    id: token.id,
    name: token.name,
    role: token.role,
    customRoleId: token.customRoleId,
    permissions: token.permissions as Permission[],
    grantableScopes: token.restrictScopes ? token.grantableScopes : null,
    tenantId: token.tenantId,
    userId: token.userId,
    expiresAt: token.expiresAt?.getTime() ?? null,
    revokedAt: token.revokedAt?.getTime() ?? null,
    supersededAt: token.hash === hash ? null : (token.previousStopsAt?.getTime() ?? 0),
  };
}

function toCredential(state: TokenState, { tenant, user, role, userRole }: Standing): Credential {
  const { customRoleId: _ofRole, ...token } = state;
  return {
    ...token,
    customRole: role,
    userCustomRole: userRole,
    teamIds: user?.teamIds ?? none,
    tenantSuspended: tenant !== null && tenant.status !== "ACTIVE",
    userStatus: user?.status ?? null,
    userRole: user?.role ?? null,
  };
}
