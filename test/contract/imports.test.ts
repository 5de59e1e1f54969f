import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const packages = fileURLToPath(new URL("../../packages", import.meta.url));

/** The modules of the server, in their line: each imports only from its left. Add a module at its place. */
const line = [
  "platform",
  "auth",
  "audit",
  "events",
  "idempotency",
  "tenants",
  "roles",
  "users",
  "teams",
  "apis",
  "signing",
  "tokens",
  "mail",
  "sessions",
  "oauth",
  "usage",
  "limits",
  "keys",
  "integrity",
  "lifecycle",
  "webhooks",
  "diagnosis",
  "viewer",
];

/** What each package may import of ours. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  schema: [],
  "embedded-mongo": [],
  server: ["schema", "embedded-mongo"],
  sdk: ["schema"],
};

interface Import {
  /** Both from the folder `packages`, with forward slashes: `server/src/modules/keys/index.ts`. */
  readonly from: string;
  readonly to: string;
}

/** The SDK's program for the command line. */
const program = "sdk/src/cli/";
const notServed: readonly string[] = ["_generated", "test-helpers", "testing", "bench"];
const sources = Object.keys(allowed).flatMap((name) => filesBelow(join(packages, name, "src")));
const imports = sources.flatMap(importsOf);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    // What is generated follows its own rules, and what only tests and benchmarks use is not served by anybody.
    if (entry.isDirectory()) return notServed.includes(entry.name) ? [] : filesBelow(path);
    return entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts") ? [path] : [];
  });
}

function short(path: string): string {
  return relative(packages, path).split(sep).join("/");
}

