import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, type Database } from "@keyplane/server";
import { QuotaAccounts } from "../../packages/server/src/modules/limits/quotas/quota-accounts.js";
import { UseFolder } from "../../packages/server/src/modules/limits/quotas/use-folder.js";
import type { TestClock } from "./clock.js";

/** A server that took a part of a quota, was killed, and whose data folder did not come back. */
export interface LostServer {
  readonly holder: string;
  /** Its data folder comes back after all, and a server starts on it. */
  comesBack(): Promise<void>;
}

/** @param used how much it has used, in calls that cost 1. */
export async function loseServer(
  { database, clock }: { readonly database: Database; readonly clock: TestClock },
  quotaId: string,
  used: number,
): Promise<LostServer> {
  const [dataDir, elsewhere] = [
    mkdtempSync(join(tmpdir(), "keyplane-lost-")),
    mkdtempSync(join(tmpdir(), "keyplane-lost-")),
  ];
  const open = async () => {
    const folder = await UseFolder.open(dataDir);
    return { folder, accounts: new QuotaAccounts({ database, clock, logger: createLogger("error"), folder }) };
  };
  const { folder, accounts } = await open();
  await accounts.ask(quotaId, used);
  for (let call = 0; call < used; call++) accounts.get(quotaId).charge(1);
  accounts.abandon();
  cpSync(dataDir, elsewhere, { recursive: true });
  rmSync(dataDir, { recursive: true });
  // By the clock of the database, which no test moves.
  const anHourAgo = new Date(Date.now() - 3_600_000);
  await database.prisma.quotaHolder.update({ where: { id: folder.holder }, data: { heardAt: anHourAgo } });
  return {
    holder: folder.holder,
    async comesBack() {
      cpSync(elsewhere, dataDir, { recursive: true });
      const next = await open();
      await next.accounts.adopt();
      await next.accounts.stop();
      for (const path of [dataDir, elsewhere]) rmSync(path, { recursive: true });
    },
  };
}
