import { kindOfId } from "@keyplane/schema";
import type { Clock } from "../../platform/clock.js";
import type { Database, Session } from "../../platform/database/index.js";
import { ForbiddenError, InvalidInputError, NotFoundError } from "../../platform/errors.js";
import { type Page, type PageArguments, pageByCreation } from "../../platform/pages.js";
import { idSchema, parseArguments, parseInput } from "../../platform/validation.js";
import { actorOf } from "../audit/index.js";
import { authorize, type Principal, visibleTo } from "../auth/index.js";
import type { Events } from "../events/index.js";
import type { Users } from "../users/index.js";
import type { SessionEnds } from "./session-ends.js";
import { signOutEverywhereSchema } from "./sessions.input.js";
import * as store from "./sessions.store.js";

const order = "sessions.CREATED_AT_DESC";

export type Sessions = ReturnType<typeof createSessions>;

/** Who is signed in, and how that ends. */
export function createSessions(deps: {
  clock: Clock;
  database: Database;
  ends: SessionEnds;
  events: Events;
  users: Pick<Users, "lock">;
}) {
  const { clock, database, ends, events, users } = deps;
  const isOwn = (principal: Principal, userId: string | undefined): boolean =>
    principal.kind === "session" && (userId === undefined || userId === principal.userId);

  return {
    /** Ends the caller's session. @throws ForbiddenError for a caller who has none. */
    async signOut(principal: Principal): Promise<Session> {
      if (principal.kind !== "session") {
        throw new ForbiddenError("A management token has no session to end. Revoke it with revokeManagementToken.");
      }
      return events.transaction(async (tx) => {
        const session = await store.lockSession(tx, principal.id);
        if (!session) throw new NotFoundError("session");
        return ends.end(tx, session, actorOf(principal), "signed out");
      });
    },

    /**
     * Ends all sessions of the caller, the present one included; or, with `sessions:revoke`, those of another user.
     *
     * @throws NotFoundError for a user whom the caller may not see; ForbiddenError.
     */
    async signOutEverywhere(principal: Principal, rawInput: unknown): Promise<{ endedSessions: number }> {
      const { userId } = parseInput(signOutEverywhereSchema, rawInput);
      const own = isOwn(principal, userId);
      if (!own) authorize(principal, "sessions:revoke");
      const whose = userId ?? principal.userId;
      if (whose === null) {
        throw new InvalidInputError([{ path: ["userId"], message: "Your token acts for nobody: name the user." }]);
      }
      return events.transaction(async (tx) => {
        const user = await users.lock(tx, principal, whose);
        const reason = own ? "signed out everywhere" : "signed out by an administrator";
        return { endedSessions: await ends.endAll(tx, user.id, { actor: actorOf(principal), reason }) };
      });
    },

    /**
     * The sessions that have not ended, newest first: the caller's own, or, with `sessions:read`, those of a user or of everybody
     * whom the caller may see.
     */
    async list(principal: Principal, rawUserId: unknown, page: PageArguments): Promise<Page<Session>> {
      const given = parseArguments(idSchema.nullish(), rawUserId) ?? undefined;
      const own = isOwn(principal, given);
      if (!own) authorize(principal, "sessions:read");
      const userId = own ? (principal.userId ?? undefined) : given;
      const visibility = visibleTo(principal);
      const now = new Date(clock.now());
      return pageByCreation(page, {
        order,
        read: (after, take) => store.listSessions(database.prisma, visibility, { userId, now, after, take }),
        totalCount: () => store.countSessions(database.prisma, visibility, userId, now),
      });
    },
  };
}

/** Whether an id may be that of a session. */
export function isSessionId(id: unknown): id is string {
  return typeof id === "string" && kindOfId(id) === "Session";
}
