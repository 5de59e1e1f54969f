import type { KeyplaneError } from "../client/errors.js";
import type { Verdict } from "../entities.js";
import type { Environment, VerdictCode } from "../open-enums.js";
import type { UsageRecord } from "../usage/usage-record.js";

/**
 * Verifies keys in this process, from memory when it can, and hears of every revocation as it happens. Made by
 * `createGuard`.
 */
export interface Guard {
  /**
   * Below which address the pages about codes are, without a slash at its end: the option `docsUrl`; else `/docs` below the server's
   * public address, as soon as the server has told it; else below `url`.
   */
  readonly docsUrl: string;

  /**
   * Says whether a key is valid for a call, and if not, exactly why: the same verdict as the server's. Never throws for
   * the network: where there is no verdict that can be trusted, the verdict says `UNAVAILABLE`, or what `onUnavailable`
   * allows.
   *
   * @param key exactly as it was presented.
   * @throws TypeError for a request that no server would take, such as a scope that is none.
   */
  verify(key: string, request?: GuardRequest): Promise<GuardVerdict>;

  /**
   * Closes something, such as a socket or a stream, as soon as the key is refused, whatever the cause; at once where it
   * is refused already. A new secret, other scopes or addresses, and a lost network close nothing.
   *
   * @param keyId of a verdict: `verdict.key.id`.
   * @returns forgets it. Call it when the thing has ended by itself.
   */
  bind(keyId: string, closable: Closable): () => void;

  /** Calls back whenever something happens. What a listener throws harms nobody. @returns stops it. */
  on<Name extends keyof GuardEvents>(name: Name, listener: (event: GuardEvents[Name]) => void): () => void;

  /**
   * Resolves when the guard follows the server, in the mode `full` with all keys in memory. Verifications need not wait
   * for it.
   *
   * @throws KeyplaneError when the server refuses it, such as for a wrong token: asked for once that is mended, it resolves; AbortedError after
   * `close`.
   */
  ready(): Promise<void>;

  status(): GuardStatus;

  /**
   * Saves the snapshot, stops following, and hands over the usage that was recorded. Verifications that still come are answered
   * as without a server: from memory within `maxStalenessMs`, and are not recorded.
   */
  close(): Promise<void>;
}

/** What a call needs of its key. What is left out is not checked. */
export interface GuardRequest {
  /** All of these scopes. */
  readonly scopes?: readonly string[] | undefined;
  readonly environment?: Environment | undefined;
  /** The address of the caller, needed by keys that are bound to addresses. */
  readonly ip?: string | undefined;
  /**
   * Which of your APIs is called, by slug, id or `slug@version`: the key needs access to it. Usage is counted by it, in place of `usage.api`.
   * In a tenant without APIs any name will do, and is only counted.
   */
  readonly api?: string | undefined;
  /** What usage records of the call. Only `cost` can change the verdict: of a key under limits, which the server counts. */
  readonly usage?: Pick<UsageRecord, "api" | "cost" | "tags" | "meters" | "userAgent"> | undefined;
}

/** A verdict, with where it comes from. */
export interface GuardVerdict extends Omit<Verdict, "code"> {
  /** That of the server, or UNAVAILABLE: nobody can say at the moment. Do not let the call in then. */
  readonly code: VerdictCode | "UNAVAILABLE";
  /**
   * `local`: from memory, no older than `maxStalenessMs`. `server`: the server was asked for it. `stale`: from a memory that is older,
   * because the server cannot be reached.
   */
  readonly source: "local" | "server" | "stale";
  /** How old at most the knowledge is that the verdict stands on, to the millisecond; Infinity where there is none. */
  readonly ageMs: number;
}

/** Something that can be closed: a socket, a stream's controller, a function. */
export type Closable =
  | ((verdict: GuardVerdict) => void)
  | { close(code?: number, reason?: string): unknown }
  | { destroy(): unknown };

/** A key, or all keys of an owner or a tenant, that were just refused. */
export interface Revocation {
  /** Why: REVOKED, DISABLED, QUARANTINED, DELETED, EXPIRED, OWNER_DISABLED, OWNER_DELETED or TENANT_SUSPENDED. */
  readonly type: string;
  readonly tenantId: string;
  /** The key; null where all keys of a user or tenant are meant. */
  readonly keyId: string | null;
  /** The user, or the key's owner; null where a whole tenant is meant. */
  readonly userId: string | null;
  readonly reason: string | null;
  readonly occurredAt: Date;
}

/** What a guard tells of. */
export interface GuardEvents {
  /** A key, or all keys of a user or tenant, are refused from now on. */
  readonly revoked: Revocation;
  /** The state of the guard has changed; see {@link GuardStatus.state}. */
  readonly state: GuardStatus;
  /** Something went wrong that the guard goes on trying to overcome. */
  readonly error: KeyplaneError | Error;
}

/** How a guard stands. */
export interface GuardStatus {
  readonly mode: "lazy" | "full";
  /**
   * `starting`: not connected yet. `loading`: the keys are being read. `current`: it follows the server. `reconnecting`: it does not at
   * the moment; what it knows counts until `maxStalenessMs`. `stale`: it does not, for longer than that. `failed`: the
   * server refuses it, because of `lastError`; it tries again by itself, once a minute at last. `closed`.
   */
  readonly state: "starting" | "loading" | "current" | "reconnecting" | "stale" | "failed" | "closed";
  /** Whether it follows the server at the moment, and how. */
  readonly connected: "stream" | "polling" | null;
  /** How old at most the knowledge of what it follows is, in milliseconds; Infinity before the first connection. */
  readonly ageMs: number;
  /** How many keys are in memory. */
  readonly keys: number;
  /** In the mode `full`: whether all keys are in memory, so that others are unknown without asking. */
  readonly complete: boolean;
  /** The place in the log of events that was reached; null before the first connection. */
  readonly cursor: string | null;
  /** Calls whose usage will not be counted: given up, or refused because something is wrong with them. The option `usage` has callbacks that say why. */
  readonly dropped: number;
  readonly lastError: Error | null;
}
