import { useGraphQlJit } from "@envelop/graphql-jit";
import { EnvelopArmorPlugin } from "@escape.tech/graphql-armor";
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type ParseOptions,
  parse,
  type ValidationContext,
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
export function createGraphql(deps: { schema: GraphQLSchema; logger: Logger }): YogaServerInstance<Context, object> {
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
      useTokenLimit(limits.tokens),
      armor(),
      useGraphQlJit({}, { enableIf: ({ document }) => hasOneOperation(document), onError: () => {} }),
      useComplexityLimit(deps.schema),
      useTimeLimit(),
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

function useTokenLimit(maxTokens: number): Plugin {
  return {
    onParse({ setParseFn }) {
      setParseFn((source: string, options?: ParseOptions) => parse(source, { ...options, maxTokens }));
    },
  };
}

/**
 * The plugin remembers one compiled query for a document, whatever operation is asked for: of a document with several, it would
 * run the wrong one. Such documents come from playgrounds, where speed does not matter.
 */
function hasOneOperation(document: DocumentNode): boolean {
  let operations = 0;
  for (const definition of document.definitions) if (definition.kind === Kind.OPERATION_DEFINITION) operations++;
  return operations === 1;
}
