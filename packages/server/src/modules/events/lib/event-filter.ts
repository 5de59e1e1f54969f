import { type KeyEventType, keyEventTypes } from "@keyplane/schema";
import type { StoredEvent } from "../event.js";

/** Which events a reader gets. What is undefined does not matter; all that is given must hold. */
export interface EventFilter {
  readonly tenantId: string | undefined;
  /** Those of the keys that this user has or had, and of the user and tenant themselves. */
  readonly userId: string | undefined;
  /** And those of the keys of these teams, and of their owners. Counts only with `userId`. */
  readonly teamIds: readonly string[];
  readonly types: readonly KeyEventType[] | undefined;
  readonly keyIds: readonly string[] | undefined;
  /** Nothing at all: what is asked for lies outside of the caller's bounds. */
  readonly nothing: boolean;
}

/** Makes the test that an event must pass. `whereOf` in the store says the same in SQL. */
export function createMatcher(filter: EventFilter): (event: StoredEvent) => boolean {
  const types = filter.types && new Set<string>(filter.types);
  const keyIds = filter.keyIds && new Set(filter.keyIds);
  const { tenantId, userId, teamIds, nothing } = filter;
  return (event) => {
    if (nothing || !isPublic(event.type)) return false;
    if (tenantId !== undefined && event.tenantId !== tenantId) return false;
    if (types && !types.has(event.type)) return false;
    if (keyIds && (event.keyId === null || !keyIds.has(event.keyId))) return false;
    return userId === undefined || concerns(event, userId) || event.teamIds.some((id) => teamIds.includes(id));
  };
}

function concerns({ keyId, userId, formerUserId }: StoredEvent, user: string): boolean {
  const isOfTenant = keyId === null && userId === null;
  return isOfTenant || userId === user || formerUserId === user;
}

/** The types that the public contract has; the others are for Keyplane's own processes. */
export function isPublic(type: string): type is KeyEventType {
  return Object.hasOwn(keyEventTypes, type);
}
