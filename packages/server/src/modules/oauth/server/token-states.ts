import type { Clock } from "../../../platform/clock.js";
import type { Database } from "../../../platform/database/index.js";
import { EntityCache } from "../../../platform/entity-cache.js";
import type { DomainEvent, EventListener } from "../../events/index.js";
import { rowsOfToken } from "./artifacts.js";

/** Each is about 200 bytes. */
const maxRows = 100_000;

/** Whether a row is there, since when and until when; epoch milliseconds. */
interface RowState {
  readonly createdAt: number | null;
  readonly expiresAt: number | null;
}

/** Whether access tokens were revoked, or their grants taken back: from memory once known. */
export class TokenStates implements EventListener {
  readonly #rows: EntityCache<RowState>;
  readonly #clock: Clock;

  constructor({ database, clock }: { database: Database; clock: Clock }) {
    this.#clock = clock;
    this.#rows = new EntityCache<RowState>({
      max: maxRows,
      load: async (id) => {
        const row = await database.prisma.oAuthArtifact.findUnique({
          where: { id },
          select: { createdAt: true, expiresAt: true },
        });
        return { createdAt: row?.createdAt.getTime() ?? null, expiresAt: row?.expiresAt.getTime() ?? null };
      },
    });
  }

  /**
   * @param grantId what a user granted; null: the client acts for itself.
   * @param since when the user was last disabled or enabled: what was granted before is over; null: never.
   */
  async isRevoked(jti: string, grantId: string | null, since: number | null): Promise<boolean> {
    const rows = rowsOfToken(jti, grantId);
    if (await this.#isThere(rows.revoked, null)) return true;
    return rows.grant !== null && !(await this.#isThere(rows.grant, since));
  }

  onEvent({ type, subjectId }: DomainEvent): void {
    if (type === "OAUTH_TOKEN_REVOKED" && subjectId !== undefined) this.#rows.forget(subjectId);
  }

  onGap(): void {
    this.#rows.forgetAll();
  }

  async #isThere(id: string, since: number | null): Promise<boolean> {
    const row = await this.#rows.get(id);
    if (!row || row.createdAt === null || row.expiresAt === null) return false;
    return this.#clock.now() < row.expiresAt && (since === null || row.createdAt >= since);
  }
}
