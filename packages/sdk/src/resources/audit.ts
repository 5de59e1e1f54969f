import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type { RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { AuditRecord } from "../entities.js";
import { repeatability } from "./repeatability.js";

/** Which changes to list. What is left out does not matter. */
export interface ListAuditArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  readonly filter?: Inputs.AuditFilter | undefined;
  /** How many changes to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * The audit log: who changed what, when, from where. Needs the permission `audit:read`.
 */
export class Audit {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** Every change that the token may see, newest first. */
  list({ pageSize, ...filter }: ListAuditArguments = {}, options?: RequestOptions): PaginatedList<AuditRecord> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListAuditDocument, variables, repeatability.read, options)).auditLog;
    }, pageSize);
  }
}
