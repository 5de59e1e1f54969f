/**
 * Every permission, and the roles that have it.
 *
 * Add it here: add the entry, then require it on the field that it protects. Whatever is not listed is not permitted.
 */
import type { Role } from "./roles.js";

/** One permission of the registry. */
export interface PermissionEntry {
  /** What the permission allows. */
  readonly description: string;
  /** True when only a caller of the whole installation can have it, never one that belongs to a single tenant. */
  readonly installationOnly: boolean;
  /** The roles that have it. */
  readonly roles: readonly Role[];
}

const admin = ["ADMIN"] as const;
const adminAndDeveloper = ["ADMIN", "DEVELOPER"] as const;

/** The registry of permissions. */
export const permissions = {
  "tenants:read": { description: "Read tenants.", installationOnly: false, roles: adminAndDeveloper },
  "tenants:create": { description: "Create tenants.", installationOnly: true, roles: admin },
  "tenants:update": { description: "Change a tenant's name, slug and policy.", installationOnly: false, roles: admin },
  "tenants:suspend": { description: "Suspend and resume tenants.", installationOnly: true, roles: admin },
  "users:read": {
    description: "Read users, custom roles and teams.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "users:create": { description: "Create users.", installationOnly: false, roles: admin },
  "users:update": { description: "Change users.", installationOnly: false, roles: admin },
  "users:disable": { description: "Disable and enable users.", installationOnly: false, roles: admin },
  "users:delete": { description: "Delete users.", installationOnly: false, roles: admin },
  "roles:create": { description: "Create custom roles.", installationOnly: false, roles: admin },
  "roles:update": { description: "Change custom roles.", installationOnly: false, roles: admin },
  "roles:delete": { description: "Delete custom roles.", installationOnly: false, roles: admin },
  "teams:create": { description: "Create teams.", installationOnly: false, roles: admin },
  "teams:update": { description: "Change teams and their members.", installationOnly: false, roles: admin },
  "teams:delete": { description: "Delete teams.", installationOnly: false, roles: admin },
  "apis:read": {
    description: "Read all APIs. Public ones everybody of the tenant may read.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "apis:create": { description: "Create APIs.", installationOnly: false, roles: admin },
  "apis:update": { description: "Change APIs and their versions.", installationOnly: false, roles: admin },
  "apis:delete": { description: "Delete APIs.", installationOnly: false, roles: admin },
  "grants:read": {
    description: "Read which keys may call which APIs.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "grants:request": {
    description: "Request access to APIs for keys.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "grants:approve": {
    description: "Give, approve, refuse and revoke the access of keys to APIs.",
    installationOnly: false,
    roles: admin,
  },
  "keys:read": {
    description: "Read keys and their events; never their secrets.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "keys:create": { description: "Create keys.", installationOnly: false, roles: admin },
  "keys:update": { description: "Change keys.", installationOnly: false, roles: admin },
  "keys:disable": { description: "Disable and enable keys.", installationOnly: false, roles: admin },
  "keys:rotate": { description: "Give keys a new secret.", installationOnly: false, roles: admin },
  "keys:rotate_own": {
    description: "Give one's own keys a new secret: those whose owner is the user whom the caller acts for.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "keys:reissue": { description: "Reissue keys to another owner.", installationOnly: false, roles: admin },
  "keys:revoke": { description: "Revoke keys for good.", installationOnly: false, roles: admin },
  "keys:delete": { description: "Delete keys, and restore deleted ones.", installationOnly: false, roles: admin },
  "keys:report": {
    description: "Report keys that were found in public; the tenant's policy says what then happens to them.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "keys:verify": {
    description: "Verify keys: learn whether a presented key is valid, and why not.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "keys:diagnose": {
    description: "Diagnose keys: learn which check refuses a key, since when, and what mends it.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "limits:update": {
    description:
      "Set rate limits of keys, users and APIs, and quotas of keys and users; top quotas up, reset and remove them. Those of a tenant only with a token of the whole installation.",
    installationOnly: false,
    roles: admin,
  },
  "usage:read": {
    description: "Read usage: counts, the call log, refused attempts and exports.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "usage:record": {
    description: "Report usage of keys that were verified elsewhere.",
    installationOnly: false,
    roles: adminAndDeveloper,
  },
  "keys:release": {
    description: "Release quarantined keys.",
    installationOnly: false,
    roles: admin,
  },
  "integrity:read": { description: "Read integrity checks and what they found.", installationOnly: true, roles: admin },
  "integrity:run": { description: "Begin integrity checks.", installationOnly: true, roles: admin },
  "metrics:read": {
    description: "Read the server's own metrics, for monitoring.",
    installationOnly: true,
    roles: admin,
  },
  "tokens:read": {
    description: "Read management tokens; never their secrets.",
    installationOnly: false,
    roles: admin,
  },
  "tokens:create": { description: "Create management tokens.", installationOnly: false, roles: admin },
  "tokens:rotate": { description: "Give management tokens a new secret.", installationOnly: false, roles: admin },
  "tokens:revoke": { description: "Revoke management tokens.", installationOnly: false, roles: admin },
  "clients:read": { description: "Read OAuth clients; never their secrets.", installationOnly: false, roles: admin },
  "clients:create": { description: "Create OAuth clients.", installationOnly: false, roles: admin },
  "clients:update": { description: "Change OAuth clients.", installationOnly: false, roles: admin },
  "clients:rotate": { description: "Give OAuth clients a new secret.", installationOnly: false, roles: admin },
  "clients:disable": { description: "Disable and enable OAuth clients.", installationOnly: false, roles: admin },
  "clients:delete": { description: "Delete OAuth clients for good.", installationOnly: false, roles: admin },
  "issuers:read": { description: "Read trusted issuers, and test them.", installationOnly: false, roles: admin },
  "issuers:create": {
    description: "Trust the tokens of an external issuer.",
    installationOnly: false,
    roles: admin,
  },
  "issuers:update": { description: "Change trusted issuers.", installationOnly: false, roles: admin },
  "issuers:delete": { description: "Stop to trust an external issuer.", installationOnly: false, roles: admin },
  "webhooks:read": {
    description: "Read webhooks and their deliveries; never secrets.",
    installationOnly: false,
    roles: admin,
  },
  "webhooks:create": {
    description: "Create webhooks, which hear of everything that happens to a tenant's keys; needs `keys:read`, too.",
    installationOnly: false,
    roles: admin,
  },
  "webhooks:update": {
    description: "Change, disable, enable and test webhooks, give them a new secret, and send deliveries again.",
    installationOnly: false,
    roles: admin,
  },
  "webhooks:delete": { description: "Delete webhooks.", installationOnly: false, roles: admin },
  "sessions:read": {
    description: "Read other people's sessions: who is signed in, since when and from where.",
    installationOnly: false,
    roles: admin,
  },
  "sessions:revoke": { description: "Sign other people out everywhere.", installationOnly: false, roles: admin },
  "audit:read": { description: "Read the audit log.", installationOnly: false, roles: admin },
} as const satisfies Record<string, PermissionEntry>;

/** The name of a permission. */
export type Permission = keyof typeof permissions;

const everyPermission: ReadonlyArray<[string, PermissionEntry]> = Object.entries(permissions);

function listFor(role: Role): readonly Permission[] {
  const granted = everyPermission.filter(([, entry]) => entry.roles.includes(role));
  return Object.freeze(granted.map(([name]) => name as Permission));
}

const permissionsByRole: Readonly<Record<Role, readonly Permission[]>> = {
  ADMIN: listFor("ADMIN"),
  DEVELOPER: listFor("DEVELOPER"),
  GUEST: listFor("GUEST"),
};

/**
 * The permissions that a role has, in the registry's order. They include those marked `installationOnly`; a caller that
 * belongs to one tenant does not have these, whatever its role.
 */
export function permissionsOf(role: Role): readonly Permission[] {
  return permissionsByRole[role];
}
