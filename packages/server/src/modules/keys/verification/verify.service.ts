import {
  type AskedApi,
  type DecisionRequest,
  decide,
  type KeyFormatResult,
  type KeyGuesses,
  networkOf,
  parseKey,
} from "@keyplane/schema";
import { z } from "zod";
import type { Clock } from "../../../platform/clock.js";
import { KeyplaneError, RateLimitedError } from "../../../platform/errors.js";
import type { GuessLimiter } from "../../../platform/guess-limiter.js";
import { areScopes, parseArguments, scopesSchema } from "../../../platform/validation.js";
import type { ApiAccess, FoundApi } from "../../apis/index.js";
import { authorize, canSee, hashSecret, type Principal } from "../../auth/index.js";
import { isExceeded, type LimitStates, type Take } from "../../limits/index.js";
import { apiSchema, costSchema, ipSchema, metersSchema, tagsSchema, type UsageEvent } from "../../usage/index.js";
import { type IndexedRecord, limitsOf } from "./key-states.js";
import { toVerdict, type Verdict } from "./verdict.js";
import type { VerificationIndex } from "./verification-index.js";
import { usageOf, usageOfUnseen } from "./verification-usage.js";
import type { VerifyKeyInput } from "./verify-key-input.js";

const boundsSchema = z.object({
  scopes: scopesSchema.nullish(),
  ip: ipSchema.nullish(),
  cost: costSchema.nullish(),
  tags: tagsSchema.nullish(),
  api: apiSchema.nullish(),
  meters: metersSchema.nullish(),
});

export type Verify = (principal: Principal, input: VerifyKeyInput) => Verdict | Promise<Verdict>;

/**
 * Makes the function that verifies a key. Once a key was seen it answers at once, without a promise, a database or a
 * write; usage is a line in a buffer. A refusal is an answer, not an error, and costs nothing.
 *
 * @param deps.guesses how many keys that there are not a caller may have looked up; keys in memory, and texts that cannot be keys, are not
 * counted. The caller verifies for many others: whoever presents guesses to it must not make it refuse keys that are good.
 * @param deps.take takes calls from the limits that they are under.
 * @param deps.written what has to be waited for before a call is answered that was taken from limits; null: nothing.
 * @param deps.addressGuesses how many unknown and mistyped keys may be presented from one network; after that, unknown keys from there are
 * neither looked up nor told to be unknown. Counted for each caller by itself: whom one holds up, others still serve.
 * @param deps.record takes the usage of a verification, and neither waits nor throws; null: leaves none.
 * @throws ForbiddenError without `keys:verify`; BadUserInputError for a list or value out of bounds; RateLimitedError when the key is not
 * in memory, and the caller has asked for too many that there are not.
 */
