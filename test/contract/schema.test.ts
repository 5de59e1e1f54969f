import { readFileSync } from "node:fs";
import { schema } from "@keyplane/server";
import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  isSpecifiedScalarType,
  isUnionType,
  printSchema,
} from "graphql";
import { describe, expect, test } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

/** What was promised to users and may only be added to. */
const contract = buildSchema(read("contract.graphql"));

const ours = (type: GraphQLNamedType): boolean => !type.name.startsWith("__") && !isSpecifiedScalarType(type);
const typesOf = (each: typeof schema): GraphQLNamedType[] => Object.values(each.getTypeMap()).filter(ours);

/** Everything in the schema that a reader can meet, by its coordinate such as `Query.key(id:)`. */
function everyElement(): [coordinate: string, description: string | null | undefined][] {
  return typesOf(schema).flatMap((type): [string, string | null | undefined][] => {
    const parts: [string, string | null | undefined][] = [[type.name, type.description]];
    if (isEnumType(type))
      for (const value of type.getValues()) parts.push([`${type.name}.${value.name}`, value.description]);
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields()))
        parts.push([`${type.name}.${field.name}`, field.description]);
    }
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        parts.push([`${type.name}.${field.name}`, field.description]);
        for (const arg of field.args) parts.push([`${type.name}.${field.name}(${arg.name}:)`, arg.description]);
      }
    }
    return parts;
  });
}

describe("the schema tells a reader of the playground what everything is", () => {
  test("every type, field, argument, input field and enum value has a description that is a sentence", () => {
    const silent = everyElement().filter(([, description]) => !/^[\s\S]{4,}[.…]$/.test(description?.trim() ?? ""));
    expect(silent.map(([coordinate]) => coordinate)).toEqual([]);
  });

  test("the committed schema.graphql is current: run `pnpm generate`", () => {
    expect(read("../../packages/schema/schema.graphql")).toBe(`${printSchema(schema)}\n`);
  });
});

describe("the schema keeps the public contract", () => {
  test.for(typesOf(contract).map((type) => [type.name, type] as const))("%s", ([name, promised]) => {
    const actual = schema.getType(name);
    expect(differences(promised, actual)).toEqual([]);
  });

  test("a difference is found: the comparison compares", () => {
    const changed = buildSchema(
      read("contract.graphql")
        .replace("revokedReason: String", "revokedReason: Int")
        .replace("reason: String!", "reason: String! urgency: Int!")
        .replace("LIVE", "REAL")
        .replace(/\| LimitReachedError/g, ""),
    );
    const found = typesOf(contract).flatMap((type) => differences(type, changed.getType(type.name)));
    expect(found).toContain("Key.revokedReason is Int, promised was String");
    expect(found).toContain("RevokeKeyInput.urgency is required, which was not promised");
    expect(found).toContain("Environment.LIVE is missing");
    expect(found).toContain("CreateKeyResult has no LimitReachedError");
  });
});

/** What a client that was written for the promised type would stumble over. */
function differences(promised: GraphQLNamedType, actual: GraphQLNamedType | undefined): string[] {
  if (!actual) return [`${promised.name} is missing`];
  if (actual.constructor.name !== promised.constructor.name)
    return [`${promised.name} is a ${actual.constructor.name}`];
  if (isEnumType(promised) && isEnumType(actual)) {
    const names = actual.getValues().map((value) => value.name);
    return promised
      .getValues()
      .flatMap(({ name }) => (names.includes(name) ? [] : `${promised.name}.${name} is missing`));
  }
  if (isUnionType(promised) && isUnionType(actual)) {
    const names = actual.getTypes().map((type) => type.name);
    return promised.getTypes().flatMap(({ name }) => (names.includes(name) ? [] : `${promised.name} has no ${name}`));
  }
  if (isInputObjectType(promised) && isInputObjectType(actual)) {
    return inputDifferences(promised.name, Object.values(promised.getFields()), Object.values(actual.getFields()));
  }
  if ((isObjectType(promised) || isInterfaceType(promised)) && (isObjectType(actual) || isInterfaceType(actual))) {
    const interfaces = actual.getInterfaces().map((type) => type.name);
    const lost = promised.getInterfaces().filter(({ name }) => !interfaces.includes(name));
    return [
      ...lost.map(({ name }) => `${promised.name} does not implement ${name}`),
      ...Object.values(promised.getFields()).flatMap((field) => {
        const place = `${promised.name}.${field.name}`;
        const found = actual.getFields()[field.name];
        if (!found) return [`${place} is missing`];
        return [
          ...(String(found.type) === String(field.type)
            ? []
            : [`${place} is ${found.type}, promised was ${field.type}`]),
          ...inputDifferences(place, field.args, found.args),
        ];
      }),
    ];
  }
  return [];
}

/** What is promised must be accepted as promised; what is added must not be required. */
function inputDifferences(
  place: string,
  promised: readonly (GraphQLArgument | GraphQLInputField)[],
  actual: readonly (GraphQLArgument | GraphQLInputField)[],
): string[] {
  const added = actual.filter((field) => !promised.some(({ name }) => name === field.name));
  const isRequired = (field: GraphQLArgument | GraphQLInputField) =>
    isRequiredArgument(field) || isRequiredInputField(field);
  return [
    ...added.filter(isRequired).map(({ name }) => `${place}.${name} is required, which was not promised`),
    ...promised.flatMap((field) => {
      const found = actual.find(({ name }) => name === field.name);
      if (!found) return [`${place}.${field.name} is missing`];
      // Accepting null where it was not promised breaks nobody.
      const same = [String(found.type), `${String(found.type)}!`].includes(String(field.type));
      return [
        ...(same ? [] : [`${place}.${field.name} is ${found.type}, promised was ${field.type}`]),
        ...(field.defaultValue === undefined ||
        Object.is(JSON.stringify(field.defaultValue), JSON.stringify(found.defaultValue))
          ? []
          : [`${place}.${field.name} defaults to ${JSON.stringify(found.defaultValue)}`]),
      ];
    }),
  ];
}
