import { concatAST, Kind, print, stripIgnoredCharacters, visit } from "graphql";

/**
 * A graphql-codegen plugin: one constant for each operation, a plain string with the types of its result and variables.
 *
 * Why not typed-document-node: its strings are objects of a class that extends String, made when the module loads. Bundlers
 * cannot drop what they do not use of that, and its white space, hence a document's hash, is the plugin's private matter.
 */
export function plugin(_schema, sources, config) {
  const document = concatAST(sources.map((source) => source.document));
  const fragments = new Map();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const constants = operations.map((operation) => {
    const name = operation.name.value;
    const definitions = [operation, ...fragmentsOf(operation, fragments)];
    const text = stripIgnoredCharacters(definitions.map(print).join(" "));
    return `export const ${name}Document: TypedDocument<Operations.${name}, Operations.${name}Variables> =\n  ${JSON.stringify(text)};\n`;
  });
  return {
    prepend: [
      `import type { TypedDocument } from ${JSON.stringify(config.typedDocumentFrom)};`,
      `import type * as Operations from ${JSON.stringify(config.operationsFrom)};`,
    ],
    content: `\n${constants.join("\n")}`,
  };
}

/** The fragments that a definition spreads, theirs included, each once and in the order in which they are met. */
function fragmentsOf(definition, fragments, found = new Set()) {
  visit(definition, {
    FragmentSpread({ name }) {
      const fragment = fragments.get(name.value);
      if (!fragment) throw new Error(`There is no fragment ${name.value}.`);
      if (found.has(fragment)) return;
      found.add(fragment);
      fragmentsOf(fragment, fragments, found);
    },
  });
  return found;
}
