import { type Environment, environments, type KeyStatus, keyStatuses } from "@keyplane/schema";
import { z } from "zod";
import type { Prisma } from "../../platform/database/index.js";
import { idSchema, searchSchema } from "../../platform/validation.js";
import { metadataProblem, unstorable } from "./lib/metadata.js";

type MetadataFilter = Readonly<Record<string, string | number | boolean | null>>;

const metadataFilterSchema = z.custom<MetadataFilter>(
  isMetadataFilter,
  'Give a JSON object of at most 10 fields, each with a text, a number, true, false or null, e.g. {"plan":"pro"}.',
);

function isMetadataFilter(filter: unknown): boolean {
  if (metadataProblem(filter) !== null) return false;
  const entries = Object.entries(filter as object);
  return entries.length <= 10 && entries.every(([, value]) => typeof value !== "object" || value === null);
}

/** What to look for among keys. Absent means any; deleted keys only when `deleted` is true. Add a filter here. */
export const keyFilterSchema = z.object({
  tenantId: idSchema.nullish(),
  ownerId: idSchema.nullish(),
  teamId: idSchema.nullish(),
  status: z.enum(Object.keys(keyStatuses) as KeyStatus[]).nullish(),
  environment: z.enum(Object.keys(environments) as Environment[]).nullish(),
  /** Keys that carry this scope. */
  scope: z
    .string()
    .min(1, "Give a scope, e.g. orders:read, or leave the filter out.")
    .max(128, "Shorten the scope: none has more than 128 characters.")
    .refine((scope) => !unstorable.test(scope), "Remove the character U+0000 and halves of surrogate pairs.")
    .nullish(),
  /** Keys that have not expired yet and will before this time. */
  expiringBefore: z.date().nullish(),
  /** Keys not used since this time, and created before it. */
  unusedSince: z.date().nullish(),
  /** true: keys with an expiry; false: keys that never expire. */
  expires: z.boolean().nullish(),
  /** Keys whose metadata has all of these top-level fields with these values. */
  metadata: metadataFilterSchema.nullish(),
  /** Text within the name or the visible start, in any case. */
  search: searchSchema.nullish(),
  deleted: z.boolean().nullish(),
});

export type KeyFilter = z.output<typeof keyFilterSchema>;

const notExpired = (now: Date): Prisma.KeyWhereInput => ({ OR: [{ expiresAt: null }, { expiresAt: { gt: now } }] });

/** The same rules as `keyStatusAt`, as conditions of the store. */
const statusConditions: Record<KeyStatus, (now: Date) => Prisma.KeyWhereInput> = {
  REVOKED: () => ({ revokedAt: { not: null } }),
  EXPIRED: (now) => ({ revokedAt: null, expiresAt: { lte: now } }),
  QUARANTINED: (now) => ({ revokedAt: null, quarantinedAt: { not: null }, AND: [notExpired(now)] }),
  DISABLED: (now) => ({ revokedAt: null, quarantinedAt: null, disabledAt: { not: null }, AND: [notExpired(now)] }),
  ACTIVE: (now) => ({ revokedAt: null, quarantinedAt: null, disabledAt: null, AND: [notExpired(now)] }),
};

/** A filter as a condition of the store. */
export function keyFilterCondition(filter: KeyFilter, now: Date): Prisma.KeyWhereInput {
  const conditions: Prisma.KeyWhereInput[] = [{ deletedAt: filter.deleted ? { not: null } : null }];
  if (filter.tenantId != null) conditions.push({ tenantId: filter.tenantId });
  if (filter.ownerId != null) conditions.push({ ownerId: filter.ownerId });
  if (filter.teamId != null) conditions.push({ teamId: filter.teamId });
  if (filter.status != null) conditions.push(statusConditions[filter.status](now));
  if (filter.environment != null) conditions.push({ environment: filter.environment });
  if (filter.scope != null) conditions.push({ scopes: { has: filter.scope } });
  if (filter.expiringBefore != null) conditions.push({ expiresAt: { gt: now, lt: filter.expiringBefore } });
  if (filter.unusedSince != null) {
    const since = filter.unusedSince;
    conditions.push({ OR: [{ lastUsedAt: { lt: since } }, { lastUsedAt: null, createdAt: { lt: since } }] });
  }
  if (filter.expires != null) conditions.push({ expiresAt: filter.expires ? { not: null } : null });
  for (const [name, value] of Object.entries(filter.metadata ?? {})) {
    conditions.push({ metadata: { path: [name], equals: value as Prisma.InputJsonValue } });
  }
  if (filter.search != null) {
    const contains = { contains: filter.search, mode: "insensitive" as const };
    conditions.push({ OR: [{ name: contains }, { start: contains }] });
  }
  return { AND: conditions };
}
