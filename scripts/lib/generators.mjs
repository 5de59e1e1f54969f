import { existsSync, readdirSync } from "node:fs";
import { runQuietly, typescript } from "./run.mjs";
import { cacheFolder, inRoot, SetupError } from "./workspace.mjs";

/**
 * What is generated, in the order in which one needs the other. Add a step here.
 *
 * `sources` are the files that decide the result. A `committed` result comes with the repository, so that starting and
 * testing need not make it; `pnpm check` proves that it is current. Tests run the sources, but for the thread that counts usage; a start needs what is
 * `compiled`.
 *
 * @type {{ name: string, what: string, sources: string[], committed?: string, compiled?: true, isThere(): boolean, generate(): void }[]}
 */
export const generators = [
  {
    name: "prisma-client",
    what: "Prisma client",
    sources: ["packages/server/prisma/schema.prisma", "packages/server/prisma.config.ts", "pnpm-lock.yaml"],
    isThere: () => existsSync(inRoot("packages/server/src/platform/database/_generated/client.ts")),
    generate: () =>
      runQuietly("Generating the Prisma client", process.execPath, ["node_modules/prisma/build/index.js", "generate"], {
        cwd: inRoot("packages/server"),
        env: {
          // Generating does not use the engine, but Prisma would download it unless something stands in its place.
          PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
          PRISMA_HIDE_UPDATE_MESSAGE: "1",
          CHECKPOINT_DISABLE: "1", // no call home
        },
      }),
  },
  {
    name: "database-template",
    what: "database template",
    sources: [
      "packages/server/prisma/migrations",
      "packages/server/src/platform/database/template.ts",
      "pnpm-lock.yaml",
    ],
    isThere: () => existsSync(cacheFolder) && readdirSync(cacheFolder).some((name) => /^template-.*\.tar$/.test(name)),
    generate: () =>
      runQuietly("Preparing the database template", process.execPath, [...typescript, "scripts/prepare-template.ts"]),
  },
  {
    name: "schema",
    what: "GraphQL schema",
    sources: ["packages/server/src", "packages/schema/src", "pnpm-lock.yaml"],
    committed: "packages/schema/schema.graphql",
    isThere: () => existsSync(inRoot("packages/schema/schema.graphql")),
    generate: () =>
      runQuietly("Printing the GraphQL schema", process.execPath, [
        ...typescript,
        needed("packages/server/src/print-schema.ts"),
      ]),
  },
  {
    name: "sdk",
    what: "SDK documents",
    sources: [
      "packages/schema/schema.graphql",
      "packages/sdk/src/operations",
      "packages/sdk/codegen",
      "packages/sdk/codegen.ts",
      "pnpm-lock.yaml",
    ],
    committed: "packages/sdk/src/_generated",
    isThere: () => existsSync(inRoot("packages/sdk/src/_generated")),
    generate: () =>
      runQuietly("Generating the SDK's documents", process.execPath, [
        "--conditions=source",
        "node_modules/@graphql-codegen/cli/cjs/bin.js",
        "--config",
        needed("packages/sdk/codegen.ts"),
      ]),
  },
  {
    name: "docs",
    what: "reference pages",
    sources: ["packages/server/src", "packages/schema/src", "packages/sdk/src", "scripts/docs.ts", "pnpm-lock.yaml"],
    committed: "docs/reference",
    isThere: () => existsSync(inRoot("docs/reference/verdict-codes.md")),
    generate: () =>
      runQuietly("Writing the reference pages", process.execPath, [...typescript, needed("scripts/docs.ts")]),
  },
  {
    name: "server-build",
    what: "server's JavaScript",
    sources: ["packages/server/src", "packages/schema/src", "tsconfig.base.json", "pnpm-lock.yaml"],
    compiled: true,
    isThere: () => existsSync(inRoot("packages/server/dist/main.js")),
    // Compiled rather than run through tsx: a start takes 0.7 s and 90 MB less. Types are for `pnpm check`, not for a start;
    // without them this takes two seconds. --force, because an interrupted build would count as done.
    generate: () =>
      runQuietly("Compiling the server", inRoot("node_modules/.bin/tsc"), [
        "-b",
        "packages/server",
        "--noCheck",
        "--force",
      ]),
  },
];

function needed(path) {
  if (!existsSync(inRoot(path))) throw new SetupError(`${path} is missing: it is what this step runs.`);
  return path;
}
