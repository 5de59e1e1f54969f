import type DataLoader from "dataloader";
import type { ApiGrantReads, ApiGrants, ApiReads, Apis } from "../modules/apis/index.js";
import type { Audit } from "../modules/audit/index.js";
import type { Principal } from "../modules/auth/index.js";
import type { Diagnose, ResolveInvalidUser } from "../modules/diagnosis/index.js";
import type { KeyEvents, Progress } from "../modules/events/index.js";
import type { Integrity } from "../modules/integrity/index.js";
import type { KeyReads, KeySecrets, Keys, PendingSecret, Verify } from "../modules/keys/index.js";
import type { Lifecycle } from "../modules/lifecycle/index.js";
import type { LimitReads, Limits } from "../modules/limits/index.js";
import type { OAuthClients, TrustedIssuers } from "../modules/oauth/index.js";
import type { RoleReads, Roles } from "../modules/roles/index.js";
import type { Passwords, Sessions, SignIn } from "../modules/sessions/index.js";
import type { TeamReads, Teams } from "../modules/teams/index.js";
import type { TenantReads, Tenants } from "../modules/tenants/index.js";
import type { Tokens } from "../modules/tokens/index.js";
import type { RecordUsage, Usage } from "../modules/usage/index.js";
import type { UserReads, Users } from "../modules/users/index.js";
import type { Can } from "../modules/viewer/index.js";
import type { WebhookDeliveries, Webhooks } from "../modules/webhooks/index.js";
import type { Clock } from "../platform/clock.js";
import type { Api, CustomRole, Key, Quota, Team, Tenant, User } from "../platform/database/index.js";

/** What resolvers may call. Add a service here, in its group in `compose/`, and in `compose.ts`. */
export interface Services {
  readonly apiGrantReads: ApiGrantReads;
  readonly apiGrants: ApiGrants;
  readonly apiReads: ApiReads;
  readonly apis: Apis;
  readonly audit: Audit;
  readonly can: Can;
  readonly clock: Clock;
  readonly diagnose: Diagnose;
  readonly integrity: Integrity;
  readonly keyEvents: KeyEvents;
  readonly keyReads: KeyReads;
  readonly keySecrets: KeySecrets;
  readonly keys: Keys;
  readonly limitReads: LimitReads;
  readonly limits: Limits;
  readonly lifecycle: Lifecycle;
  readonly oauthClients: OAuthClients;
  readonly passwords: Passwords;
  readonly recordUsage: RecordUsage;
  readonly resolveInvalidUser: ResolveInvalidUser;
  readonly roleReads: RoleReads;
  readonly roles: Roles;
  readonly teamReads: TeamReads;
  readonly teams: Teams;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly tenantReads: TenantReads;
  readonly tenants: Tenants;
  readonly tokens: Tokens;
  readonly trustedIssuers: TrustedIssuers;
  readonly usage: Usage;
  readonly userReads: UserReads;
  readonly users: Users;
  readonly verify: Verify;
  readonly webhookDeliveries: WebhookDeliveries;
  readonly webhooks: Webhooks;
}

/** The context of one GraphQL request. */
export interface Context {
  /** Who calls. There is no request without a caller: whoever is not known is turned away before GraphQL begins. */
  readonly principal: Principal;
  readonly services: Services;
  /** Aborts when nobody waits for the answer any more; subscriptions end then. */
  readonly signal: AbortSignal;
  /** What a subscription to events says of how far it has come; heartbeats tell it on. */
  readonly progress: Progress;
  /** One query for all entities of a kind that the request needs; made when first used. */
  readonly loaders: Loaders;
}

export interface Loaders {
  readonly apis: DataLoader<string, Api | null>;
  readonly keys: DataLoader<string, Key | null>;
  readonly pendingSecrets: DataLoader<string, PendingSecret | null>;
  /** Who holds parts of quotas. */
  readonly leases: ReturnType<Services["limitReads"]["leaseLoader"]>;
  readonly quotas: DataLoader<string, Quota | null>;
  readonly roles: DataLoader<string, CustomRole | null>;
  readonly teams: DataLoader<string, Team | null>;
  readonly tenants: DataLoader<string, Tenant | null>;
  readonly users: DataLoader<string, User | null>;
}

/** The loaders of one request: what they remember must not outlive it. */
export function createLoaders(services: Services, principal: Principal): Loaders {
  let apis: Loaders["apis"] | undefined;
  let keys: Loaders["keys"] | undefined;
  let leases: Loaders["leases"] | undefined;
  let pendingSecrets: Loaders["pendingSecrets"] | undefined;
  let quotas: Loaders["quotas"] | undefined;
  let roles: Loaders["roles"] | undefined;
  let teams: Loaders["teams"] | undefined;
  let tenants: Loaders["tenants"] | undefined;
  let users: Loaders["users"] | undefined;
  return {
    get apis() {
      apis ??= services.apiReads.loader(principal);
      return apis;
    },
    get keys() {
      keys ??= services.keyReads.loader(principal);
      return keys;
    },
    get pendingSecrets() {
      pendingSecrets ??= services.keyReads.pendingSecretLoader();
      return pendingSecrets;
    },
    get leases() {
      leases ??= services.limitReads.leaseLoader();
      return leases;
    },
    get quotas() {
      quotas ??= services.limitReads.quotaLoader();
      return quotas;
    },
    get roles() {
      roles ??= services.roleReads.loader(principal);
      return roles;
    },
    get teams() {
      teams ??= services.teamReads.loader(principal);
      return teams;
    },
    get tenants() {
      tenants ??= services.tenantReads.loader(principal);
      return tenants;
    },
    get users() {
      users ??= services.userReads.loader(principal);
      return users;
    },
  };
}
