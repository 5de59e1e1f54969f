import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import { endable } from "../client/endable.js";
import type { KeyplaneError } from "../client/errors.js";
import type { RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import { reconnecting } from "../client/reconnecting.js";
import type { Runtime } from "../client/runtime.js";
import type { Subscribe } from "../client/subscription.js";
import type { Send } from "../client/transport.js";
import type { KeyEvent, KeyEventMessage } from "../entities.js";
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

/** Which events to follow, and from where on. */
export interface FollowKeyEventsArguments extends Omit<ListKeyEventsArguments, "pageSize"> {
  /**
   * The last cursor that you have: what came after it is told first. An empty text is answered with the place to begin at,
   * as a `ResyncRequired`. Default: from now on.
   */
  readonly after?: string | undefined;
}

/** How to follow. */
export interface FollowKeyEventsOptions extends Omit<RequestOptions, "maxRetries"> {
  /** Told each time that the connection was lost: why, and after how many milliseconds it is tried again. */
  readonly onInterrupted?: ((error: KeyplaneError, pauseMs: number) => void) | undefined;
}

/** What the resource needs of the client. */
interface KeyEventsTransport {
  readonly send: Send;
  readonly subscribe: Subscribe;
  readonly runtime: Runtime;
}

/**
 * What happened to keys, their owners and tenants. Needs the permission `keys:read`.
 */
export class KeyEvents {
  readonly #client: KeyEventsTransport;

  /** @internal */
  constructor(client: KeyEventsTransport) {
    this.#client = client;
  }

  /** Every event that the token may see, oldest first, for as long as the server keeps events. */
  list({ pageSize, ...filter }: ListKeyEventsArguments = {}, options?: RequestOptions): PaginatedList<KeyEvent> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      const { send } = this.#client;
      return (await send(documents.ListKeyEventsDocument, variables, repeatability.read, options)).keyEvents;
    }, pageSize);
  }

  /**
   * What happens, as it happens, each event once and in its order: `for await (const message of keyplane.keyEvents.follow())`. It
   * goes on until you stop: by `break`, `return()` or the signal, none of which throws. When the connection is lost, it is
   * opened again after a pause that grows from 1 s to 30 s, and goes on after the last event.
   *
   * A `ResyncRequired` says that events were missed, and why: read again what you keep, then go on. To verify keys, use a guard,
   * which does all of this by itself.
   *
   * @throws AuthenticationError, PermissionError, RequestError: what no reconnecting would mend.
   */
  follow(
    { after, ...which }: FollowKeyEventsArguments = {},
    { signal: outer, onInterrupted, ...call }: FollowKeyEventsOptions = {},
  ): AsyncIterableIterator<KeyEventMessage> {
    const { subscribe, runtime } = this.#client;
    return endable(async function* (signal) {
      let cursor = after;
      const connect = (onOpen: () => void) =>
        subscribe(documents.FollowKeyEventsDocument, { ...which, after: cursor }, { ...call, signal, onOpen });
      for await (const { keyEvents } of reconnecting(connect, { signal, onInterrupted }, runtime)) {
        cursor = keyEvents.cursor;
        yield keyEvents;
      }
    }, outer);
  }
}
