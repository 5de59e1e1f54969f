/** As much of graphql-js' `DocumentNode` as is read here; a structural type, so that the SDK needs no graphql. */
export interface DocumentNodeLike {
  readonly kind: "Document";
  readonly definitions: readonly object[];
}

/** Any node of the syntax tree; what it holds depends on its kind. */
interface Node {
  readonly kind: string;
  readonly [field: string]: unknown;
}

/** Whether this is a parsed document and not a text. */
export function isDocumentNode(document: unknown): document is DocumentNodeLike {
  return typeof document === "object" && document !== null && "kind" in document && document.kind === "Document";
}

/**
 * The text of a parsed document. The `print` of graphql-js would do it too, but would make every application carry
 * graphql for the sake of the few whose documents arrive parsed. Covers what a client can send: operations and
 * fragments.
 *
 * @throws TypeError for a node that has no place in a request, such as a type definition.
 */
export function printDocument(document: DocumentNodeLike): string {
  return document.definitions.map((definition) => print(definition as Node)).join("\n");
}

function print(node: Node): string {
  const printer = printers[node.kind];
  if (!printer) throw new TypeError(`A request cannot contain ${node.kind}.`);
  return printer(node);
}

/** The printed child, between two texts; nothing when there is no such child. */
function child(node: Node, field: string, before = "", after = ""): string {
  const value = node[field];
  return value ? `${before}${print(value as Node)}${after}` : "";
}

/** The printed children with a separator, between two texts; nothing when there are none. */
function children(node: Node, field: string, separator: string, before = "", after = ""): string {
  const values = (node[field] ?? []) as readonly Node[];
  return values.length > 0 ? before + values.map(print).join(separator) + after : "";
}

function spaced(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(" ");
}

const value = (node: Node): string => String(node["value"]);
const argumentsOf = (node: Node): string => children(node, "arguments", ", ", "(", ")");
const directives = (node: Node): string => children(node, "directives", " ");
const pair = (node: Node): string => `${child(node, "name")}: ${child(node, "value")}`;

const printers: Readonly<Record<string, (node: Node) => string>> = {
  OperationDefinition: (node) => {
    const variables = children(node, "variableDefinitions", ", ", "(", ")");
    return spaced(
      String(node["operation"]),
      child(node, "name") + variables,
      directives(node),
      child(node, "selectionSet"),
    );
  },
  FragmentDefinition: (node) => {
    const condition = child(node, "typeCondition", "on ");
    return spaced("fragment", child(node, "name"), condition, directives(node), child(node, "selectionSet"));
  },
  VariableDefinition: (node) =>
    spaced(`${child(node, "variable")}: ${child(node, "type")}`, child(node, "defaultValue", "= "), directives(node)),
  SelectionSet: (node) => `{ ${children(node, "selections", " ")} }`,
  Field: (node) => {
    const call = child(node, "name") + argumentsOf(node);
    return spaced(child(node, "alias", "", ":"), call, directives(node), child(node, "selectionSet"));
  },
  FragmentSpread: (node) => spaced(`...${child(node, "name")}`, directives(node)),
  InlineFragment: (node) =>
    spaced("...", child(node, "typeCondition", "on "), directives(node), child(node, "selectionSet")),
  Directive: (node) => `@${child(node, "name")}${argumentsOf(node)}`,
  Argument: pair,
  ObjectField: pair,
  Name: value,
  NamedType: (node) => child(node, "name"),
  ListType: (node) => `[${child(node, "type")}]`,
  NonNullType: (node) => `${child(node, "type")}!`,
  Variable: (node) => `$${child(node, "name")}`,
  IntValue: value,
  FloatValue: value,
  EnumValue: value,
  BooleanValue: value,
  NullValue: () => "null",
  // Every JSON string is a GraphQL string of the same value, block strings included.
  StringValue: (node) => JSON.stringify(node["value"]),
  ListValue: (node) => `[${children(node, "values", ", ")}]`,
  ObjectValue: (node) => `{${children(node, "fields", ", ")}}`,
};
