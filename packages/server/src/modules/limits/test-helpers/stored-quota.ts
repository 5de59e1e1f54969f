import { createId } from "@keyplane/schema";
import type { Database, Prisma } from "../../../platform/database/index.js";

/** A quota of a tenant of its own, that nobody has used. @returns its id. */
export async function addQuota(
  { prisma }: Database,
  now: number,
  given: Partial<Prisma.QuotaUncheckedCreateInput> & { readonly limit: number },
): Promise<string> {
  const at = new Date(now);
  const [tenantId, id] = [createId("Tenant"), createId("Quota")];
  const times = { createdAt: at, updatedAt: at };
  await prisma.tenant.create({ data: { id: tenantId, slug: tenantId, name: "Tenant", ...times } });
  const usual = { refill: "NEVER", timeZone: "UTC", anchor: at, periodStart: at } as const;
  await prisma.quota.create({ data: { id, tenantId, targetId: tenantId, ...usual, ...times, ...given } });
  return id;
}

/** What counts as used of a quota in the database, with what servers hold. */
export async function usedOf({ prisma }: Database, id: string): Promise<number> {
  return (await prisma.quota.findUniqueOrThrow({ where: { id } })).used;
}
