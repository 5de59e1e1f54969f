import { definitionsOf, onePlugin, type Preset, type PresetInput, type Sources } from "./preset.js";

/**
 * A graphql-codegen preset: the plugin typescript-operations, with the schema's descriptions on the fields of results.
 * By itself it describes only inputs and enums, but it is at `key.previousSecretExpiresAt` that an editor should say
 * what it is.
 */
export const describedFields: Preset = onePlugin(({ pluginMap }) => ({
  async plugin(schema, sources, config, info) {
    const original = pluginMap["typescript-operations"];
    if (!original) throw new Error("This preset works on the plugin typescript-operations. Name it among the plugins.");
    const result = await original.plugin(schema, sources, config, info);
    const roots = rootTypes(schema, sources);
    if (typeof result === "string") return describe(result, roots);
    return { ...result, content: describe(result.content, roots) };
  },
}));

type Schema = Parameters<PresetInput["pluginMap"][string]["plugin"]>[0];
type SchemaType = ReturnType<Schema["getType"]>;

/** What is read here of a type: only objects and interfaces have fields; only lists and non-null wrap another. */
interface TypeWithFields {
  getFields(): Readonly<Record<string, { readonly description?: string | null; readonly type: object } | undefined>>;
}

/** The schema type behind each generated type: a fragment's type condition, or the root type of an operation. */
function rootTypes(schema: Schema, sources: Sources): ReadonlyMap<string, SchemaType> {
  const roots = new Map<string, SchemaType>();
  for (const definition of definitionsOf(sources)) {
    if (definition.kind === "FragmentDefinition") {
      roots.set(definition.name.value, schema.getType(definition.typeCondition.name.value));
    } else if (definition.kind === "OperationDefinition" && definition.name) {
      roots.set(definition.name.value, schema.getRootType(definition.operation) ?? undefined);
    }
  }
  return roots;
}

/** Follows the braces of the printed types. What it cannot place, such as the members of a union, it leaves alone. */
function describe(content: string, roots: ReadonlyMap<string, SchemaType>): string {
  const open: (object | undefined)[] = [];
  const lines = content.split("\n").flatMap((line) => {
    const root = /^export type (\w+) = \{$/.exec(line)?.[1];
    const name = /^ +readonly (\w+)\??: /.exec(line)?.[1];
    const parent = open.at(-1);
    const field = name && parent && hasFields(parent) ? parent.getFields()[name] : undefined;
    if (/^\s*\}/.test(line)) open.pop();
    if (line.endsWith("{")) open.push(root ? roots.get(root) : field && namedType(field.type));
    return field?.description ? [comment(field.description, line.search(/\S/)), line] : [line];
  });
  return lines.join("\n");
}

function hasFields(type: object): type is TypeWithFields {
  return "getFields" in type;
}

/** The type inside lists and non-null. */
function namedType(type: object): object {
  return "ofType" in type && typeof type.ofType === "object" && type.ofType !== null ? namedType(type.ofType) : type;
}

function comment(description: string, indentation: number): string {
  const margin = " ".repeat(indentation);
  const lines = description.replaceAll("*/", "* /").split("\n");
  if (lines.length === 1) return `${margin}/** ${lines[0]} */`;
  return [`${margin}/**`, ...lines.map((line) => `${margin} * ${line}`.trimEnd()), `${margin} */`].join("\n");
}