export function createVerify(deps: {
  index: VerificationIndex;
  clock: Clock;
  guesses: GuessLimiter;
  addressGuesses: KeyGuesses;
  apiAccess: Pick<ApiAccess, "find">;
  record: ((event: UsageEvent) => void) | null;
  take: Take;
  written: () => Promise<void> | null;
  /** Told of accepted secrets that waited for their first use; neither waits nor throws. */
  onFirstUse: (keyId: string, hash: string) => void;
}): Verify {
  const { index, clock, guesses, addressGuesses, apiAccess, take, written, onFirstUse, record: recordUsage } = deps;

  /** Takes an attempt of the address that presented an unknown key. @returns how long it is held up, in milliseconds. */
  function guessFrom(principal: Principal, ip: string | null | undefined): number {
    return ip == null ? 0 : addressGuesses.take(guesserOf(principal, ip), clock.now());
  }

  /** Whether a guess would be refused unseen. */
  function isHeldUp(principal: Principal, ip: string | null | undefined): boolean {
    if (guesses.waitMs(principal.id) > 0) return true;
    return ip != null && addressGuesses.waitMs(guesserOf(principal, ip), clock.now()) > 0;
  }

  /** Asks the store, unless the address is held up. */
  async function lookUpFrom(
    principal: Principal,
    hash: string,
    ip: string | null | undefined,
    leaveUnseen: (() => void) | null,
  ): Promise<{ found: IndexedRecord | null; heldUpMs: number }> {
    // Nobody else's guesses lock out who has a key that was made or rotated just now.
    if (!index.knowsSecret(hash) && isHeldUp(principal, ip)) await index.readNewSecrets();
    // Taken before, so that a thousand at once are not all looked up.
    const isGuess = !index.knowsSecret(hash);
    const heldUpMs = isGuess ? guessFrom(principal, ip) : 0;
    if (heldUpMs > 0) return { found: null, heldUpMs };
    let isUnknown = false;
    try {
      const found = await lookUp(principal, hash, leaveUnseen);
      isUnknown = visible(principal, found) === null;
      return { found, heldUpMs: isUnknown && !isGuess ? guessFrom(principal, ip) : 0 };
    } finally {
      // A store that is away says nothing of the key either.
      if (isGuess && !isUnknown && ip != null) addressGuesses.giveBack(guesserOf(principal, ip));
    }
  }

  /** Asks the store. A secret that memory knows is no guess: only something about its key has changed. */
  async function lookUp(
    principal: Principal,
    hash: string,
    leaveUnseen: (() => void) | null,
  ): Promise<IndexedRecord | null> {
    const isFound = (found: IndexedRecord | null): boolean => visible(principal, found) !== null;
    try {
      if (!index.knowsSecret(hash)) return await guesses.lookUp(principal.id, async () => index.find(hash), isFound);
      const found = await index.find(hash);
      // Another tenant's key answers as one that there is not.
      if (!isFound(found)) guesses.take(principal.id);
      return found;
    } catch (error) {
      if (error instanceof RateLimitedError) leaveUnseen?.();
      throw error;
    }
  }

  function answer(call: Call, found: IndexedRecord | null, attempt = 1): Verdict | Promise<Verdict> {
    const { principal, input } = call;
    const record = visible(principal, found);
    if (record === null || input.api == null) return decideOn(call, record, undefined, attempt);
    const api = apiAccess.find(record.key, input.api);
    return api instanceof Promise
      ? api.then((asked) => decideOn(call, record, asked, attempt))
      : decideOn(call, record, api, attempt);
  }

  /**
   * Decides, and takes the call from the limits that it is under. What has to be asked for takes time, in which a key may be revoked:
   * everything is decided anew then, so that the last decision and the charge are of one moment.
   */
  function decideOn(
    call: Call,
    record: IndexedRecord | null,
    api: FoundApi | undefined,
    attempt: number,
  ): Verdict | Promise<Verdict> {
    const now = clock.now();
    const { principal, input } = call;
    const request = requestOf(call, api);
    const asked = api && { api, now };
    const decision = decide(record, request, now);
    const limited = decision.valid && record ? limitsOf(record, api?.limited) : null;
    if (!record || limited === null) {
      return tell(call, record, api, toVerdict(decision, record, principal.requestId, undefined, asked), now);
    }
    const cost = input.cost ?? 1;
    const hasQuota = limited.some(({ quotaId }) => quotaId !== null);
    const decided = (limits: LimitStates): Verdict | Promise<Verdict> => {
      // Limits that let a call pass decide nothing anew.
      const isRefused = isExceeded(limits);
      const last = isRefused ? decide(record, { ...request, cost, limits }, now) : decision;
      const verdict = toVerdict(last, record, principal.requestId, limits, asked);
      // What was taken of a quota must outlive this process before anybody hears of it.
      const isWritten = isRefused || !hasQuota ? null : written();
      const answered = (): Verdict => tell(call, record, api, verdict, now);
      return isWritten === null ? answered() : isWritten.then(answered);
    };
    const taken = take(limited, cost, now);
    if (!(taken instanceof Promise)) return decided(taken);
    return taken.then(async (kept) => {
      if (kept) {
        let limits: LimitStates | null;
        try {
          // Time has passed: what has become of the key and its access meanwhile refuses, and then no quota is charged.
          const latest = visible(principal, await index.find(call.hash));
          const access = latest && input.api != null ? await apiAccess.find(latest.key, input.api) : undefined;
          const since = clock.now();
          const anew = decide(latest, requestOf(call, access), since);
          if (!anew.valid) {
            const found = access && { api: access, now: since };
            return tell(call, latest, access, toVerdict(anew, latest, principal.requestId, undefined, found), since);
          }
          limits = kept.charge();
        } finally {
          kept.release();
        }
        if (limits) return decided(limits);
      }
      if (attempt === maxAttempts)
        throw new KeyplaneError("UNAVAILABLE", "The quota is asked for by too many at once. Try again.");
      return answer(call, await index.find(call.hash), attempt + 1);
    });
  }

  function tell(
    call: Call,
    record: IndexedRecord | null,
    api: AskedApi | undefined,
    verdict: Verdict,
    now: number,
  ): Verdict {
    const { principal, input, format, startedAt } = call;
    if (verdict.valid && record?.secret.pendingHash != null) onFirstUse(record.key.id, record.secret.pendingHash);
    recordUsage?.(
      usageOf({ principal, input, format, found: record, api: api?.label ?? input.api, verdict, now, startedAt }),
    );
    return verdict;
  }

  return (principal, input) => {
    authorize(principal, "keys:verify");
    const startedAt = recordUsage ? performance.now() : 0;
    if (needsChecks(input)) parseArguments(boundsSchema, input);
    const format = parseKey(input.key);
    if (!format.ok) {
      const heldUpMs = format.problem === "checksum" ? guessFrom(principal, input.ip) : 0;
      return answer({ principal, input, format, hash: "", startedAt, heldUpMs }, null);
    }
    const hash = hashSecret(input.key);
    const found = index.recall(hash);
    if (found !== undefined) {
      const heldUpMs = visible(principal, found) ? 0 : guessFrom(principal, input.ip);
      return answer({ principal, input, format, hash, startedAt, heldUpMs }, found);
    }
    const leaveUnseen =
      recordUsage &&
      (() => recordUsage(usageOfUnseen({ principal, input, format, api: input.api, now: clock.now(), startedAt })));
    return lookUpFrom(principal, hash, input.ip, leaveUnseen).then((looked) =>
      answer({ principal, input, format, hash, startedAt, heldUpMs: looked.heldUpMs }, looked.found),
    );
  };
}