/** Static and dynamic imports, and what is passed on. Formatted code, so a plain pattern finds them all. */
function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  const found = text.matchAll(/\b(import|export)\b[^"'`;]*?["']([^"'\n]+)["']|\bimport\(\s*["']([^"']+)["']/g);
  return [...found].flatMap(([whole, keyword, stated, dynamic]) => {
    const to = stated ?? dynamic ?? "";
    // `export const x = "…"` is no import.
    if (keyword === "export" && !/\bfrom\s*["']/.test(whole)) return [];
    const target = to.startsWith(".") ? short(join(dirname(file), to)).replace(/\.js$/, ".ts") : to;
    return [{ from: short(file), to: target }];
  });
}

/** The module of a file of the server; undefined for what stands around the modules. */
function moduleOf(path: string): string | undefined {
  const [, name] = /^server\/src\/(?:modules\/)?([^/]+)\//.exec(path) ?? [];
  return name !== undefined && line.includes(name) ? name : undefined;
}

/**
 * What may be used of the database besides its face: the lock of a folder, and the error of a start. Neither needs Prisma, which the
 * face would bring into the usage thread.
 */
const pastDatabaseFace = /\/database\/(?!(?:index|folder-lock|startup-error)\.ts$)/;

/** `compose.ts` and the groups that it is made of. */
const isWiring = (path: string): boolean => /^server\/src\/compose(?:\.ts$|\/)/.test(path);

const told = ({ from, to }: Import): string => `${from} imports ${to}`;

describe("between packages", () => {
  test("there is something to read", () => {
    expect(imports.length).toBeGreaterThan(300);
    expect(imports.map(told)).toContain("server/src/main.ts imports server/src/compose.ts");
  });

  test.for(Object.keys(allowed))("%s imports of ours only what it may", (name) => {
    const wrong = imports.filter(({ from, to }) => {
      if (!from.startsWith(`${name}/`)) return false;
      const [, ours] = /^@keyplane\/([^/]+)/.exec(to) ?? [];
      if (ours !== undefined) return !allowed[name]?.includes(ours) || to.split("/").length > 2;
      // A relative way out of the package would go round its face.
      return Object.keys(allowed).includes(to.split("/", 1)[0] ?? "") && !to.startsWith(`${name}/`);
    });
    expect(wrong.map(told)).toEqual([]);
  });

  test.for(["schema", "sdk"])("%s runs anywhere: no built-in of Node, in its core", (name) => {
    const wrong = imports.filter(
      ({ from, to }) => from.startsWith(`${name}/`) && !from.startsWith(program) && to.startsWith("node:"),
    );
    expect(wrong.map(told)).toEqual([]);
  });

  test("nothing of the SDK leads to its program, which needs Node and libraries of its own", () => {
    const wrong = imports.filter(({ from, to }) => !from.startsWith(program) && to.startsWith(program));
    expect(wrong.map(told)).toEqual([]);
    const libraries = imports.filter(
      ({ from, to }) => from.startsWith("sdk/") && /^(?:commander|fast-string)/.test(to),
    );
    expect(libraries.filter(({ from }) => !from.startsWith(program)).map(told)).toEqual([]);
  });
});

describe("within the server", () => {
  test("every module stands in the line", () => {
    const folders = readdirSync(join(packages, "server/src/modules"));
    expect(folders.filter((name) => !line.includes(name))).toEqual([]);
  });

  test("a module imports only from its left", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [here, there] = [moduleOf(from), moduleOf(to)];
      return here !== undefined && there !== undefined && line.indexOf(there) > line.indexOf(here);
    });
    expect(wrong.map(told)).toEqual([]);
  });

  test("a module imports only another module's index.ts", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [here, there] = [moduleOf(from), moduleOf(to)];
      // platform is no module with a face: it is the floor that all stand on. Of its database, only the face is used.
      if (there === "platform") return here !== "platform" && pastDatabaseFace.test(to);
      if (here === undefined || there === undefined || here === there) return false;
      // Types of the schema refer to each other. Passing them on through index.ts would add them to the builder wherever a
      // service is imported, in whatever order that happens to be.
      if (from.endsWith(".graphql.ts") && to.endsWith(".graphql.ts")) return false;
      return !to.endsWith(`/${there}/index.ts`);
    });
    expect(wrong.map(told)).toEqual([]);
  });

  test("only types of the schema and their parts know GraphQL", () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        moduleOf(from) !== undefined &&
        !from.endsWith(".graphql.ts") &&
        (to.startsWith("server/src/graphql/") || /^(?:graphql|graphql-yoga|@pothos\/.*)$/.test(to)),
    );
    expect(wrong.map(told)).toEqual([]);
  });

  test("what stands around the modules uses their faces", () => {
    const wrong = imports.filter(({ from, to }) => {
      const there = moduleOf(to);
      if (moduleOf(from) !== undefined || there === undefined || !from.startsWith("server/")) return false;
      if (there === "platform") return pastDatabaseFace.test(to);
      // Importing a file of types adds them to the schema: that is the one thing that this file does.
      if (from === "server/src/graphql/schema.ts") return !to.endsWith(".graphql.ts");
      return !to.endsWith("/index.ts");
    });
    expect(wrong.map(told)).toEqual([]);
  });

  test("nobody reaches for the one place that wires everything, but the program and the library", () => {
    const wiring = imports.filter(({ from, to }) => isWiring(to) && !isWiring(from));
    expect([...new Set(wiring.map(told))].sort()).toEqual([
      "server/src/index.ts imports server/src/compose.ts",
      "server/src/main.ts imports server/src/compose.ts",
    ]);
  });

  test("only the usage thread knows MongoDB's driver and the embedded store; what it shows of them are types", () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        from.startsWith("server/") &&
        /^(?:mongodb|@keyplane\/embedded-mongo)$/.test(to) &&
        !/^server\/src\/modules\/usage\/(?:thread|storage|reports|origins)\//.test(from),
    );
    expect(wrong.map(told)).toEqual([]);
  });

  test("services are made in compose.ts and its groups only", () => {
    const faces = imports.filter(
      ({ from, to }) => /^server\/src\/modules\/\w+\/index\.ts$/.test(to) && !isWiring(from),
    );
    const wrong = faces.flatMap(({ from, to }) => {
      const text = readFileSync(join(packages, from), "utf8");
      return [
        ...text.matchAll(/\b(?:await )?(create[A-Z]\w*|new (?:Credentials|Standings|VerificationIndex|\w+States))\(/g),
      ]
        .map(([, made]) => made ?? "")
        .filter((made) => exportedBy(to).includes(made.replace("new ", "")))
        .map((made) => `${from} calls ${made}`);
    });
    expect([...new Set(wrong)]).toEqual([]);
  });

  test("the environment is read in env.ts and main.ts only; of the SDK, by its program alone, in one place", () => {
    const readers = sources.filter((file) => readFileSync(file, "utf8").includes("process.env"));
    // Each main.ts hands process.env to env.ts or environment.ts, which is where variables have names.
    expect(readers.map(short).sort()).toEqual(["sdk/src/cli/main.ts", "server/src/main.ts"]);
    for (const reader of readers) expect(readFileSync(reader, "utf8")).not.toMatch(/process\.env[.[]/);
  });
});

function exportedBy(index: string): string[] {
  const text = readFileSync(join(packages, index), "utf8");
  return [...text.matchAll(/\b\w+\b/g)].map(([word]) => word);
}
