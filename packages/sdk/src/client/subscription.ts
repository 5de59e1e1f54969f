import { type CredentialSource, withToken } from "../credentials/credential-source.js";
import { type AnswerContext, type RawAnswer, readAnswer } from "./answer.js";
import { readBody } from "./body-text.js";
import { throwIfAborted, withDeadline } from "./deadline.js";
import { type RequestDocument, textOfDocument } from "./document.js";
import { AuthenticationError, ConnectionError, ServerError } from "./errors.js";
import { EventStreamParser, EventTooLargeError } from "./event-stream.js";
import { openResponse, readWhole } from "./exchange.js";
import type { FetchResponse, RequestOptions, ResolvedOptions } from "./options.js";
import { ReopeningError } from "./reopening.js";
import { withCallOptions } from "./resolve-options.js";
import type { Runtime } from "./runtime.js";

/** How one stream is read. */
export interface SubscribeOptions extends Omit<RequestOptions, "maxRetries"> {
  /**
   * How long nothing may come, not even a sign of life, before the connection counts as dead, in milliseconds. Servers
   * send such a sign every few seconds. Default: 45000.
   */
  readonly idleTimeoutMs?: number | undefined;
  /** Called when the server has accepted the subscription, which may be long before the first event. */
  readonly onOpen?: (() => void) | undefined;
  /** Called with each comment of the stream, in its place: every event before it was taken already. */
  readonly onComment?: ((comment: string) => void) | undefined;
}

/**
 * Opens one stream of events and answers the data of each. It ends when the server says that it is complete. Nothing is
 * sent before the first event is asked for; whoever stops early ends the connection.
 *
 * It never reconnects: only the caller knows where to go on. See `reconnecting`.
 *
 * @throws ConnectionError when the stream cannot be opened or breaks, also when it ends without being complete, as it
 * does when the server stops; TimeoutError when nothing comes any more; AbortedError; and the KeyplaneError that the
 * server answers or sends, for example an AuthenticationError when the token ends; a ReopeningError when it ends and
 * there is another one, with which the stream can be opened again.
 */
export type Subscribe = <Result, Variables>(
  document: RequestDocument<Result, Variables>,
  variables: Variables,
  options?: SubscribeOptions,
) => AsyncGenerator<Result, void, undefined>;

/**
 * Makes the function that opens streams: GraphQL over server-sent events, "distinct connections mode"
 * (https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md), by `fetch` alone, because an EventSource can send
 * neither a token nor a document.
 */
export function createSubscribe(options: ResolvedOptions, runtime: Runtime): Subscribe {
  return async function* <Result, Variables>(
    document: RequestDocument<Result, Variables>,
    variables: Variables,
    call: SubscribeOptions = {},
  ): AsyncGenerator<Result, void, undefined> {
    const settings = withCallOptions(options, call);
    const { url, timeoutMs } = settings;
    const { signal, idleTimeoutMs = 45_000, onOpen, onComment } = call;
    throwIfAborted(signal);
    const body = JSON.stringify({ query: textOfDocument(document), variables });
    const { response, token } = await withDeadline({ timeoutMs, signal }, (stop) =>
      open(settings, body, stop, runtime),
    );
    const context = (): AnswerContext => ({ url, token, now: runtime.now() });
    onOpen?.();
    const header = (name: string): string | null => response.headers.get(name);
    const parser = new EventStreamParser();
    for await (const text of readBody(response, { url, token, signal, idleTimeoutMs })) {
      for (const event of eventsOf(parser, text, response)) {
        if ("comment" in event) onComment?.(event.comment);
        else if (event.type === "complete") return;
        // A server answers what the document asks for, as it does without a stream.
        else if (event.type === "next")
          yield (await readEvent(
            { status: 200, header, body: event.data },
            context(),
            token,
            settings.credentials,
          )) as Result;
      }
    }
    const message = `The stream from ${url} ended before it was complete.`;
    throw new ConnectionError(message, { neverSent: false, status: response.status });
  };
}

async function open(
  options: ResolvedOptions,
  body: string,
  signal: AbortSignal,
  runtime: Runtime,
): Promise<{ readonly response: FetchResponse; readonly token: string }> {
  const { url } = options;
  return withToken(options.credentials, async (token) => {
    const response = await openResponse(options, token, { url, accept: "text/event-stream", body }, signal);
    if (isEventStream(response)) return { response, token };
    readAnswer(await readWhole(response, url, token), { url, token, now: runtime.now() }); // says why there is no stream
    throw new ServerError(`${url} answers a subscription with something else than a stream.`, invalid(response));
  });
}

/** What an event says. When it says that the token has ended, it is renewed, if it can be. */
async function readEvent(
  answer: RawAnswer,
  context: AnswerContext,
  token: string,
  credentials: CredentialSource,
): Promise<unknown> {
  try {
    return readAnswer(answer, context);
  } catch (error) {
    const other = error instanceof AuthenticationError ? await credentials.renew?.(token) : null;
    if (other === null || other === undefined || other === token) throw error;
    throw new ReopeningError("The token of the stream has ended; the stream is opened anew with the next one.");
  }
}

function isEventStream({ status, headers }: FetchResponse): boolean {
  return status === 200 && /^text\/event-stream\b/i.test(headers.get("content-type") ?? "");
}

function eventsOf(
  parser: EventStreamParser,
  text: string,
  response: FetchResponse,
): ReturnType<EventStreamParser["push"]> {
  try {
    return parser.push(text);
  } catch (error) {
    if (!(error instanceof EventTooLargeError)) throw error;
    throw new ServerError(error.message, invalid(response));
  }
}

function invalid({ status }: FetchResponse): { readonly code: "INVALID_RESPONSE"; readonly status: number } {
  return { code: "INVALID_RESPONSE", status };
}
