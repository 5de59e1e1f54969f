import type { Database, Session } from "../../platform/database/index.js";
import { EntityCache } from "../../platform/entity-cache.js";
import { KeyplaneError, UnauthenticatedError } from "../../platform/errors.js";
import type { Credential } from "../auth/index.js";
import type { DomainEvent, EventListener } from "../events/index.js";
import type { RoleState, RoleStates } from "../roles/index.js";
import { JwtRefusal, type Signing, type VerifiedClaims } from "../signing/index.js";
import type { TenantState, TenantStates } from "../tenants/index.js";
import type { UserState, UserStates } from "../users/index.js";
import { accessTokenType, beganBefore } from "./session-tokens.js";
import { isSessionId } from "./sessions.service.js";
import { findSession } from "./sessions.store.js";

/** How many sessions are remembered. */
const maxSessions = 20_000;
/** Tries to put a credential together of states that change meanwhile; more would be a fault. */
const maxAttempts = 20;

interface Composed {
  readonly tenant: TenantState;
  readonly user: UserState;
  readonly role: RoleState | null;
  readonly credential: Credential;
}

/**
 * Finds the credential of an access token: its signature is verified once, and its session, user, custom role and tenant are remembered apart until
 * an event names them. So an access token is good no longer than its session, in all processes.
 */
export class SessionCredentials implements EventListener {
  readonly #sessions: EntityCache<Session>;
  readonly #composed = new WeakMap<Session, WeakMap<VerifiedClaims, Composed>>();
  readonly #tenants: TenantStates;
  readonly #users: UserStates;
  readonly #roles: RoleStates;
  readonly #signing: Pick<Signing, "verify">;
  readonly #audience: () => string;

  constructor(deps: {
    database: Database;
    signing: Pick<Signing, "verify">;
    tenantStates: TenantStates;
    userStates: UserStates;
    roleStates: RoleStates;
    /** Whom access tokens must be for. */
    audience: () => string;
  }) {
    this.#tenants = deps.tenantStates;
    this.#users = deps.userStates;
    this.#roles = deps.roleStates;
    this.#signing = deps.signing;
    this.#audience = deps.audience;
    this.#sessions = new EntityCache<Session>({
      max: maxSessions,
      load: (id) => findSession(deps.database.prisma, id),
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
    return this.#peek(sid, claims) ?? this.#read(sid, claims);
  }

  #peek(sid: string, claims: VerifiedClaims): Credential | undefined {
    const session = this.#sessions.peek(sid);
    const tenant = session && this.#tenants.peek(session.tenantId);
    const user = session && this.#users.peek(session.userId);
    if (!session || !tenant || !user) return undefined;
    const role = user.customRoleId === null ? null : this.#roles.peek(user.customRoleId);
    if (role === undefined) return undefined;
    let ofSession = this.#composed.get(session);
    if (!ofSession) {
      ofSession = new WeakMap();
      this.#composed.set(session, ofSession);
    }
    let composed = ofSession.get(claims);
    if (composed?.tenant !== tenant || composed.user !== user || composed.role !== role) {
      composed = { tenant, user, role, credential: toCredential(session, tenant, user, role, claims) };
      ofSession.set(claims, composed);
    }
    return composed.credential;
  }

  async #read(sid: string, claims: VerifiedClaims): Promise<Credential | null> {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const session = await this.#sessions.get(sid);
      if (!session) return null;
      const [tenant, user] = await Promise.all([this.#tenants.get(session.tenantId), this.#users.get(session.userId)]);
      if (!tenant || !user) return null;
      if (user.customRoleId !== null) await this.#roles.get(user.customRoleId);
      const credential = this.#peek(sid, claims);
      if (credential) return credential;
    }
    throw new KeyplaneError("UNAVAILABLE", "The session could not be read consistently. Try again.");
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

function toCredential(
  session: Session,
  tenant: TenantState,
  user: UserState,
  customRole: RoleState | null,
  claims: VerifiedClaims,
): Credential {
  const hasEnded =
    session.endedAt !== null ||
    claims.sub !== session.userId ||
    beganBefore(session.createdAt, user.since === null ? null : new Date(user.since));
  return {
    kind: "session",
    id: session.id,
    name: user.name,
    role: user.role,
    customRole,
    permissions: [],
    grantableScopes: null,
    tenantId: session.tenantId,
    tenantSuspended: tenant.status !== "ACTIVE",
    userId: session.userId,
    userStatus: user.status,
    userRole: user.role,
    userCustomRole: customRole,
    teamIds: user.teamIds,
    expiresAt: Math.min(claims.exp * 1000, session.expiresAt.getTime()),
    revokedAt: hasEnded ? (session.endedAt?.getTime() ?? 0) : null,
    supersededAt: null,
  };
}
