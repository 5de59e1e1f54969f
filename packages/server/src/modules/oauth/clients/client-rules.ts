import type { Permission, Role } from "@keyplane/schema";
import { type InputIssue, InvalidInputError } from "../../../platform/errors.js";
import {
  authorizeKeyScopes,
  authorizeRole,
  authorizeUnlimited,
  type Principal,
  permissionsWithin,
} from "../../auth/index.js";
import type { GrantType } from "./clients.input.js";

/** What a client may be given, as far as the rules look at it. */
export interface ClientShape {
  readonly role: Role;
  readonly permissions: readonly string[];
  readonly grantTypes: readonly GrantType[];
  readonly redirectUris: readonly string[];
  readonly isPublic: boolean;
}

/** What a client may do and give, and where. */
interface Reach {
  readonly role: Role;
  readonly permissions: readonly string[];
  readonly grantableScopes: readonly string[];
  readonly restrictScopes: boolean;
}

/**
 * Nobody grants more than they have: whoever hands out a client's secret, or says where its codes go, grants what the client may do.
 * Its limit of scopes is its own; its secret works without an end.
 *
 * @throws ForbiddenError
 */
export function authorizeReach(principal: Principal, client: Reach, tenantId: string | null): void {
  const granted =
    client.permissions.length > 0 ? (client.permissions as Permission[]) : permissionsWithin(client.role, tenantId);
  authorizeRole(principal, client.role, granted);
  authorizeKeyScopes(principal, client.restrictScopes ? client.grantableScopes : null);
  authorizeUnlimited(principal, client.role, granted, true);
}

/** What is wrong with a client, beyond what its creator may not give. */
export function refuseMeaningless(client: ClientShape, tenantId: string | null): void {
  const issues: InputIssue[] = [];
  const ofRole: readonly string[] = permissionsWithin(client.role, tenantId);
  const beyond = client.permissions.filter((permission) => !ofRole.includes(permission));
  if (beyond.length > 0) {
    const who = `A client with the role ${client.role}${tenantId === null ? "" : " in a tenant"}`;
    const message = `${who} cannot have ${beyond.join(", ")}. Leave it out, or choose another role.`;
    issues.push({ path: ["permissions"], message });
  }
  const may = (type: GrantType): boolean => client.grantTypes.includes(type);
  if (may("AUTHORIZATION_CODE") && client.redirectUris.length === 0) {
    issues.push({
      path: ["redirectUris"],
      message: "Name where users return to, e.g. https://app.example.com/callback.",
    });
  }
  if (may("REFRESH_TOKEN") && !may("AUTHORIZATION_CODE")) {
    const message = "REFRESH_TOKEN needs AUTHORIZATION_CODE: a client that acts for itself asks with its secret again.";
    issues.push({ path: ["grantTypes"], message });
  }
  if (may("CLIENT_CREDENTIALS") && client.isPublic) {
    issues.push({ path: ["grantTypes"], message: "CLIENT_CREDENTIALS needs a secret, which a public client has not." });
  }
  if (issues.length > 0) throw new InvalidInputError(issues);
}
