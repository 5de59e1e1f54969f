/**
 * A graphql-codegen preset: one constant for each operation, a plain string with the types of its result and variables.
 *
 * Why not the plugin typed-document-node: its strings are objects of a class that extends String, made when the module
 * loads. A bundler cannot drop those that are not used, and the white space in them, hence a document's hash, is the
 * plugin's own matter and may change with it.
 *
 * The presets import nothing of graphql: the CLI may run its CommonJS or its ESM build, and types of the one are not
 * instances of the other.
 *
 * @type {import("@graphql-codegen/plugin-helpers").Types.OutputPreset}
 */
export const stringDocuments = {
  buildGeneratesSection: ({ baseOutputDir, documents, schema, config }) => [
    {
      filename: baseOutputDir,
      plugins: [{ documents: {} }],
      pluginMap: { documents: { plugin: (_schema, sources) => ({ content: print(sources, config) }) } },
      documents,
      schema,
      config,
    },
  ],
};

function print(sources, { documentTypeFrom, operationsFrom }) {
  const definitions = sources.flatMap(({ document }) => document.definitions);
  const isFragment = ({ kind }) => kind === "FragmentDefinition";
  const fragments = new Map(definitions.filter(isFragment).map((fragment) => [fragment.name.value, textOf(fragment)]));
  const constants = definitions
    .filter((definition) => !isFragment(definition))
    .map((operation) => {
      const name = operation.name.value;
      const text = withFragments(textOf(operation), fragments);
      return `export const ${name}Document = ${JSON.stringify(text)} as TypedDocument<Operations.${name}, Operations.${name}Variables>;\n`;
    });
  return [
    `import type { TypedDocument } from ${JSON.stringify(documentTypeFrom)};`,
    `import type * as Operations from ${JSON.stringify(operationsFrom)};\n`,
    ...constants,
  ].join("\n");
}

/** A definition on one line. Our operations hold neither strings nor comments, so white space has no meaning in them. */
function textOf({ loc }) {
  const text = loc.source.body.slice(loc.start, loc.end);
  if (/["#]/.test(text)) throw new Error(`Strings and comments inside an operation are not supported: ${text}`);
  return text.replaceAll(/\s+/g, " ");
}

/** The text, and the fragments that it spreads, theirs included, each once and in the order in which they are met. */
function withFragments(text, fragments) {
  const met = new Set();
  const collect = (part) => {
    for (const [, name] of part.matchAll(/\.\.\.(\w+)/g)) {
      if (met.has(name)) continue;
      met.add(name);
      collect(fragments.get(name));
    }
  };
  collect(text);
  return [text, ...[...met].map((name) => fragments.get(name))].join(" ");
}