/** A key that was presented, and by whom. */
interface Call {
  readonly principal: Principal;
  readonly input: VerifyKeyInput;
  readonly format: KeyFormatResult;
  /** "" of what cannot be a key. */
  readonly hash: string;
  readonly startedAt: number;
  /** How long the address that presented it is held up; 0: it is not. */
  readonly heldUpMs: number;
}

/** How often a call may find that others have taken what it has asked for. */
const maxAttempts = 20;

/** Another tenant's key answers as an unknown one. */
function visible(principal: Principal, found: IndexedRecord | null): IndexedRecord | null {
  return found && canSee(principal, found.key) ? found : null;
}

/** Whose attempts are counted together: those of one network, as far as one caller tells of them. */
export function guesserOf(principal: Pick<Principal, "id">, ip: string): string {
  return `${principal.id} ${networkOf(ip)}`;
}

/** Most calls give nothing but the key and well-formed scopes, and GraphQL then a cost of 1. */
function needsChecks({ scopes, ip, cost, tags, api, meters }: VerifyKeyInput): boolean {
  return Boolean((scopes && !areScopes(scopes)) || ip || (cost ?? 1) !== 1 || tags || api != null || meters);
}

function requestOf({ input, format, heldUpMs }: Call, api: AskedApi | undefined): DecisionRequest {
  return {
    format,
    scopes: input.scopes ?? undefined,
    environment: input.environment ?? undefined,
    ip: input.ip ?? undefined,
    heldUpMs,
    api,
  };
}
