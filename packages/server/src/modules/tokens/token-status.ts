import type { ManagementToken } from "../../platform/database/index.js";

/** The states of a management token by itself. Its user or tenant may refuse it all the same. */
export const managementTokenStatuses = {
  ACTIVE: { description: "Neither revoked nor expired." },
  EXPIRED: { description: "Its expiresAt has been reached." },
  REVOKED: { description: "Refused for good." },
} as const satisfies Record<string, { readonly description: string }>;

export type ManagementTokenStatus = keyof typeof managementTokenStatuses;

/** The status of a token at an instant. A revocation weighs most. */
export function tokenStatusAt(
  { revokedAt, expiresAt }: Pick<ManagementToken, "revokedAt" | "expiresAt">,
  now: number,
): ManagementTokenStatus {
  if (revokedAt) return "REVOKED";
  return expiresAt && now >= expiresAt.getTime() ? "EXPIRED" : "ACTIVE";
}
