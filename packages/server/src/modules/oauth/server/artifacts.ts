import type { Clock } from "../../../platform/clock.js";
import type { Database, OAuthArtifact, Transaction } from "../../../platform/database/index.js";
import type { SecretBox } from "../../../platform/secret-box.js";
import { type Audit, type AuditActor, systemActor } from "../../audit/index.js";
import type { Events } from "../../events/index.js";
import type { UserStates } from "../../users/index.js";
import * as store from "./artifacts.store.js";
import { artifactId } from "./artifacts.store.js";
import { currentOrigin } from "./request-scope.js";

/** What the library keeps between two requests. */
export type Payload = Readonly<Record<string, unknown>>;

/** The kind of row that says of an access token that it was revoked. Access tokens themselves are not kept. */
const revokedKind = "RevokedToken";

export type Artifacts = ReturnType<typeof createArtifacts>;

/** Keeps what the authorization server remembers: sealed, under digests, until it expires. */
export function createArtifacts(deps: {
  audit: Audit;
  clock: Clock;
  database: Database;
  events: Events;
  secretBox: SecretBox;
  userStates: UserStates;
}) {
  const { audit, clock, database, events, secretBox, userStates } = deps;
  const purposeOf = (id: string): string => `oauth:${id}`;

  function open(row: OAuthArtifact): Payload | undefined {
    const text = secretBox.open(row.payload, purposeOf(row.id));
    // Sealed by another encryption key: nobody can use it any more.
    if (text === null) return undefined;
    const payload = JSON.parse(text) as Payload;
    return row.consumedAt ? { ...payload, consumed: Math.floor(row.consumedAt.getTime() / 1000) } : payload;
  }

  function rowOf(kind: string, id: string, payload: Payload, ttlMs: number) {
    const rowId = artifactId(kind, id);
    const text = (name: string): string | null => (typeof payload[name] === "string" ? payload[name] : null);
    const grantId = kind === "Grant" ? id : text("grantId");
    const uid = kind === "Session" ? text("uid") : null;
    const now = clock.now();
    return {
      id: rowId,
      kind,
      payload: secretBox.seal(JSON.stringify(payload), purposeOf(rowId)),
      groupId: grantId !== null ? artifactId("Grant", grantId) : uid === null ? null : artifactId("SessionUid", uid),
      clientId: text("clientId"),
      userId: text("accountId"),
      expiresAt: new Date(now + ttlMs),
      createdAt: new Date(now),
    };
  }

  /** The user who is signed in at the authorization server. */
  async function actorOf(userId: string | null): Promise<AuditActor> {
    const user = userId === null ? null : await userStates.get(userId);
    if (!user) return { ...systemActor, ...currentOrigin() };
    return { type: "user", id: user.id, name: user.name, ...currentOrigin() };
  }

  async function tell(
    tx: Transaction,
    actor: AuditActor,
    change: {
      action: string;
      clientId: string;
      rowId: string;
      before: object | null;
      after: object | null;
      reason?: string;
    },
  ): Promise<void> {
    const { action, clientId, rowId, before, after, reason } = change;
    const client = await tx.oAuthClient.findUnique({ where: { id: clientId }, select: { tenantId: true } });
    const tenantId = client?.tenantId ?? null;
    await audit.record(tx, {
      actor,
      action,
      tenantId,
      target: { type: "OAuthClient", id: clientId },
      before,
      after,
      reason,
    });
    await events.append(tx, { type: "OAUTH_TOKEN_REVOKED", tenantId, subjectId: rowId });
  }

  /** Whether it is of a user who was disabled since, or is no more: being enabled again does not bring it back. */
  async function isOver({ userId, createdAt }: OAuthArtifact): Promise<boolean> {
    const user = userId === null ? null : await userStates.get(userId);
    return user !== null && user.since !== null && createdAt.getTime() < user.since;
  }

  return {
    async save(kind: string, id: string, payload: Payload, ttlSeconds: number): Promise<void> {
      const row = rowOf(kind, id, payload, ttlSeconds * 1000);
      if (kind !== "Grant" || row.clientId === null) return store.upsertArtifact(database.prisma, row);
      const { clientId, userId } = row;
      const actor = await actorOf(userId);
      await events.transaction(async (tx) => {
        await store.upsertArtifact(tx, row);
        const after = { userId, openid: payload["openid"] ?? null, resources: payload["resources"] ?? null };
        await tell(tx, actor, { action: "oauth_grant.given", clientId, rowId: row.id, before: null, after });
      });
    },

    async find(kind: string, id: string): Promise<Payload | undefined> {
      const row = await store.findArtifact(database.prisma, artifactId(kind, id), new Date(clock.now()));
      return row && !(await isOver(row)) ? open(row) : undefined;
    },

    async findSession(uid: string): Promise<Payload | undefined> {
      const now = new Date(clock.now());
      const row = await store.findArtifactOfGroup(database.prisma, "Session", artifactId("SessionUid", uid), now);
      return row && !(await isOver(row)) ? open(row) : undefined;
    },

    /** The identifier of what a user has granted a client. */
    async findGrantId(clientId: string, userId: string): Promise<string | undefined> {
      const row = await store.findGrantOf(database.prisma, clientId, userId, new Date(clock.now()));
      const jti = row && !(await isOver(row)) && open(row)?.["jti"];
      return typeof jti === "string" ? jti : undefined;
    },

    /** Uses what can be used once. @returns false when somebody else was first; all that came of its grant is then gone. */
    async consume(kind: string, id: string): Promise<boolean> {
      const rowId = artifactId(kind, id);
      if (await store.consumeArtifact(database.prisma, rowId, new Date(clock.now()))) return true;
      const row = await database.prisma.oAuthArtifact.findUnique({ where: { id: rowId } });
      if (row?.groupId) await this.revokeGrantRow(row.groupId);
      return false;
    },

    /** Forgets one; a grant with all that came of it. */
    async remove(kind: string, id: string): Promise<void> {
      if (kind === "Grant") return this.revokeGrantRow(artifactId(kind, id));
      await store.deleteArtifact(database.prisma, artifactId(kind, id));
    },

    async removeOfGrant(kind: string, grantId: string): Promise<void> {
      await store.deleteGroup(database.prisma, artifactId("Grant", grantId), kind);
    },

    /** Takes a grant back: every token that came of it is refused from the next request on. */
    async revokeGrantRow(grantRowId: string): Promise<void> {
      await events.transaction(async (tx) => {
        const grant = await store.deleteArtifact(tx, grantRowId);
        await store.deleteGroup(tx, grantRowId);
        if (!grant?.clientId) return;
        const before = { userId: grant.userId, createdAt: grant.createdAt };
        const actor = { ...systemActor, ...currentOrigin() };
        const { clientId } = grant;
        await tell(tx, actor, { action: "oauth_grant.revoked", clientId, rowId: grantRowId, before, after: null });
      });
    },

    /**
     * Ends all that a user's sign-ins here have led to: the authorization server's own session, and what was granted to clients with
     * every token of it. In the transaction of what is the reason for it.
     */
    async endOfUser(
      tx: Transaction,
      userId: string,
      { actor, reason }: { readonly actor: AuditActor; readonly reason: string },
    ): Promise<void> {
      for (const grant of await store.deleteOfUser(tx, userId, revokedKind)) {
        if (grant.kind !== "Grant" || grant.clientId === null) continue;
        const before = { userId, createdAt: grant.createdAt };
        const change = { action: "oauth_grant.revoked", clientId: grant.clientId, rowId: grant.id, before, reason };
        await tell(tx, actor, { ...change, after: null });
      }
    },

    /** Refuses one access token from the next request on, until it would have expired anyway. */
    async revokeToken(token: {
      jti: string;
      clientId: string;
      userId: string | null;
      expiresAt: number;
    }): Promise<void> {
      const { jti, clientId, userId, expiresAt } = token;
      const row = rowOf(revokedKind, jti, { clientId, accountId: userId }, expiresAt - clock.now());
      await events.transaction(async (tx) => {
        await store.upsertArtifact(tx, row);
        const actor = { ...systemActor, ...currentOrigin() };
        const before = { userId, jti };
        await tell(tx, actor, { action: "oauth_token.revoked", clientId, rowId: row.id, before, after: null });
      });
    },

    /** A chore: forgets what has expired. */
    sweep: (): Promise<void> => store.deleteExpired(database.prisma, new Date(clock.now())),
  };
}

/** The row that says whether a token was revoked, and the one that says whether its grant still stands. */
export function rowsOfToken(jti: string, grantId: string | null): { revoked: string; grant: string | null } {
  return { revoked: artifactId(revokedKind, jti), grant: grantId === null ? null : artifactId("Grant", grantId) };
}
