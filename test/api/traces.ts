import type { World } from "../testkit/index.js";

/** How much the server has kept of changes to a thing: audit records of it and events that name it. */
export async function tracesOf(world: World, id: string): Promise<{ records: number; events: number }> {
  const { prisma } = world.server.keyplane.database;
  return {
    records: await prisma.auditRecord.count({ where: { targetId: id } }),
    events: await prisma.event.count({ where: { OR: [{ tenantId: id }, { userId: id }, { keyId: id }] } }),
  };
}
