import { type Definition, definitionsOf, onePlugin, type Preset, type Sources } from "./preset.js";

/**
 * A graphql-codegen preset: one constant for each operation, a plain string with the types of its result and variables.
 *
 * Why not the plugin typed-document-node: its strings are objects of a class that extends String, made when the module
 * loads. A bundler cannot drop those that are not used, and the white space in them, hence a document's hash, is the
 * plugin's own matter and may change with it.
 *
 * Nothing here imports graphql: the CLI may run its CommonJS or its ESM build, and types of the one are not instances
 * of the other.
 */
export const stringDocuments: Preset = onePlugin(() => ({
  plugin: (_schema, sources, config: Settings) => ({ content: print(sources, config) }),
}));

interface Settings {
  /** From where the generated file imports the type of a document. */
  readonly documentTypeFrom: string;
  /** From where it imports the types of results and variables. */
  readonly operationsFrom: string;
}

function print(sources: Sources, { documentTypeFrom, operationsFrom }: Settings): string {
  const fragments = new Map<string, string>();
  const operations: [name: string, text: string][] = [];
  for (const definition of definitionsOf(sources)) {
    if (definition.kind === "FragmentDefinition") fragments.set(definition.name.value, textOf(definition));
    if (definition.kind === "OperationDefinition" && definition.name) {
      operations.push([definition.name.value, textOf(definition)]);
    }
  }
  const constants = operations.map(([name, text]) => {
    const literal = JSON.stringify(withFragments(text, fragments));
    return `export const ${name}Document = ${literal} as TypedDocument<Operations.${name}, Operations.${name}Variables>;\n`;
  });
  return [
    `import type { TypedDocument } from ${JSON.stringify(documentTypeFrom)};`,
    `import type * as Operations from ${JSON.stringify(operationsFrom)};\n`,
    ...constants,
  ].join("\n");
}

/**
 * A definition without ignored characters, as graphql-js' `stripIgnoredCharacters` would write it: how its file is laid
 * out must not decide about its hash. Our operations hold neither strings nor comments.
 */
function textOf({ loc }: Definition): string {
  const text = loc?.source.body.slice(loc.start, loc.end) ?? "";
  if (text === "" || /["#]/.test(text)) throw new Error(`An operation must be without strings and comments: ${text}`);
  return text
    .replaceAll(/[\s,]+/g, " ")
    .replaceAll(/ ?([!$&():=@[\]{|}]) ?/g, "$1")
    .replaceAll("... ", "...");
}

/** The text, and the fragments that it spreads, theirs included, each once and in the order in which they are met. */
function withFragments(text: string, fragments: ReadonlyMap<string, string>): string {
  const met = new Map<string, string>();
  const collect = (part: string): void => {
    for (const [, name = ""] of part.matchAll(/\.\.\.(?!on )(\w+)/g)) {
      const fragment = fragments.get(name);
      if (fragment === undefined) throw new Error(`There is no fragment ${name}.`);
      if (met.has(name)) continue;
      met.set(name, fragment);
      collect(fragment);
    }
  };
  collect(text);
  return [text, ...met.values()].join("");
}
