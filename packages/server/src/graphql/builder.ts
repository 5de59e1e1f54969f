import SchemaBuilder from "@pothos/core";
import ComplexityPlugin from "@pothos/plugin-complexity";
import ErrorsPlugin from "@pothos/plugin-errors";
import RelayPlugin from "@pothos/plugin-relay";
import AccessPlugin from "./access.js";
import type { Context } from "./context.js";

/** How the schema is built. Types stand beside their services, in `modules/<module>/*.graphql.ts`. */
export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    DateTime: { Input: Date; Output: Date };
    JSON: { Input: unknown; Output: unknown };
    Milliseconds: { Input: number; Output: number };
  };
  DefaultEdgesNullability: false;
  DefaultNodeNullability: false;
}>({
  // The order matters. Errors first, so that it stands outermost and turns what access throws into a result member.
  // Input is validated by the services, after the permission was checked: a caller without it learns nothing of the rules.
  plugins: [ErrorsPlugin, AccessPlugin, RelayPlugin, ComplexityPlugin],
  defaultFieldNullability: false,
  errors: {
    // Each field names the errors it can meet; a default of all errors would publish internal ones.
    defaultTypes: [],
    directResult: true,
    defaultUnionOptions: {
      name: ({ fieldName }) => `${fieldName[0]?.toUpperCase()}${fieldName.slice(1)}Result`,
      description: "The payload when the change was made, or the refusal that says why not: ask for `__typename`.",
    },
  },
  relay: {
    nodesOnConnection: { description: "The entries without their cursors." },
    nodeQueryOptions: false,
    nodesQueryOptions: false,
    edgesFieldOptions: { nullable: false, description: "The entries with their cursors." },
    nodeFieldOptions: { nullable: false, description: "The entry." },
    cursorFieldOptions: { description: "The entry's place: pass it as `after` to go on from here." },
    pageInfoFieldOptions: { description: "Where this page stands." },
    pageInfoTypeOptions: { description: "Where a page stands in its list." },
    hasNextPageFieldOptions: { description: "Whether there are more entries after this page." },
    hasPreviousPageFieldOptions: { description: "Whether this page was asked for with `after`." },
    startCursorFieldOptions: { description: "The place of the first entry; null on an empty page." },
    endCursorFieldOptions: { description: "The place of the last entry: pass it as `after` for the next page." },
  },
  // The length of a list is counted where it is asked for, at the connection; the lists within are not asked for again.
  complexity: { defaultComplexity: 1, defaultListMultiplier: 1 },
});

/** What the builder knows of the types of our schema, for functions that take a part of it. */
export type Types = typeof builder extends PothosSchemaTypes.SchemaBuilder<infer Inferred> ? Inferred : never;

builder.queryType({ description: "Read tenants, users, keys and history." });
builder.mutationType({
  description:
    "Change things. Each mutation takes one input and answers with a union of its payload and the refusals that it can meet: ask for `__typename`, and for `... on Error { code message docsUrl }`.",
});
