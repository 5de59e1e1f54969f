/**
 * The roles of a caller.
 *
 * Add it here: add the role, then name it in the entries of `permissions.ts` that it should have.
 */

/** The registry of roles. */
export const roles = {
  ADMIN: {
    description: "May create, read, update and delete users, keys and management tokens, and read the audit log.",
  },
  DEVELOPER: {
    description:
      "May read tenants, users, keys and usage, verify keys, report usage, request access to APIs, and rotate their own keys; changes nothing else.",
  },
  GUEST: { description: "May only ask who it is (`viewer`), and read public APIs." },
} as const satisfies Record<string, { readonly description: string }>;

/** The role of a user or of a management token. */
export type Role = keyof typeof roles;
