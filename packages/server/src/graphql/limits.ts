import { complexityFromQuery } from "@pothos/plugin-complexity";
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  Kind,
  type OperationDefinitionNode,
  visit,
} from "graphql";
import type { Plugin } from "graphql-yoga";
import { maxPageSize } from "../platform/pages.js";

/** What one request may ask. Generous for people and programs, tight for those who want to keep the server busy. */
export const limits = {
  /** Bytes of a request's body. */
  bodyBytes: 1_000_000,
  /** Bytes of a request's body from a caller who may report usage: 10,000 events at once. */
  usageBodyBytes: 8_000_000,
  /** Fields within fields. */
  depth: 10,
  /** Every field counts 1, within a list as often as the list is long. */
  complexity: 10_000,
  /** The same field under other names: brute force in one request. */
  aliases: 15,
  directives: 50,
  /** Characters of the query's text, because texts are remembered. */
  characters: 32_000,
  /** Words and signs of the query's text. */
  tokens: 2_000,
  /** Operations in one request. */
  batch: 10,
  /** Secrets that one request may try, however many aliases and operations it has. */
  attempts: 20,
  /** Milliseconds until a request is answered with TIMEOUT. */
  timeMs: 20_000,
} as const;

/**
 * Refuses an operation that would cost too much. Most operations are cheap whatever their variables say, and are known to be
 * after the first time; only the others are reckoned up for each request.
 */
export function useComplexityLimit(schema: GraphQLSchema): Plugin {
  const alwaysCheap = new WeakMap<OperationDefinitionNode, boolean>();
  return {
    // A subscription costs for each event what a query would cost once.
    onSubscribe: ({ args, setResultAndStopExecution }) => check(args, setResultAndStopExecution),
    onExecute: ({ args, setResultAndStopExecution }) => check(args, setResultAndStopExecution),
  };

  function check(request: ExecutionArgs, setResultAndStopExecution: (result: ExecutionResult) => void): void {
    const operation = getOperationAST(request.document, request.operationName);
    // Of several, none was chosen: executing it will say so.
    if (!operation || alwaysCheap.get(operation)) return;
    const variables = request.variableValues ?? {};
    try {
      const document = onlyWith(operation, request.document);
      if (!alwaysCheap.has(operation)) {
        alwaysCheap.set(operation, costOf(schema, withLargestPages(document), variables) <= limits.complexity);
      }
      const cost = costOf(schema, document, variables);
      if (cost > limits.complexity) setResultAndStopExecution({ errors: [tooComplex(cost)] });
    } catch (error) {
      // Reckoning coerces the variables first, and refuses those that do not fit.
      if (!(error instanceof GraphQLError)) throw error;
      setResultAndStopExecution({ errors: [error] });
    }
  }
}

/** The document with this operation alone: the cost is reckoned of the first one that it finds. */
function onlyWith(operation: OperationDefinitionNode, document: DocumentNode): DocumentNode {
  const isOther = ({ kind }: { kind: Kind }): boolean => kind === Kind.OPERATION_DEFINITION;
  return { ...document, definitions: document.definitions.filter((each) => each === operation || !isOther(each)) };
}

function costOf(schema: GraphQLSchema, document: DocumentNode, variables: Record<string, unknown>): number {
  return complexityFromQuery(document, { schema, variables, ctx: {} }).complexity;
}

/** The document as if every page size that a variable gives were the largest. */
function withLargestPages(document: DocumentNode): DocumentNode {
  return visit<DocumentNode>(document, {
    Argument(node) {
      if (node.name.value !== "first" || node.value.kind !== Kind.VARIABLE) return undefined;
      return { ...node, value: { kind: Kind.INT, value: String(maxPageSize) } };
    },
  });
}

function tooComplex(cost: number): GraphQLError {
  return new GraphQLError(
    `This operation costs ${cost}; the limit is ${limits.complexity}. Ask for shorter pages (first) or fewer fields within lists.`,
    { extensions: { code: "QUERY_TOO_COMPLEX" } },
  );
}

/** Answers an operation that takes too long. One that is answered at once, as a warm verification is, needs no timer. */
export function useTimeLimit(timeMs: number = limits.timeMs): Plugin {
  return {
    onExecute({ executeFn, setExecuteFn }) {
      setExecuteFn((args) => {
        const result: unknown = executeFn(args);
        return result instanceof Promise ? withTimeLimit(result, timeMs) : result;
      });
    },
  };
}

async function withTimeLimit(result: Promise<unknown>, timeMs: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    const message = `This took longer than ${timeMs / 1000} seconds. Ask for less at once, or try again; a retry of a change needs the same idempotencyKey.`;
    timer = setTimeout(
      () => resolve({ errors: [new GraphQLError(message, { extensions: { code: "TIMEOUT" } })] }),
      timeMs,
    );
  });
  try {
    return await Promise.race([result, late]);
  } finally {
    clearTimeout(timer);
  }
}
