import type { Principal } from "../auth/index.js";

/** Who made a change, as the audit log keeps it. */
export interface AuditActor {
  readonly type: "management_token" | "oauth_client" | "user" | "trusted_issuer" | "anonymous" | "system";
  readonly id: string;
  readonly name: string;
  readonly address: string | null;
  readonly requestId: string;
}

/** A person is known by their own id, whatever they use; a program by that of its token or client. */
function whoOf({ kind, id, userId }: Principal): Pick<AuditActor, "type" | "id"> {
  if (kind === "management_token" || kind === "anonymous") return { type: kind, id };
  return userId === null ? { type: "oauth_client", id } : { type: "user", id: userId };
}

/** The caller of a request as an actor. */
export function actorOf(principal: Principal): AuditActor {
  return {
    ...whoOf(principal),
    name: principal.name,
    address: principal.address,
    requestId: principal.requestId,
  };
}

/** Somebody who has just shown who they are, by a password or a link, in a request that carries no token. */
export function userActor(
  user: { readonly id: string; readonly name: string },
  origin: { readonly address: string | null; readonly requestId: string },
): AuditActor {
  return { type: "user", id: user.id, name: user.name, address: origin.address, requestId: origin.requestId };
}

/** Keyplane itself, e.g. when it makes the first management token. */
export const systemActor: AuditActor = {
  type: "system",
  id: "keyplane",
  name: "Keyplane",
  address: null,
  requestId: "start",
};

/** One change that somebody made. */
export interface AuditRecord {
  readonly id: string;
  readonly tenantId: string | null;
  readonly actorType: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly action: string;
  readonly targetType: string;
  readonly targetId: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
  readonly address: string | null;
  readonly requestId: string;
  readonly createdAt: Date;
}
