import type { ApiRecord, ApiVersionRecord } from "@keyplane/schema";
import type { Api } from "../../../platform/database/index.js";
import { type Limited, limitedOf } from "../../../platform/limited.js";

/** The states of a version of an API. */
export const apiVersionStatuses = {
  ACTIVE: { description: "In service." },
  DEPRECATED: { description: "In service; its callers are told to move to another version." },
  RETIRED: { description: "Refused." },
} as const satisfies Record<string, { readonly description: string }>;

/** The state of a version of an API. */
export type ApiVersionStatus = keyof typeof apiVersionStatuses;

/** The versions of an API, as its row keeps them. */
export function versionsOf({ versions }: Pick<Api, "versions">): readonly ApiVersionRecord[] {
  return versions as unknown as ApiVersionRecord[];
}

/** The state of a version at a moment. */
export function versionStatusAt({ deprecatedAt, retiredAt }: ApiVersionRecord, now: number): ApiVersionStatus {
  if (retiredAt !== null && retiredAt <= now) return "RETIRED";
  return deprecatedAt !== null && deprecatedAt <= now ? "DEPRECATED" : "ACTIVE";
}

/** What verification must know of an API, with its limits, under which all calls are that name it. */
export interface ApiState extends ApiRecord {
  readonly limited: Limited | null;
}

export function toApiState(row: Api): ApiState {
  const limited = limitedOf(row);
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    isOpen: row.access === "OPEN",
    isDeleted: row.deletedAt !== null,
    isLimited: limited !== null,
    limited,
    versions: versionsOf(row),
  };
}
