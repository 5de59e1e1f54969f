import {
  environments,
  errorCodes,
  keyEventTypes,
  keyStatuses,
  limitTargets,
  permissions,
  resyncReasons,
  roles,
  tenantStatuses,
  userStatuses,
  verdictCodes,
} from "@keyplane/schema";
import { builder } from "./builder.js";

type Table = Readonly<Record<string, { readonly description?: string; readonly message?: string }>>;

/** A GraphQL enum from a registry: its values and their descriptions stand in one place, the registry. */
export function enumOf<Registry extends Table>(name: string, description: string, registry: Registry) {
  const names = Object.keys(registry) as (keyof Registry & string)[];
  const values = Object.fromEntries(
    names.map((key) => [key, { value: key, description: registry[key]?.description ?? registry[key]?.message }]),
  ) as { [Name in keyof Registry & string]: { value: Name; description: string } };
  return builder.enumType(name, { description, values });
}

export const EnvironmentEnum = enumOf(
  "Environment",
  "Whether a key is for real calls or for trying out.",
  environments,
);
export const TenantStatusEnum = enumOf("TenantStatus", "Whether a tenant's keys can be accepted.", tenantStatuses);
export const UserStatusEnum = enumOf("UserStatus", "Whether a user's keys can be accepted.", userStatuses);
export const KeyStatusEnum = enumOf(
  "KeyStatus",
  "The status of a key by itself. Its owner and tenant may refuse it all the same: ask `verifyKey` for a verdict.",
  keyStatuses,
);
export const KeyEventTypeEnum = enumOf(
  "KeyEventType",
  "What has happened to a key, to its owner, or to its tenant.",
  keyEventTypes,
);
export const ResyncReasonEnum = enumOf("ResyncReason", "Why a reader of events must read keys again.", resyncReasons);
export const LimitTargetEnum = enumOf("LimitTarget", "What a limit is set on.", limitTargets);
export const RoleEnum = enumOf("Role", "What somebody may do.", roles);
export const ErrorCodeEnum = enumOf("ErrorCode", "Why a request was refused.", errorCodes);
export const VerdictCodeEnum = enumOf(
  "VerdictCode",
  "Why a key is or is not valid: the first reason that applies. docs/reference/verdict-codes.md has them in the order of the checks.",
  verdictCodes,
);

/** GraphQL names cannot hold a colon: `keys:read` is KEYS_READ. */
const permissionEntries = Object.entries(permissions).map(
  ([name, { description }]) => [name.replace(":", "_").toUpperCase(), { value: name, description }] as const,
);

export const PermissionEnum = builder.enumType("Permission", {
  description: "One thing that a caller may do.",
  values: Object.fromEntries(permissionEntries) as Record<
    string,
    { value: keyof typeof permissions; description: string }
  >,
});
