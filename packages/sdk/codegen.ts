import { fileURLToPath } from "node:url";
import type { CodegenConfig } from "@graphql-codegen/cli";
import { describedFields } from "./codegen/described-fields.js";
import { stringDocuments } from "./codegen/string-documents.js";

/** Absolute, so that the command works from the repository's root and from this folder alike. */
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const config: CodegenConfig = {
  schema: here("../schema/schema.graphql"),
  documents: here("src/operations/*.graphql"),
  importExtension: ".js",
  config: {
    scalars: { DateTime: "string", ID: "string", JSON: "Record<string, unknown>", Milliseconds: "number" },
    strictScalars: true, // a scalar that is not named here is an error, not an `any`
    arrayInputCoercion: false,
    immutableTypes: true,
    inlineFragmentTypes: "combine",
    omitOperationSuffix: true,
    printFieldsOnNewLines: true,
    skipTypename: true,
  },
  generates: {
    // Inputs and enums as this version of the schema knows them: a typing error in an argument does not compile.
    [here("src/_generated/schema-types.ts")]: {
      plugins: ["typescript-operations"],
      config: { generateOperationTypes: false },
    },
    // Results, whose enums come from open-enums.ts and stay open: a newer server may answer values that we do not know.
    [here("src/_generated/operations.ts")]: {
      preset: describedFields,
      plugins: ["typescript-operations"],
      config: { importSchemaTypesFrom: here("src/open-enums.ts") },
    },
    [here("src/_generated/documents.ts")]: {
      preset: stringDocuments,
      config: { documentTypeFrom: "../client/document.js", operationsFrom: "./operations.js" },
    },
  },
};

export default config;
