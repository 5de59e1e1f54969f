import type { Role } from "@keyplane/schema";
import { LRUCache } from "lru-cache";
import type { Database, TrustedIssuer } from "../../../platform/database/index.js";
import { EntityCache } from "../../../platform/entity-cache.js";
import type { Remembered } from "../../../platform/entity-states.js";
import type { DomainEvent, EventListener } from "../../events/index.js";
import type { IssuerMatch, RoleMapping } from "./issuers.input.js";
import { activeKeyOf, findActiveKeys, findIssuerByKey } from "./issuers.store.js";

/** Issuers are few beside keys; the bound only stops a flood. */
const maxIssuers = 10_000;
/** How many unknown pairs of issuer and audience are remembered, so that guesses cost no look-up twice. */
const maxUnknown = 10_000;

/** What the tokens of an issuer are judged by. */
export interface IssuerState {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
  readonly roleClaim: readonly string[];
  readonly roleMapping: readonly RoleMapping[];
  readonly defaultRole: Role | null;
  readonly matchBy: IssuerMatch;
  readonly createUsers: boolean;
}

/** The issuers that are trusted, by issuer and audience, remembered until an event tells that one has changed. */
export class IssuerStates implements EventListener {
  readonly #states: EntityCache<IssuerState>;
  readonly #unknown = new LRUCache<string, true>({ max: maxUnknown });
  /** Pairs that were trusted once: asking for one of them again is no guess. */
  readonly #found = new LRUCache<string, true>({ max: maxIssuers });
  /** How often something changed: what was looked for meanwhile is not unknown. */
  #changes = 0;

  readonly #database: Database;

  constructor({ database }: { database: Database }) {
    this.#database = database;
    this.#states = new EntityCache<IssuerState>({
      max: maxIssuers,
      load: async (key) => {
        const row = await findIssuerByKey(database.prisma, key);
        return row && toIssuerState(row);
      },
    });
  }

  /** Reads which issuers are trusted, so that after a restart too their users are not taken for somebody who guesses. */
  async warmUp(): Promise<void> {
    for (const key of await findActiveKeys(this.#database.prisma, maxIssuers)) this.#found.set(key, true);
  }

  /** Whether finding this out makes no look-up that a caller could cause at will. */
  isKnown(issuer: string, audiences: readonly string[]): boolean {
    const keys = audiences.map((audience) => activeKeyOf(issuer, audience));
    return keys.every((key) => this.#unknown.has(key) || this.#found.has(key));
  }

  /** The issuer that is trusted for one of these audiences; null when there is none. */
  async find(issuer: string, audiences: readonly string[]): Promise<IssuerState | null> {
    for (const audience of audiences) {
      const key = activeKeyOf(issuer, audience);
      if (this.#unknown.has(key)) continue;
      const changes = this.#changes;
      const state = await this.#states.get(key);
      if (state) {
        this.#found.set(key, true);
        return state;
      }
      if (changes === this.#changes) this.#unknown.set(key, true);
    }
    return null;
  }

  /** What is remembered of issuers, by issuer and audience, for whoever compares it with the store. */
  get memory(): Remembered<IssuerState> {
    return this.#states;
  }

  /** Changes are few, and one may concern a pair that is not remembered yet: everything is forgotten. */
  onEvent({ type }: DomainEvent): void {
    if (type === "TRUSTED_ISSUER_CHANGED") this.onGap();
  }

  onGap(): void {
    this.#changes++;
    this.#unknown.clear();
    this.#states.forgetAll();
  }
}

function toIssuerState(row: TrustedIssuer): IssuerState {
  const { id, tenantId, name, issuer, audience, roleClaim, defaultRole, matchBy, createUsers } = row;
  const roleMapping = row.roleMapping as unknown as RoleMapping[];
  return { id, tenantId, name, issuer, audience, roleClaim, roleMapping, defaultRole, matchBy, createUsers };
}
