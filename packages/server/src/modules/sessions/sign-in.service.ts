import { networkOf } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Database } from "../../platform/database/index.js";
import { InvalidCredentialsError } from "../../platform/errors.js";
import type { Logger } from "../../platform/logger.js";
import { parseInput } from "../../platform/validation.js";
import { userActor } from "../audit/index.js";
import type { Principal } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Attempts, Counter } from "./attempts/attempts.js";
import type { PasswordHasher } from "./passwords/password-hasher.js";
import type { IssuedTokens, OpenedSession, SessionTokens } from "./session-tokens.js";
import { refreshSessionSchema, signInSchema } from "./sessions.input.js";
import * as store from "./sessions.store.js";

interface Deps {
  readonly attempts: Attempts;
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
  readonly hasher: PasswordHasher;
  readonly logger: Logger;
  readonly tokens: SessionTokens;
}

/** An address from which somebody has signed in within this time is theirs, in milliseconds. */
const knownAddressMs = 30 * 24 * 60 * 60_000;

/** One sentence for everything: what it leaves open, whoever guesses must not learn. */
const refusal =
  "This e-mail address and password do not go together, or the account cannot be used. Check both; if the address is used in several tenants, name the tenant. A new password comes with requestPasswordLink.";

export type SignIn = ReturnType<typeof createSignIn>;

/** How people come in: with a password, and with a refresh token afterwards. */
export function createSignIn({ attempts, clock, database, events, hasher, logger, tokens }: Deps) {
  /** Counters of an attempt. An account that does not exist is counted like one that does. */
  async function countersFor(
    email: string,
    account: store.Account | undefined,
    address: string | null,
  ): Promise<Counter[]> {
    const of = account ? `user:${account.user.id}` : `email:${email}`;
    const from = networkOf(address);
    const since = new Date(clock.now() - knownAddressMs);
    // Asked for nobody, too: an address without an account takes as many questions.
    const addresses = await store.findAddressesOf(database.prisma, account?.user.id ?? "none", since);
    const isKnown = addresses.some((each) => networkOf(each) === from);
    return [
      { kind: "pair", of: `${of} ${from}` },
      { kind: "address", of: from },
      ...(isKnown ? [] : [{ kind: "account", of } as const]),
    ];
  }

  return {
    /**
     * Signs somebody in.
     *
     * @throws InvalidInputError; InvalidCredentialsError, the same for a wrong password, an unknown address, a disabled user, a
     * suspended tenant and a user without a password, after the same work; RateLimitedError; KeyplaneError with UNAVAILABLE
     * while too many sign in at once.
     */
    async signIn(principal: Principal, rawInput: unknown): Promise<IssuedTokens> {
      const { email, password, tenant } = parseInput(signInSchema, rawInput);
      // Two, to know whether there is only one.
      const found = await store.findAccounts(database.prisma, email, tenant, 2);
      const account = found.length === 1 ? found[0] : undefined;
      const charged = await attempts.charge(await countersFor(email, account, principal.address));
      const hash = account?.passwordHash ?? null;
      const isRight = await hasher.verify(hash, password);
      const better = isRight && hash !== null && hasher.needsRehash(hash) ? await hasher.hash(password) : null;
      const opened = account && isRight ? await open(principal, account, better) : null;
      if (!opened) {
        const { requestId, address } = principal;
        logger.info({ requestId, address, userId: account?.user.id ?? null }, "a sign-in was refused");
        throw new InvalidCredentialsError(refusal);
      }
      await charged.refund(["pair", "account"]);
      return tokens.issue(opened);
    },

    /** Renews a session. @throws InvalidInputError, InvalidCredentialsError. */
    async refresh(principal: Principal, rawInput: unknown): Promise<IssuedTokens> {
      const { refreshToken } = parseInput(refreshSessionSchema, rawInput);
      return tokens.issue(await tokens.refresh(principal, refreshToken));
    },
  };

  /** Begins the session of an account whose password was right; null when that has changed meanwhile, or counts for nothing. */
  function open(
    principal: Principal,
    { user, passwordHash }: store.Account,
    better: string | null,
  ): Promise<OpenedSession | null> {
    return events.transaction(async (tx) => {
      const now = await store.lockAccount(tx, user.id);
      if (now?.user.status !== "ACTIVE" || now.tenant.status !== "ACTIVE" || now.passwordHash !== passwordHash)
        return null;
      if (better !== null && passwordHash !== null) await store.replaceHash(tx, user.id, passwordHash, better);
      return tokens.open(tx, now, userActor(now.user, principal));
    });
  }
}
