import * as operations from "@graphql-codegen/typescript-operations";
import { concatAST, getNamedType, Kind } from "graphql";

/**
 * A graphql-codegen plugin: typescript-operations, with the schema's descriptions on the fields of results. The original
 * describes only inputs and enums, but it is at `key.previousSecretExpiresAt` that an editor should say what it means.
 */
export async function plugin(schema, sources, config, info) {
  const result = await operations.plugin(schema, sources, config, info);
  const roots = rootTypes(schema, concatAST(sources.map((source) => source.document)));
  return { ...result, content: describe(result.content, roots) };
}

/** The schema type behind each generated type: a fragment's type condition, or the root type of an operation. */
function rootTypes(schema, document) {
  const roots = new Map();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      roots.set(definition.name.value, schema.getType(definition.typeCondition.name.value));
    } else if (definition.kind === Kind.OPERATION_DEFINITION) {
      roots.set(definition.name.value, schema.getRootType(definition.operation));
    }
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
      const field = /^ +readonly (\w+): /.exec(line);
      const schemaField = field && open.at(-1)?.getFields?.()[field[1]];
      if (/^\s*\}/.test(line)) open.pop();
      if (line.endsWith("{")) open.push(root ? roots.get(root[1]) : schemaField ? getNamedType(schemaField.type) : null);
      if (!schemaField?.description) return [line];
      const indentation = /^ */.exec(line)[0];
      return [comment(schemaField.description, indentation), line];
    })
    .join("\n");
}

function comment(description, indentation) {
  const lines = description.replaceAll("*/", "* /").split("\n");
  if (lines.length === 1) return `${indentation}/** ${lines[0]} */`;
  return [`${indentation}/**`, ...lines.map((line) => `${indentation} * ${line}`.trimEnd()), `${indentation} */`].join("\n");
}
