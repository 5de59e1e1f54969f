import type { GraphQLSchema } from "graphql";
import type { FieldAccess } from "./access.js";

/** The mutations whose access is `anyone`. */
export function openFieldsOf(schema: GraphQLSchema): ReadonlySet<string> {
  const fields = Object.values(schema.getMutationType()?.getFields() ?? {});
  return new Set(
    fields
      .filter(({ extensions }) => extensions["access"] === ("anyone" satisfies FieldAccess))
      .map(({ name }) => name),
  );
}
