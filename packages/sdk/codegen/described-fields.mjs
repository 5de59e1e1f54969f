/**
 * A graphql-codegen preset: the plugin typescript-operations, with the schema's descriptions on the fields of results. By
 * itself it describes only inputs and enums, but it is at `key.previousSecretExpiresAt` that an editor should say what it is.
 *
 * @type {import("@graphql-codegen/plugin-helpers").Types.OutputPreset}
 */
export const describedFields = {
  buildGeneratesSection: ({ baseOutputDir, documents, schema, config, pluginMap }) => [
    {
      filename: baseOutputDir,
      plugins: [{ described: {} }],
      pluginMap: { described: describing(pluginMap["typescript-operations"]) },
      documents,
      schema,
      config,
    },
  ],
};

function describing(original) {
  return {
    async plugin(schema, sources, config, info) {
      const result = await original.plugin(schema, sources, config, info);
      return { ...result, content: describe(result.content, rootTypes(schema, sources)) };
    },
  };
}

/** The schema type behind each generated type: a fragment's type condition, or the root type of an operation. */
function rootTypes(schema, sources) {
  const roots = new Map();
  for (const definition of sources.flatMap(({ document }) => document.definitions)) {
    const type = definition.typeCondition
      ? schema.getType(definition.typeCondition.name.value)
      : schema.getRootType(definition.operation);
    roots.set(definition.name.value, type);
  }
  return roots;
}

/** Follows the braces of the printed types. What it cannot place, such as the members of a union, it leaves alone. */
function describe(content, roots) {
  const open = [];
  return content
    .split("\n")
    .flatMap((line) => {
      const root = /^export type (\w+) = \{$/.exec(line);
      const name = /^ +readonly (\w+): /.exec(line)?.[1];
      const field = name && open.at(-1)?.getFields?.()[name];
      if (/^\s*\}/.test(line)) open.pop();
      if (line.endsWith("{")) open.push(root ? roots.get(root[1]) : field && namedType(field.type));
      return field?.description ? [comment(field.description, line.search(/\S/)), line] : [line];
    })
    .join("\n");
}

/** The type inside lists and non-null. */
function namedType(type) {
  return type.ofType ? namedType(type.ofType) : type;
}

function comment(description, indentation) {
  const margin = " ".repeat(indentation);
  const lines = description.replaceAll("*/", "* /").split("\n");
  if (lines.length === 1) return `${margin}/** ${lines[0]} */`;
  return [`${margin}/**`, ...lines.map((line) => `${margin} * ${line}`.trimEnd()), `${margin} */`].join("\n");
}
