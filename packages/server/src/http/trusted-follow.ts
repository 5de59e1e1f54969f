import { docsUrlForError, type KeyEventType, keyEventTypes, resyncReasons } from "@keyplane/schema";
import type { Principal } from "../modules/auth/index.js";
import type { KeyEventMessage, KeyEvents, Progress } from "../modules/events/index.js";
import { KeyplaneError } from "../platform/errors.js";
import { faultOf } from "../platform/fault.js";
import type { EventChunks } from "./open-streams.js";
import { createTrustedDocument } from "./trusted-document.js";

/** What SDKs send. Its fields are those of {@link dataOf}. When they change, its hash takes the place of the old one. */
const variablesOf = createTrustedDocument({
  operation: "FollowKeyEvents",
  hashes: ["88311934fa9aefc0bd738facc76b528b9c98eed631917b9146090ee31e45d64d"],
  maxBytes: 65_536,
});

/**
 * Follows `keyEvents` for an SDK without executing GraphQL for each event and reader, with the very same data: an event is put
 * into words once for all who follow.
 *
 * @returns null for whatever is not exactly that, or is refused: GraphQL then answers it, and words what is wrong.
 */
export type TrustedFollow = (
  body: Buffer,
  principal: Principal,
  options: { readonly ending: AbortController; readonly progress: Progress },
) => Promise<EventChunks | null>;

export function createTrustedFollow(keyEvents: KeyEvents): TrustedFollow {
  const chunkOf = createChunks();
  return async (body, principal, { ending, progress }) => {
    const variables = variablesOf(body);
    if (!variables || !areVariables(variables)) return null;
    try {
      const { after, tenantId, types, keyIds } = variables;
      const messages = await keyEvents.follow(
        principal,
        { after, tenantId, types, keyIds },
        { signal: ending.signal, progress },
      );
      return {
        async read() {
          const { done, value } = await messages.next();
          return done ? { done: true } : { done: false, value: chunkOf(value, principal.requestId) };
        },
        async cancel() {
          // It waits for the next event, and would go on waiting.
          ending.abort();
          await messages.return(undefined);
        },
      };
    } catch (error) {
      // GraphQL meets the same refusal and answers with it.
      if (error instanceof KeyplaneError) return null;
      throw error;
    }
  };
}

/** The variables of the SDK's document. */
interface Variables {
  readonly tenantId?: string | null;
  readonly types?: readonly KeyEventType[] | null;
  readonly keyIds?: readonly string[] | null;
  readonly after?: string | null;
}

/** Whether they have the types that GraphQL asks for. What it would have to coerce, it may. */
function areVariables(value: Record<string, unknown>): value is Record<string, unknown> & Variables {
  const { tenantId, types, keyIds, after } = value;
  const isText = (text: unknown): boolean => text == null || typeof text === "string";
  const isType = (type: unknown): boolean => typeof type === "string" && Object.hasOwn(keyEventTypes, type);
  return isText(tenantId) && isText(after) && areAll(types, isType) && areAll(keyIds, (id) => typeof id === "string");
}

function areAll(list: unknown, is: (item: unknown) => boolean): boolean {
  return list == null || (Array.isArray(list) && list.every(is));
}

/** Makes the words for a message, once for all readers who are told of it at about the same time. */
function createChunks(): (message: KeyEventMessage, requestId: string) => Uint8Array {
  let last: { cursor: string; chunk: Uint8Array } = { cursor: "", chunk: new Uint8Array() };
  return (message, requestId) => {
    if (message.kind === "failure") return encode({ errors: [failureOf(message.error, requestId)] }, true);
    if (message.kind === "event" && message.cursor === last.cursor) return last.chunk;
    const chunk = encode({ data: { keyEvents: dataOf(message) } });
    if (message.kind === "event") last = { cursor: message.cursor, chunk };
    return chunk;
  };
}

/** The fields that the SDK's document selects, in its order. */
function dataOf(message: Exclude<KeyEventMessage, { kind: "failure" }>): Record<string, unknown> {
  if (message.kind === "resync") {
    const { cursor, code } = message;
    return { __typename: "ResyncRequired", cursor, code, reason: resyncReasons[code].description };
  }
  const { cursor, type, occurredAt, tenantId, keyId, userId, reason } = message;
  return { __typename: "KeyEvent", cursor, type, occurredAt, tenantId, keyId, userId, reason };
}

function failureOf(error: unknown, requestId: string): Record<string, unknown> {
  const { code, message } = error instanceof KeyplaneError ? error : faultOf(error, requestId);
  return { message, extensions: { code, docsUrl: docsUrlForError(code), requestId } };
}

/** GraphQL over server-sent events, "distinct connections mode". */
function encode(result: object, isLast = false): Uint8Array {
  const end = isLast ? "event: complete\ndata:\n\n" : "";
  return Buffer.from(`event: next\ndata: ${JSON.stringify(result)}\n\n${end}`);
}
