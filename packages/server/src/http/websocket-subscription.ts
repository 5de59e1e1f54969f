import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
} from "graphql";
import type { SubscribePayload } from "graphql-ws";
import type { YogaServerInstance } from "graphql-yoga";
import { type Context, createLoaders, type Services } from "../graphql/context.js";
import { publicError } from "../graphql/error-masking.js";
import { limits } from "../graphql/limits.js";
import type { Authenticate, Principal } from "../modules/auth/index.js";
import type { Progress } from "../modules/events/index.js";
import type { KeyplaneError } from "../platform/errors.js";
import type { Logger } from "../platform/logger.js";
import type { OpenStreams } from "./open-streams.js";

/** How many subscriptions one socket may have at once. */
const maxSubscriptions = 100;

/** What the endpoint of sockets and each of them need. */
export interface WebSocketDeps {
  readonly authenticate: Authenticate;
  readonly graphql: YogaServerInstance<Context, object>;
  readonly services: Services;
  readonly streams: OpenStreams;
  readonly logger: Logger;
}

/** One subscription of a socket. */
export interface Subscription {
  readonly args: ExecutionArgs;
  readonly progress: Progress;
  subscribe(): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult>;
  abort(): void;
}

/** GraphQL with all the plugins that a request over HTTP passes. */
interface Enveloped {
  readonly schema: GraphQLSchema;
  parse(query: string): DocumentNode;
  validate(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[];
  contextFactory(): unknown;
  subscribe(args: ExecutionArgs): Promise<AsyncGenerator<ExecutionResult, void, void> | ExecutionResult>;
}

/**
 * Checks a subscription by the same rules as one over HTTP, and makes it ready to run.
 *
 * @param noRoom why one more is too many, whatever it asks for.
 * @returns what is wrong with it, in the words for its sender.
 */
export function openSubscription(
  deps: WebSocketDeps,
  principal: Principal,
  { query, operationName, variables }: SubscribePayload,
  open: number,
  noRoom: KeyplaneError | null,
): Subscription | GraphQLError[] {
  const { graphql, services, logger } = deps;
  const ending = new AbortController();
  const context: Context = {
    principal,
    services,
    loaders: createLoaders(services, principal),
    signal: ending.signal,
    progress: { completeSince: null },
  };
  const refused = (errors: readonly unknown[]): GraphQLError[] =>
    errors.map((error) => publicError(error, principal.requestId, logger));
  const refuse = (code: string, message: string): GraphQLError[] =>
    refused([new GraphQLError(message, { extensions: { code } })]);

  if (open >= maxSubscriptions) {
    return refuse("BAD_REQUEST", `A socket takes ${maxSubscriptions} subscriptions at once. Open another one.`);
  }
  if (noRoom) return refused([noRoom]);
  if (query.length > limits.characters) {
    return refuse("QUERY_TOO_COMPLEX", `The query's text is longer than ${limits.characters} characters.`);
  }
  const enveloped = graphql.getEnveloped({
    ...context,
    params: { query, operationName, variables },
  } as never) as Enveloped;
  try {
    const document = enveloped.parse(query);
    const errors = enveloped.validate(enveloped.schema, document);
    if (errors.length > 0) return refused(errors);
    if (getOperationAST(document, operationName)?.operation !== "subscription") {
      return refuse("BAD_REQUEST", "A socket takes one subscription. Send queries and mutations by POST /graphql.");
    }
    const subscription: Subscription = {
      args: {
        schema: enveloped.schema,
        document,
        operationName: operationName ?? null,
        variableValues: variables ?? null,
        contextValue: context,
        rootValue: null,
      },
      progress: context.progress,
      abort: () => ending.abort(),
      async subscribe() {
        const contextValue: unknown = await enveloped.contextFactory();
        const result = await enveloped.subscribe({
          ...subscription.args,
          contextValue,
          rootValue: undefined,
        });
        if (Symbol.asyncIterator in result) return endedByReturn(result, ending);
        return result.errors ? { ...result, errors: refused(result.errors) } : result;
      },
    };
    (subscription.args as { rootValue: unknown }).rootValue = subscription;
    return subscription;
  } catch (error) {
    return refused([error]);
  }
}

/** A generator that waits for something cannot be returned from: it must be woken first. */
function endedByReturn<Value>(
  inner: AsyncGenerator<Value, void, void>,
  ending: AbortController,
): AsyncGenerator<Value, void, void> {
  const end = <Result>(how: () => Result): Result => {
    ending.abort();
    return how();
  };
  const outer = {
    next: () => inner.next(),
    return: () => end(() => inner.return(undefined)),
    throw: (error: unknown) => end(() => inner.throw(error)),
    [Symbol.asyncIterator]: () => outer,
  };
  return outer;
}
