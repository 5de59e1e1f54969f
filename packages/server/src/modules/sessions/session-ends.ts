import type { Clock } from "../../platform/clock.js";
import type { Session, Transaction } from "../../platform/database/index.js";
import type { Audit, AuditActor } from "../audit/index.js";
import type { Events } from "../events/index.js";
import { findLiveSessionsOf, updateSession } from "./sessions.store.js";

export type SessionEnds = ReturnType<typeof createSessionEnds>;

/** Ends sessions: each end with its audit record, and an event after which no process accepts its access tokens. */
export function createSessionEnds(deps: {
  audit: Audit;
  clock: Clock;
  events: Events;
  /** Ends what a user has signed in to further to the right: at the authorization server, and for its clients. */
  endElsewhere: (
    tx: Transaction,
    userId: string,
    how: { readonly actor: AuditActor; readonly reason: string },
  ) => Promise<void>;
}) {
  const { audit, clock, events, endElsewhere } = deps;

  async function end(tx: Transaction, session: Session, actor: AuditActor, reason: string): Promise<Session> {
    if (session.endedAt !== null) return session;
    const after = await updateSession(tx, session.id, { endedAt: new Date(clock.now()), endedReason: reason });
    await audit.record(tx, {
      actor,
      action: "session.ended",
      tenantId: session.tenantId,
      target: { type: "Session", id: session.id },
      before: session,
      after,
      reason,
    });
    const { id: sessionId, tenantId, userId } = session;
    await events.append(tx, { type: "SESSION_ENDED", tenantId, userId, sessionId, reason });
    return after;
  }

  return {
    end,

    /** Ends all sessions of a user, and all that the user has granted to OAuth clients. @returns how many sessions. */
    async endAll(
      tx: Transaction,
      userId: string,
      how: { readonly actor: AuditActor; readonly reason: string; readonly except?: string | undefined },
    ): Promise<number> {
      const sessions = await findLiveSessionsOf(tx, userId, new Date(clock.now()));
      const ending = sessions.filter(({ id }) => id !== how.except);
      for (const session of ending) await end(tx, session, how.actor, how.reason);
      await endElsewhere(tx, userId, { actor: how.actor, reason: how.reason });
      return ending.length;
    },
  };
}
