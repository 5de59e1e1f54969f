import type { Clock } from "../../platform/clock.js";
import type { Database, Session } from "../../platform/database/index.js";
import { EntityCache } from "../../platform/entity-cache.js";
import type { Remembered } from "../../platform/entity-states.js";
import { UnauthenticatedError } from "../../platform/errors.js";
import type { Credential } from "../auth/index.js";
import type { DomainEvent, EventListener } from "../events/index.js";
import { JwtRefusal, type Signing, type VerifiedClaims } from "../signing/index.js";
import type { HangsOn, Standing, Standings, UserState } from "../users/index.js";
import { accessTokenType, beganBefore } from "./session-tokens.js";
import { isSessionId } from "./sessions.service.js";
import { findSession } from "./sessions.store.js";

/** How many sessions are remembered. */
const maxSessions = 20_000;
/** A session as credentials see it: it has no custom role of its own. */
type SessionState = Pick<Session, "id" | "tenantId" | "userId" | "createdAt" | "expiresAt" | "endedAt"> & HangsOn;

/**
 * Finds the credential of an access token: its signature is verified once, and its session, user, custom role and tenant are remembered apart until
 * an event names them. So an access token is good no longer than its session, in all processes.
 */
export class SessionCredentials implements EventListener {
  readonly #sessions: EntityCache<SessionState>;
  readonly #clock: Clock;
  readonly #standings: Standings;
  readonly #signing: Pick<Signing, "verify">;
  readonly #audience: () => string;

  constructor(deps: {
    clock: Clock;
    database: Database;
    signing: Pick<Signing, "verify">;
    standings: Standings;
    /** Whom access tokens must be for. */
    audience: () => string;
  }) {
    this.#clock = deps.clock;
    this.#standings = deps.standings;
    this.#signing = deps.signing;
    this.#audience = deps.audience;
    this.#sessions = new EntityCache<SessionState>({
      max: maxSessions,
      load: async (id) => {
        const session = await findSession(deps.database.prisma, id);
        return session && toSessionState(session);
      },
    });
  }

  /** The credential of an access token, at once when all is known; null when the token is not accepted. */
  find(jwt: string): Credential | null | Promise<Credential | null> {
    try {
      const claims = this.#signing.verify(jwt, { typ: accessTokenType, audience: this.#audience() });
      if (!(claims instanceof Promise)) return this.#of(claims);
      return claims.then((verified) => this.#of(verified)).catch(toNull);
    } catch (error) {
      return toNull(error);
    }
  }

  /**
   * What is remembered of sessions, for whoever compares it with the store. Those that are over the store removes without telling anybody: they
   * are as good as equal.
   */
  get memory(): Remembered<SessionState> {
    return {
      ids: () => this.#sessions.ids().filter((id) => !this.#isOver(id)),
      inspect: (id) => (this.#isOver(id) ? undefined : this.#sessions.inspect(id)),
      stored: (ids) => this.#sessions.stored(ids),
      forget: (id) => this.#sessions.forget(id),
    };
  }

  #isOver(id: string): boolean {
    const session = this.#sessions.inspect(id);
    return session !== undefined && session.expiresAt.getTime() <= this.#clock.now();
  }

  onEvent(event: DomainEvent): void {
    if (event.sessionId !== undefined) this.#sessions.forget(event.sessionId);
  }

  onGap(): void {
    this.#sessions.forgetAll();
  }

  #of(claims: VerifiedClaims): Credential | null | Promise<Credential | null> {
    // A token of this installation that belongs to no session, such as a program's, is somebody else's matter.
    const sid = claims["sid"];
    if (!isSessionId(sid)) return null;
    const peek = () => this.#peek(sid, claims);
    return peek() ?? this.#standings.find(() => this.#sessions.get(sid), peek);
  }

  #peek(sid: string, claims: VerifiedClaims): Credential | undefined {
    const session = this.#sessions.peek(sid);
    return session && this.#standings.make(claims, session, (_, standing) => toCredential(session, standing, claims));
  }
}

function toNull(error: unknown): null {
  if (!(error instanceof JwtRefusal)) throw error;
  // One that we have signed: its holder guesses nothing, and can be told.
  if (error.problem === "expired") {
    throw new UnauthenticatedError("This access token has expired. Renew the session with refreshSession.");
  }
  return null;
}

function toSessionState({ id, tenantId, userId, createdAt, expiresAt, endedAt }: Session): SessionState {
  return { id, tenantId, userId, createdAt, expiresAt, endedAt, customRoleId: null };
}

function toCredential(session: SessionState, { tenant, user, userRole }: Standing, claims: VerifiedClaims): Credential {
  // Both are there: `find` and `make` have seen to it.
  const { name, role, status, since, teamIds } = user as UserState;
  const hasEnded =
    session.endedAt !== null ||
    claims.sub !== session.userId ||
    beganBefore(session.createdAt, since === null ? null : new Date(since));
  return {
    kind: "session",
    id: session.id,
    name,
    role,
    customRole: userRole,
    permissions: [],
    grantableScopes: null,
    tenantId: session.tenantId,
    tenantSuspended: tenant?.status !== "ACTIVE",
    userId: session.userId,
    userStatus: status,
    userRole: role,
    userCustomRole: userRole,
    teamIds,
    expiresAt: Math.min(claims.exp * 1000, session.expiresAt.getTime()),
    revokedAt: hasEnded ? (session.endedAt?.getTime() ?? 0) : null,
    supersededAt: null,
  };
}
