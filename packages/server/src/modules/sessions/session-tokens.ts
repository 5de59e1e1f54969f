import { createId, generateKey, isSecretOf, refreshTokenPrefix } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Database, RefreshToken, Session, Transaction } from "../../platform/database/index.js";
import { InvalidCredentialsError } from "../../platform/errors.js";
import type { SecretBox } from "../../platform/secret-box.js";
import { type Audit, type AuditActor, systemActor } from "../audit/index.js";
import { hashSecret, type Principal } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Signing } from "../signing/index.js";
import type { SessionEnds } from "./session-ends.js";
import { maxSessionsPerUser, sessionLifetimes } from "./session-lifetimes.js";
import * as store from "./sessions.store.js";

/** What somebody gets who has signed in or renewed. Shown once. */
export interface IssuedTokens {
  readonly session: Session;
  readonly accessToken: string;
  readonly accessTokenExpiresAt: Date;
  readonly refreshToken: string;
  readonly refreshTokenExpiresAt: Date;
}

/** A session and the refresh token that renews it. */
export interface OpenedSession {
  readonly session: Session;
  readonly refreshToken: string;
  readonly refreshTokenExpiresAt: Date;
}

/** What `typ` of an access token says (RFC 9068). */
export const accessTokenType = "at+jwt";

export const refreshRefusal =
  "This refresh token is not valid: it was used, has expired, or its session has ended. Sign in again.";

interface Deps {
  readonly audit: Audit;
  readonly clock: Clock;
  readonly database: Database;
  readonly events: Events;
  readonly ends: SessionEnds;
  readonly secretBox: SecretBox;
  readonly signing: Pick<Signing, "sign">;
  /** Whom access tokens are for: this installation. */
  readonly audience: () => string;
}

export type SessionTokens = ReturnType<typeof createSessionTokens>;

/**
 * Begins and renews sessions. A refresh token works once and is replaced by its successor (RFC 9700, section 4.14.2). A used one that
 * is shown again ends the session, because somebody else may have it; unless it comes within ten seconds and its successor was not used:
 * then an answer was lost, and the same successor is answered again. So there is never more than one that works.
 */
