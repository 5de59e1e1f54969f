import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type { RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { KeyEvent } from "../entities.js";
import { repeatability } from "./repeatability.js";

/** Which events to list. What is left out does not matter. */
export interface ListKeyEventsArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  readonly types?: readonly Inputs.KeyEventType[] | undefined;
  /** Those of these keys, at most 1000. What happens to a whole user or tenant has no key and is left out, too. */
  readonly keyIds?: readonly string[] | undefined;
  /** How many events to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * What happened to keys, their owners and tenants. Needs the permission `keys:read`.
 */
export class KeyEvents {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /** Every event that the token may see, oldest first, for as long as the server keeps events. */
  list({ pageSize, ...filter }: ListKeyEventsArguments = {}, options?: RequestOptions): PaginatedList<KeyEvent> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListKeyEventsDocument, variables, repeatability.read, options)).keyEvents;
    }, pageSize);
  }
}
