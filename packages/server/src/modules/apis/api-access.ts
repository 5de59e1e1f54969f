import { type ApiGrantRecord, type AskedApi, askedApi } from "@keyplane/schema";
import type { Database } from "../../platform/database/index.js";
import { EntityCache } from "../../platform/entity-cache.js";
import type { Limited } from "../../platform/limited.js";
import type { DomainEvent, EventListener } from "../events/index.js";
import { findApisOfTenant } from "./apis.store.js";
import { findGrantsOfKey } from "./grants.store.js";
import { type ApiState, toApiState } from "./lib/versions.js";

/** A key, as far as access to APIs goes. */
interface KeyOf {
  readonly id: string;
  readonly tenantId: string;
}

interface ApisOfTenant {
  readonly apis: readonly ApiState[];
}

interface GrantsOfKey {
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
  readonly #apis: EntityCache<ApisOfTenant>;
  readonly #grants: EntityCache<GrantsOfKey>;

  /** @param options.max how many tenants, and how many keys, are remembered at most. */
  constructor({ database, max }: { database: Database; max: number }) {
    this.#apis = new EntityCache<ApisOfTenant>({
      max,
      load: async (tenantId) => ({ apis: (await findApisOfTenant(database.prisma, tenantId)).map(toApiState) }),
    });
    this.#grants = new EntityCache<GrantsOfKey>({
      max,
      load: async (keyId) => ({ grants: await findGrantsOfKey(database.prisma, keyId) }),
    });
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
