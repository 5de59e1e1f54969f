import { type ApiGrantRecord, type AskedApi, askedApi } from "@keyplane/schema";
import type { Database } from "../../platform/database/index.js";
import { EntityStates, type Remembered } from "../../platform/entity-states.js";
import type { Limited } from "../../platform/limited.js";
import type { DomainEvent, EventListener } from "../events/index.js";
import { findApisOfTenants } from "./apis.store.js";
import { findGrantsOfKeys } from "./grants.store.js";
import { type ApiState, toApiState } from "./lib/versions.js";

/** A key, as far as access to APIs goes. */
interface KeyOf {
  readonly id: string;
  readonly tenantId: string;
}

/** By the tenant's id. */
interface ApisOfTenant {
  readonly id: string;
  readonly apis: readonly ApiState[];
}

/** By the key's id. */
interface GrantsOfKey {
  readonly id: string;
  readonly grants: readonly ApiGrantRecord[];
}

/** The API that a call asked for, with the limits under which all calls of it are; left out: it has none. */
export interface FoundApi extends AskedApi {
  readonly limited?: Limited | null;
}

/**
 * Says how keys stand to APIs: from memory, without any promise, once it was asked. The APIs of a tenant and the grants of a key are
 * remembered apart, each until an event names tenant or key, and only where somebody asks for an API.
 */
export class ApiAccess implements EventListener {
  readonly #apis: EntityStates<ApisOfTenant>;
  readonly #grants: EntityStates<GrantsOfKey>;

  /** @param options.max how many tenants, and how many keys, are remembered at most. */
  constructor({ database, max }: { database: Database; max: number }) {
    const apisOf = async (ids: readonly string[]): Promise<ApisOfTenant[]> => {
      const apis = new Map<string, ApiState[]>(ids.map((id) => [id, []]));
      for (const row of await findApisOfTenants(database.prisma, ids)) apis.get(row.tenantId)?.push(toApiState(row));
      return [...apis].map(([id, found]) => ({ id, apis: found }));
    };
    const grantsOf = async (ids: readonly string[]): Promise<GrantsOfKey[]> => {
      const grants = new Map<string, ApiGrantRecord[]>(ids.map((id) => [id, []]));
      for (const { keyId, apiId, status } of await findGrantsOfKeys(database.prisma, ids))
        grants.get(keyId)?.push({ apiId, status });
      return [...grants].map(([id, found]) => ({ id, grants: found }));
    };
    // A tenant may have hundreds of APIs, and a key access to as many.
    const load = async (id: string): Promise<ApisOfTenant | null> => (await apisOf([id]))[0] ?? null;
    this.#apis = new EntityStates({ max, load, loadMany: apisOf, atOnce: 2 });
    const loadGrants = async (id: string): Promise<GrantsOfKey | null> => (await grantsOf([id]))[0] ?? null;
    this.#grants = new EntityStates({ max, load: loadGrants, loadMany: grantsOf, atOnce: 20 });
  }

  /** What is remembered of the APIs of tenants, for whoever compares it with the store. */
  get apiMemory(): Remembered<ApisOfTenant> {
    return this.#apis;
  }

  /** The same of the grants of keys. */
  get grantMemory(): Remembered<GrantsOfKey> {
    return this.#grants;
  }

  /** @returns undefined where the tenant never had an API, so that there is nothing to check. */
  find(key: KeyOf, asked: string): FoundApi | undefined | Promise<FoundApi | undefined> {
    const apis = this.#apis.peek(key.tenantId)?.apis;
    if (apis?.length === 0) return undefined;
    const grants = this.#grants.peek(key.id)?.grants;
    return apis && grants ? foundApi(apis, grants, asked) : this.#read(key, asked);
  }

  onEvent({ type, tenantId, keyId }: DomainEvent): void {
    if (keyId !== undefined) this.#grants.forget(keyId);
    if (type === "TENANT_UPDATED" && tenantId !== null) this.#apis.forget(tenantId);
  }

  onGap(): void {
    this.#apis.forgetAll();
    this.#grants.forgetAll();
  }

  async #read({ id, tenantId }: KeyOf, asked: string): Promise<FoundApi | undefined> {
    const [apis, grants] = await Promise.all([this.#apis.get(tenantId), this.#grants.get(id)]);
    return foundApi(apis?.apis ?? [], grants?.grants ?? [], asked);
  }
}

function foundApi(apis: readonly ApiState[], grants: readonly ApiGrantRecord[], name: string): FoundApi | undefined {
  const asked = askedApi(apis, grants, name);
  if (!asked?.isLimited) return asked;
  return { ...asked, limited: apis.find(({ id }) => id === asked.found?.id)?.limited ?? null };
}
