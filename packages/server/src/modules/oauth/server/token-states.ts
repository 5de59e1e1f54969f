import type { Clock } from "../../../platform/clock.js";
import type { Database } from "../../../platform/database/index.js";
import { EntityCache } from "../../../platform/entity-cache.js";
import type { DomainEvent, EventListener } from "../../events/index.js";
import { rowsOfToken } from "./artifacts.js";

/** Each is about 200 bytes. */
const maxRows = 100_000;

/** Whether a row is there, and until when; epoch milliseconds. */
interface RowState {
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
        const row = await database.prisma.oAuthArtifact.findUnique({ where: { id }, select: { expiresAt: true } });
        return { expiresAt: row?.expiresAt.getTime() ?? null };
      },
    });
  }

  /** @param grantId what a user granted; null: the client acts for itself. */
  async isRevoked(jti: string, grantId: string | null): Promise<boolean> {
    const rows = rowsOfToken(jti, grantId);
    if (await this.#isThere(rows.revoked)) return true;
    return rows.grant !== null && !(await this.#isThere(rows.grant));
  }

  onEvent({ type, subjectId }: DomainEvent): void {
    if (type === "OAUTH_TOKEN_REVOKED" && subjectId !== undefined) this.#rows.forget(subjectId);
  }

  onGap(): void {
    this.#rows.forgetAll();
  }

  async #isThere(id: string): Promise<boolean> {
    const row = await this.#rows.get(id);
    return row !== null && row.expiresAt !== null && this.#clock.now() < row.expiresAt;
  }
}
