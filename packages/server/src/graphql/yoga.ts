import { useGraphQlJit } from "@envelop/graphql-jit";
import { EnvelopArmorPlugin } from "@escape.tech/graphql-armor";
import {
  BREAK,
  type DocumentNode,
  type ExecutionArgs,
  execute,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type ListValueNode,
  type ObjectValueNode,
  OperationTypeNode,
  type ParseOptions,
  parse,
  type ValidationContext,
  visit,
} from "graphql";
import { createYoga, type Plugin, type YogaServerInstance } from "graphql-yoga";
import type { Logger } from "../platform/logger.js";
import type { Context } from "./context.js";
import { useErrorMasking } from "./error-masking.js";
import { limits, useComplexityLimit, useTimeLimit } from "./limits.js";

/**
 * The GraphQL server without HTTP around it. Who calls, the size of the body and the CSRF header are settled by the http
 * layer before this sees a request, so that an anonymous caller costs no parsing.
 */
export function createGraphql(deps: {
  schema: GraphQLSchema;
  logger: Logger;
  /** Milliseconds; the usual limit when it is left out. */
  timeLimitMs?: number | undefined;
}): YogaServerInstance<Context, object> {
  return createYoga<Context>({
    schema: deps.schema,
    graphqlEndpoint: "/graphql",
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    logging: false,
    // Masked in one place, with the request's id, by useErrorMasking.
    maskedErrors: false,
    batching: { limit: limits.batch },
    // Yoga would pipe every body through a stream to count it; the http layer has counted it already.
    maxRequestBodySize: false,
    plugins: [
      useErrorMasking(deps.logger),
      useTextLimit(limits.characters),
      useTokenLimit(limits.tokens),
      armor(),
      useGraphQlJit({}, { enableIf: ({ document }) => isCompilable(document), onError: () => {} }),
      useWordsOfGraphqlJs(),
      useComplexityLimit(deps.schema),
      useTimeLimit(deps.timeLimitMs),
    ],
  });
}

function armor(): Plugin {
  const tooMuch = (what: string, limit: number) => {
    const message = `This operation has too many ${what}; the limit is ${limit}. Split it into several requests.`;
    const report = (context: ValidationContext | null): void =>
      context?.reportError(new GraphQLError(message, { extensions: { code: "QUERY_TOO_COMPLEX" } }));
    return { n: limit, propagateOnRejection: false, onReject: [report] };
  };
  return EnvelopArmorPlugin({
    maxDepth: { ...tooMuch("levels of fields", limits.depth), ignoreIntrospection: true },
    // Without an empty allowList, __typename under any number of aliases would be free.
    maxAliases: { ...tooMuch("aliases", limits.aliases), allowList: [] },
    maxDirectives: tooMuch("directives", limits.directives),
    // graphql-js counts tokens itself, see useTokenLimit.
    maxTokens: { enabled: false },
    // Callers are known and may introspect: hiding names from them would only make mistakes harder to mend.
    blockFieldSuggestion: { enabled: false },
    // useComplexityLimit knows the length of lists.
    costLimit: { enabled: false },
  }) as Plugin;
}

/** Before the text is remembered: the caches of documents are bounded by number only. */
function useTextLimit(maxCharacters: number): Plugin {
  return {
    onParams({ params, setResult }) {
      if ((params.query?.length ?? 0) <= maxCharacters) return;
      const message = `The query's text is longer than ${maxCharacters} characters. Put values into variables, or split it.`;
      setResult({ errors: [new GraphQLError(message, { extensions: { code: "QUERY_TOO_COMPLEX" } })] });
    },
  };
}

function useTokenLimit(maxLexicalTokens: number): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source: string, options?: ParseOptions) => parse(source, { ...options, maxLexicalTokens }));
    },
  };
}

const compilable = new WeakMap<DocumentNode, boolean>();

/**
 * Whether graphql-jit does the right thing with a document. The plugin remembers one compiled query for each, whatever
 * operation is asked for: of a document with several, it would run the wrong one. And it leaves out variables within the
 * literal of a scalar, `metadata: { plan: $plan }`: a filter would then find everything. Both come from playgrounds,
 * where speed does not matter. And it gives a subscription the variables of the request for its arguments, so that a literal,
 * or a variable of another name, is lost.
 */
function isCompilable(document: DocumentNode): boolean {
  let answer = compilable.get(document);
  if (answer === undefined) {
    answer = hasOneOperation(document) && !hasSubscription(document) && !hasVariableInLiteral(document);
    compilable.set(document, answer);
  }
  return answer;
}

function hasOneOperation(document: DocumentNode): boolean {
  return document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION).length === 1;
}

function hasSubscription(document: DocumentNode): boolean {
  return document.definitions.some(
    (definition) =>
      definition.kind === Kind.OPERATION_DEFINITION && definition.operation === OperationTypeNode.SUBSCRIPTION,
  );
}

function hasVariableInLiteral(document: DocumentNode): boolean {
  let found = false;
  const findVariable = (literal: ObjectValueNode | ListValueNode) => {
    visit(literal, {
      Variable() {
        found = true;
        return BREAK;
      },
    });
    return false;
  };
  visit(document, { ObjectValue: findVariable, ListValue: findVariable });
  return found;
}

/** graphql-jit says of a wrong variable that it is wrong; graphql-js says where and why. Nothing has run by then. */
function useWordsOfGraphqlJs(): Plugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args: ExecutionArgs): unknown => {
        const result: unknown = executeFn(args);
        return wasRefused(result) ? execute(args) : result;
      });
    },
  };
}

function wasRefused(result: unknown): boolean {
  return !(result instanceof Promise) && typeof result === "object" && result !== null && !("data" in result);
}
