import type { Verdict } from "../entities.js";
import type { HeldSecret } from "./held.js";

/** An event may have overtaken the answer, which must not bring back what it has refused. What else it said has to be read. */
export function isOvertaken({ key, owner, tenantId }: Verdict, hasChanged: (id: string) => boolean): boolean {
  return [key?.id, owner?.id, tenantId].some((id) => id != null && hasChanged(id));
}

/** Whether something was told of the key, its owner or its tenant. */
export function concerns({ key: { state } }: HeldSecret, hasChanged: (id: string) => boolean): boolean {
  return [state.id, state.ownerId, state.tenantId].some(hasChanged);
}