export function createSessionTokens({ audit, clock, database, events, ends, secretBox, signing, audience }: Deps) {
  function makeRefreshToken(session: Session) {
    const { secret } = generateKey({ prefix: refreshTokenPrefix, environment: "LIVE" });
    const now = clock.now();
    const expiresAt = new Date(Math.min(now + sessionLifetimes.idleMs, session.expiresAt.getTime()));
    return { secret, row: { hash: hashSecret(secret), sessionId: session.id, createdAt: new Date(now), expiresAt } };
  }

  /** What a use of a refresh token comes to, while the session is held. */
  async function use(tx: Transaction, secret: string, principal: Principal): Promise<OpenedSession | null> {
    const hash = hashSecret(secret);
    const first = await store.findRefreshToken(tx, hash);
    const session = first && (await store.lockSession(tx, first.sessionId));
    if (!session) return null;
    // Read again: another use may have come to its end while this one waited.
    const token = (await store.findRefreshToken(tx, hash)) as RefreshToken;
    const now = clock.now();
    if (session.endedAt !== null || token.expiresAt.getTime() <= now || !(await isWelcome(tx, session))) return null;
    if (token.usedAt === null) return rotate(tx, session, token, principal);
    const successor = await successorFor(tx, token, now);
    if (successor) return { session, ...successor };
    await ends.end(tx, session, systemActor, "a refresh token was shown again after its use: it may be stolen");
    return null;
  }

  async function rotate(
    tx: Transaction,
    session: Session,
    token: RefreshToken,
    principal: Principal,
  ): Promise<OpenedSession> {
    const { secret, row } = makeRefreshToken(session);
    await store.insertRefreshToken(tx, row);
    await store.supersedeRefreshToken(tx, token.hash, {
      usedAt: row.createdAt,
      successorHash: row.hash,
      sealedSuccessor: secretBox.seal(secret, purposeOf(token.hash)),
    });
    const change = { refreshedAt: row.createdAt, address: principal.address };
    const after = await store.updateSession(tx, session.id, change);
    return { session: after, refreshToken: secret, refreshTokenExpiresAt: row.expiresAt };
  }

  /** The successor that a lost answer held; null when this is no honest retry. */
  async function successorFor(tx: Transaction, token: RefreshToken, now: number) {
    const { usedAt, successorHash, sealedSuccessor, hash } = token;
    if (!usedAt || !successorHash || !sealedSuccessor || now - usedAt.getTime() > sessionLifetimes.retryMs) return null;
    const successor = await store.findRefreshToken(tx, successorHash);
    const secret = secretBox.open(sealedSuccessor, purposeOf(hash));
    if (!successor || successor.usedAt !== null || secret === null) return null;
    return { refreshToken: secret, refreshTokenExpiresAt: successor.expiresAt };
  }

  /** Whether the user may still be signed in by a session that began then. */
  async function isWelcome(tx: Transaction, session: Session): Promise<boolean> {
    // Not held: whoever changes the user holds it first and its sessions then, and each would wait for the other.
    const account = await store.findAccount(tx, session.userId);
    if (account?.user.status !== "ACTIVE" || account.tenant.status !== "ACTIVE") return false;
    return !beganBefore(session.createdAt, account.user.statusChangedAt);
  }

  return {
    /** Begins a session, in the transaction of the sign-in. The oldest one of the user ends where there are too many. */
    async open(tx: Transaction, account: store.Account, actor: AuditActor): Promise<OpenedSession> {
      const { user } = account;
      const now = clock.now();
      const others = await store.findLiveSessionsOf(tx, user.id, new Date(now));
      for (const old of others.slice(0, Math.max(0, others.length - maxSessionsPerUser + 1))) {
        await ends.end(tx, old, actor, `the user has ${maxSessionsPerUser} newer sessions`);
      }
      const session = await store.insertSession(tx, {
        id: createId("Session"),
        tenantId: user.tenantId,
        userId: user.id,
        address: actor.address,
        createdAt: new Date(now),
        refreshedAt: new Date(now),
        expiresAt: new Date(now + sessionLifetimes.absoluteMs),
      });
      const { secret, row } = makeRefreshToken(session);
      await store.insertRefreshToken(tx, row);
      const target = { type: "Session", id: session.id } as const;
      const { tenantId } = session;
      await audit.record(tx, { actor, action: "session.created", tenantId, target, before: null, after: session });
      return { session, refreshToken: secret, refreshTokenExpiresAt: row.expiresAt };
    },

    /** Uses a refresh token. @throws InvalidCredentialsError when it is not accepted, the same whatever the reason. */
    async refresh(principal: Principal, secret: string): Promise<OpenedSession> {
      if (!isSecretOf(secret, refreshTokenPrefix)) throw new InvalidCredentialsError(refreshRefusal);
      // Guesses open no transaction.
      const known = await store.findRefreshToken(database.prisma, hashSecret(secret));
      // The end of a session for reuse must be kept, so that the refusal comes after the transaction.
      const opened = known && (await events.transaction((tx) => use(tx, secret, principal)));
      if (!opened) throw new InvalidCredentialsError(refreshRefusal);
      return opened;
    },

    /** Adds an access token to what was opened. */
    async issue(opened: OpenedSession): Promise<IssuedTokens> {
      const { session } = opened;
      const expiresInMs = Math.min(sessionLifetimes.accessMs, session.expiresAt.getTime() - clock.now());
      const { token, expiresAt } = await signing.sign(
        { sub: session.userId, sid: session.id, client_id: "keyplane" },
        { typ: accessTokenType, audience: audience(), expiresInMs: Math.max(expiresInMs, 1_000) },
      );
      return { ...opened, accessToken: token, accessTokenExpiresAt: new Date(expiresAt) };
    },

    /** A chore: removes what serves no more. */
    async sweep(): Promise<void> {
      const now = clock.now();
      await store.wipeSuccessors(database.prisma, new Date(now - sessionLifetimes.retryMs));
      await store.deleteOldSessions(database.prisma, new Date(now - sessionLifetimes.keptMs));
    },
  };
}

/**
 * Whether a session began before its user was last disabled or enabled: it ended then, and being enabled again does not bring it
 * back.
 */
export function beganBefore(createdAt: Date, statusChangedAt: Date | null): boolean {
  return statusChangedAt !== null && createdAt.getTime() < statusChangedAt.getTime();
}

function purposeOf(hash: string): string {
  return `refresh-token:${hash}`;
}
