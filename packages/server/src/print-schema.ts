import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { printSchema } from "graphql";
import { schema } from "./graphql/schema.js";

// Writes the contract that clients generate their types from. Run by `pnpm generate`.
const target = new URL("../../schema/schema.graphql", import.meta.url);
await writeFile(fileURLToPath(target), `${printSchema(schema)}\n`);
