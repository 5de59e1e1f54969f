import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from "graphql";

/** What of a GraphQL operation tells which fields it asks for. */
export type Selection = Pick<GraphQLResolveInfo, "fieldNodes" | "fragments">;

/**
 * Whether the operation asks for a field somewhere below the resolved one, whatever `@skip` says: for work that is worth
 * doing only when somebody looks at its result.
 *
 * @param path names of fields from the resolved one downwards, e.g. `["series", "points"]`.
 */
export function selects({ fieldNodes, fragments }: Selection, path: readonly string[]): boolean {
  return fieldNodes.some(({ selectionSet }) => selectsIn(selectionSet, path, fragments));
}

function selectsIn(
  set: SelectionSetNode | undefined,
  path: readonly string[],
  fragments: Selection["fragments"],
): boolean {
  const [name, ...rest] = path;
  if (name === undefined) return true;
  return (set?.selections ?? []).some((selection) => {
    if (selection.kind === Kind.FIELD)
      return selection.name.value === name && selectsIn(selection.selectionSet, rest, fragments);
    const within = selection.kind === Kind.INLINE_FRAGMENT ? selection : fragments[selection.name.value];
    return selectsIn(within?.selectionSet, path, fragments);
  });
}
