import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import vm from "node:vm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root, run, succeed, temporaryFolder, tool } from "./program.js";

/** The pnpm that the repository is installed with, and that publishes the package. */
const pnpm = "pnpm@10.34.9";
const sdk = join(root, "packages/sdk");
const folder = temporaryFolder();
const installed = join(folder.path, "node_modules/@keyplane/sdk");
const strict = ["--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--target", "es2022"];

/** A program of an application that has installed the package. */
function write(name: string, text: string): void {
  writeFileSync(join(folder.path, name), text);
}

/**
 * Built, packed and unpacked into an application's node_modules: all that an installation without dependencies does.
 */
beforeAll(async () => {
  await succeed("npx", ["--yes", "--prefer-offline", pnpm, "pack", "--pack-destination", folder.path], sdk);
  const tarball = readdirSync(folder.path).find((name) => name.endsWith(".tgz"));
  mkdirSync(installed, { recursive: true });
  await succeed(
    "tar",
    ["-xzf", join(folder.path, String(tarball)), "-C", installed, "--strip-components=1"],
    folder.path,
  );
  write("package.json", '{ "name": "application", "private": true }');
});

afterAll(() => folder.remove());

const read = (file: string): string => readFileSync(join(installed, file), "utf8");

/** The subpaths of the package that need no framework to be loaded; "" is the package itself. */
const subpaths = ["", "/express", "/fastify", "/fetch", "/guard", "/hono", "/testing", "/ws", "/yoga"];
/** Those whose types name the types of their framework. */
const typedByFramework = ["/fastify", "/hono"];
const entries = subpaths.map((subpath) => subpath.slice(1) || "index");

/** What was built with an ending. Entries are named as their subpath; what they share has a hash in its name. */
function built(ending: string): string[] {
  return readdirSync(join(installed, "dist")).filter((name) => name.endsWith(ending));
}
const isShared = (name: string): boolean => /-[\w-]{8}\.(?:d\.)?c?[jt]s$/.test(name);

describe("the package", () => {
  test("holds what it needs and nothing else", () => {
    const files = readdirSync(installed, { recursive: true }).map(String).sort();
    const dist = entries.flatMap((entry) => ["cjs", "d.cts", "d.ts", "js"].map((ending) => `dist/${entry}.${ending}`));
    expect(files.filter((file) => !isShared(file))).toEqual(
      ["LICENSE", "README.md", "bin", "bin/keyplane.js", "dist", ...dist, "package.json"].sort(),
    );
  });

  test("has no dependencies, and leads nobody to sources that it does not have", () => {
    const manifest = JSON.parse(read("package.json")) as Record<string, unknown>;
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).not.toHaveProperty("peerDependencies");
    expect(JSON.stringify(manifest["exports"])).not.toContain("source");
    expect(manifest["bin"]).toEqual({ keyplane: "./bin/keyplane.js" });
    const local = JSON.parse(readFileSync(join(sdk, "package.json"), "utf8")) as {
      exports: Record<string, string | { source?: string }>;
    };
    const published = manifest["exports"] as Record<string, unknown>;
    expect(Object.keys(published)).toEqual([...subpaths.map((subpath) => `.${subpath}`), "./package.json"]);
    expect(Object.keys(local.exports)).toEqual(Object.keys(published));
    for (const subpath of subpaths) {
      const { source, ...rest } = local.exports[`.${subpath}`] as { source?: string };
      expect(source).toMatch(/^\.\/src\/[\w/]+\.ts$/);
      expect(published[`.${subpath}`]).toEqual(rest);
    }
  });

  test("imports nothing and touches nothing that only Node has", () => {
    for (const file of [...built(".js"), ...built(".cjs")]) {
      const code = read(`dist/${file}`).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
      const foreign = code.replaceAll(/^import .* from "\.\/[\w.-]+";$|\brequire\("\.\/[\w.-]+"\)/gm, "");
      expect(foreign).not.toMatch(/\bimport\b\s*[({"'*\w]|\brequire\s*\(/);
      // Where it is, the guard asks it for faster hashing and for files; it works without.
      const universal = code.replaceAll("process.getBuiltinModule?.", "");
      expect(universal).not.toMatch(/\b(?:process|Buffer|__dirname|setImmediate|global)\b(?!["':])\s*[.([]/);
    }
    for (const file of [...built(".d.ts"), ...built(".d.cts")]) {
      const text = read(`dist/${file}`).replaceAll(/ from "\.\/[\w.-]+";$/gm, "");
      const own = typedByFramework.map((subpath) => subpath.slice(1)).find((name) => file.startsWith(`${name}.`));
      expect(text.replaceAll(`from "${own}"`, "")).not.toMatch(/\bfrom ["']|import\(["']|reference types/m);
    }
  });

  test("brings its program, which needs nothing besides Node", async () => {
    const version = await succeed(process.execPath, [join(installed, "bin/keyplane.js"), "--version"], folder.path);
    expect(version).toBe(`${(JSON.parse(read("package.json")) as { version: string }).version}\n`);
    const imported = [...read("bin/keyplane.js").matchAll(/\bfrom\s*"([^"]+)"|\brequire\("([^"]+)"\)/g)];
    const foreign = imported
      .map(([, by = "", required = ""]) => by || required)
      .filter((name) => !name.startsWith("node:"));
    expect(foreign).toEqual([]);
  });

  test("runs where there is fetch and nothing of Node", async () => {
    const answer = { status: 200, headers: new Headers(), text: async () => '{"data":{"viewer":{"name":"worker"}}}' };
    // A context of its own has the language's own globals and these; neither process nor Buffer.
    const web = { AbortController, URL, clearTimeout, crypto, fetch: async () => answer, setTimeout };
    const context = vm.createContext(web);
    const load = (file: string): unknown => {
      const module = { exports: {} };
      const run = vm.runInContext(`(module, exports, require) => {${read(`dist/${file}`)}\n}`, context);
      run(module, module.exports, load);
      return module.exports;
    };
    const { Keyplane } = load("index.cjs") as { Keyplane: new (options: object) => { viewer(): Promise<unknown> } };
    const keyplane = new Keyplane({ url: "http://keyplane.example", token: "t" });
    expect(await keyplane.viewer()).toEqual({ name: "worker" });
  });
});

/** What the JavaScript programs do with what they have imported or required. */
const useIt = `
const keyplane = new Keyplane({ url: "http://127.0.0.1:1", token: "t", maxRetries: 0 });
const error = await keyplane.viewer().catch((thrown) => thrown);
console.log(error instanceof ConnectionError, error.code, parseKey("").ok, verdictCodes.VALID.title);`;
const itsOutput = "true CONNECTION_FAILED false Valid\n";

describe("an application", () => {
  test("in ECMAScript modules uses it", async () => {
    write("esm.mjs", `import { ConnectionError, Keyplane, parseKey, verdictCodes } from "@keyplane/sdk";${useIt}`);
    expect(await succeed(process.execPath, ["esm.mjs"], folder.path)).toBe(itsOutput);
  });

  test("in CommonJS uses it", async () => {
    const require = 'const { ConnectionError, Keyplane, parseKey, verdictCodes } = require("@keyplane/sdk");';
    write("cjs.cjs", `${require}\n(async () => {${useIt}\n})();`);
    expect(await succeed(process.execPath, ["cjs.cjs"], folder.path)).toBe(itsOutput);
  });

  test("with both in one process knows the errors of the one in the other", async () => {
    write(
      "both.mjs",
      `import { createRequire } from "node:module";
      import * as esm from "@keyplane/sdk";
      const cjs = createRequire(import.meta.url)("@keyplane/sdk");
      const error = await new cjs.Keyplane({ url: "http://127.0.0.1:1", token: "t", maxRetries: 0 }).viewer().catch((e) => e);
      console.log(esm.Keyplane === cjs.Keyplane, error instanceof esm.ConnectionError, error instanceof esm.KeyplaneError, error instanceof esm.TimeoutError);`,
    );
    expect(await succeed(process.execPath, ["both.mjs"], folder.path)).toBe("false true true false\n");
  });

  test("loads every subpath in both forms, without any framework", async () => {
    const loaded = subpaths.map((subpath) => `"@keyplane/sdk${subpath}"`);
    const show =
      "console.log(all.map((each) => typeof (each.keyplane ?? each.withKey ?? each.useKeyplane ?? each.protectUpgrade)).join());";
    write("all.mjs", `const all = [${loaded.map((path) => `await import(${path})`).join()}];\n${show}`);
    write("all.cjs", `const all = [${loaded.map((path) => `require(${path})`).join()}];\n${show}`);
    const output = await succeed(process.execPath, ["all.mjs"], folder.path);
    expect(output).toBe(await succeed(process.execPath, ["all.cjs"], folder.path));
    expect(output.split(",").filter((type) => type.trim() === "function")).toHaveLength(6);
  });

  test("tests itself with the fakes of the package, in both forms and without a test runner", async () => {
    const use = `
      const guard = createFakeGuard();
      const { secret } = guard.issue({ scopes: ["a"] });
      const keyplane = createTestKeyplane();
      const { url, token, fetch } = keyplane;
      const real = createGuard({ url, token, fetch });
      const key = keyplane.createKey();
      const codes = [(await guard.verify(secret, { scopes: ["b"] })).code, (await real.verify(key.secret)).code];
      await real.close();
      console.log(codes.join(), keyplane.usage.length);`;
    write(
      "fakes.mjs",
      `import { createFakeGuard, createTestKeyplane } from "@keyplane/sdk/testing";
      import { createGuard } from "@keyplane/sdk/guard";${use}`,
    );
    write(
      "fakes.cjs",
      `const { createFakeGuard, createTestKeyplane } = require("@keyplane/sdk/testing");
      const { createGuard } = require("@keyplane/sdk/guard");\n(async () => {${use}\n})();`,
    );
    const expected = "INSUFFICIENT_SCOPE,VALID 1\n";
    expect(await succeed(process.execPath, ["fakes.mjs"], folder.path)).toBe(expected);
    expect(await succeed(process.execPath, ["fakes.cjs"], folder.path)).toBe(expected);
  });

  test("that does not import the fakes does not load them", () => {
    for (const ending of [".js", ".cjs"]) {
      const fakes = built(ending).filter((file) =>
        /\b(?:class FakeGuard|FakeGuard = class|function createTestKeyplane)\b/.test(read(`dist/${file}`)),
      );
      expect(fakes).toEqual([`testing${ending}`]);
    }
  });

  const consumer = `
    import { isRefusal, Keyplane, unwrap } from "@keyplane/sdk";
    import type { CreateKeyInput, CreateKeyResult, Key, KeyStatus, Open, Verdict, VerdictCode } from "@keyplane/sdk";

    const keyplane = new Keyplane({ url: "http://localhost:4000", token: "t", fetch: globalThis.fetch });
    const input: CreateKeyInput = { tenantId: "ten_1", ownerId: "usr_1", name: "n", environment: "TEST" };
    // @ts-expect-error no such environment
    const wrong: CreateKeyInput = { ...input, environment: "STAGING" };

    export async function use(): Promise<string> {
      const result: CreateKeyResult = await keyplane.keys.create(input, { idempotencyKey: "x" });
      if (isRefusal(result)) return result.__typename === "InvalidInputError" ? String(result.issues.length) : result.docsUrl;
      const key: Key = result.key;
      const status: Open<KeyStatus> = key.status;
      const expires: string | null = key.expiresAt;
      for await (const user of keyplane.users.list({ orderBy: "NAME_ASC" })) console.log(user.email.trim());
      const verdict: Verdict = await keyplane.keys.verify({ key: unwrap(result).secret }, { signal: AbortSignal.timeout(5) });
      const known: VerdictCode = "REVOKED";
      // @ts-expect-error a verdict's code is open, so it is not always one that is known
      const code: VerdictCode = verdict.code;
      return [status, expires, known, code, wrong.name].join();
    }`;

  for (const [resolution, file] of [
    ["nodenext", "consumer.mts"],
    ["nodenext", "consumer.cts"],
    ["bundler", "consumer.ts"],
  ] as const) {
    test(`in strict TypeScript compiles with it (${resolution}, ${file})`, async () => {
      write(file, consumer);
      const module = resolution === "bundler" ? "esnext" : "nodenext";
      const how = ["--module", module, "--moduleResolution", resolution, "--lib", "es2023,dom", "--types", ""];
      // Without skipLibCheck, so that the package's own declarations are checked as well.
      expect(await succeed(process.execPath, [tool.tsc, "--noEmit", ...strict, ...how, file], folder.path)).toBe("");
    });
  }

  const untyped = `
    import { keyplane, verdictOf, type NodeResponse } from "@keyplane/sdk/express";
    import { withKey } from "@keyplane/sdk/fetch";
    import { createGuard, type Guard } from "@keyplane/sdk/guard";
    import { createFakeGuard, createTestKeyplane, type TestUsage } from "@keyplane/sdk/testing";
    import { protectUpgrade } from "@keyplane/sdk/ws";
    import { useKeyplane } from "@keyplane/sdk/yoga";

    const fake: Guard = createFakeGuard({ now: () => 1 });
    const { url, token, fetch, usage } = createTestKeyplane();
    const codes: readonly string[] = usage.map(({ code }: TestUsage) => code);
    createGuard({ url, token, fetch });
    console.log(fake.status().keys, codes);

    export function use(guard: Guard, response: NodeResponse): (request: Request) => Promise<Response> {
      const request = { headers: {}, id: "1" };
      keyplane(guard, { scopes: (of: typeof request) => [of.id] })(request, response, () => verdictOf(request).owner.name);
      // @ts-expect-error a slip that would let everybody in
      keyplane(guard, { scope: ["orders:read"] });
      useKeyplane(guard, { environment: "LIVE" });
      console.log(protectUpgrade);
      return withKey(guard, { usage: { api: "orders" } }, (_, { verdict }) => new Response(verdict.key.id + verdict.owner.id));
    }`;

  for (const file of ["untyped.mts", "untyped.cts"]) {
    test(`in strict TypeScript compiles with adapters, without their frameworks (${file})`, async () => {
      write(file, untyped);
      const how = ["--module", "nodenext", "--lib", "es2023,dom", "--types", ""];
      expect(await succeed(process.execPath, [tool.tsc, "--noEmit", ...strict, ...how, file], folder.path)).toBe("");
    });
  }

  test("in strict TypeScript has its frameworks' requests typed by the adapters", async () => {
    mkdirSync(join(folder.path, "node_modules/@types"), { recursive: true });
    for (const name of ["@types/express", "@types/ws", "@types/node", "fastify", "graphql-yoga", "hono"]) {
      const from = join(name === "@types/node" ? root : sdk, "node_modules", name);
      symlinkSync(from, join(folder.path, "node_modules", name));
    }
    write("frameworks.mts", frameworks);
    // The frameworks' own declarations are theirs to check.
    const how = ["--skipLibCheck", "--module", "nodenext", "--types", "node", "frameworks.mts"];
    expect(await succeed(process.execPath, [tool.tsc, "--noEmit", ...strict, ...how], folder.path)).toBe("");
  });

  const frameworks = `
    import { createServer } from "node:http";
    import type { Application } from "express";
    import type { FastifyInstance } from "fastify";
    import { createSchema, createYoga } from "graphql-yoga";
    import { Hono } from "hono";
    import { WebSocketServer } from "ws";
    import { keyplane as express, verdictOf } from "@keyplane/sdk/express";
    import { keyplane as fastify } from "@keyplane/sdk/fastify";
    import type { Guard } from "@keyplane/sdk/guard";
    import { keyplane as hono } from "@keyplane/sdk/hono";
    import { protectUpgrade } from "@keyplane/sdk/ws";
    import { useKeyplane, type KeyplaneContext } from "@keyplane/sdk/yoga";

    declare const guard: Guard, app: Application, server: FastifyInstance;

    app.use(express(guard, { scopes: ["orders:read"] }));
    app.get("/", (request, response) => void response.json([request.keyplane?.owner.name, verdictOf(request).key.id]));

    await server.register(fastify, { guard, scopes: (request) => [request.method] });
    server.get("/", { config: { keyplane: { scopes: ["a"] } } }, async (request) => request.keyplane?.owner.name satisfies string | undefined);
    // @ts-expect-error no scopes
    server.get("/", { config: { keyplane: { scopes: 1 } } }, async () => "");

    new Hono().use(hono(guard, { scopes: (c) => [c.req.path] })).get("/", (c) => c.text(c.get("keyplane").owner.name));

    const typeDefs = "type Query { a: String }";
    const resolvers = { Query: { a: (_: unknown, __: unknown, context: KeyplaneContext) => context.keyplane.owner.name } };
    createYoga({ schema: createSchema<KeyplaneContext>({ typeDefs, resolvers }), plugins: [useKeyplane(guard)] });
    createYoga({ schema: createSchema({ typeDefs }), plugins: [useKeyplane(guard)] });

    createServer().on("upgrade", protectUpgrade(new WebSocketServer({ noServer: true }), guard));`;

  test("that only reads keys does not bundle the client", async () => {
    write("small.mjs", 'import { parseKey } from "@keyplane/sdk";\nconsole.log(parseKey("").problem);');
    // tsx brings esbuild along; no folder of ours has a link to it.
    const esbuild = createRequire(createRequire(import.meta.url).resolve("tsx/package.json")).resolve(
      "esbuild/bin/esbuild",
    );
    const all = ["--bundle", "--format=esm", "--minify"];
    const bundle = await succeed(esbuild, ["small.mjs", ...all], folder.path);
    expect(bundle).not.toMatch(/fetch|mutation|content-type/);
    write("whole.mjs", 'export * from "@keyplane/sdk";');
    const whole = await succeed(esbuild, ["whole.mjs", ...all], folder.path);
    expect(whole).toMatch(/content-type/);
    expect(bundle.length).toBeLessThan(whole.length / 3);
    write("small-bundle.mjs", bundle);
    expect((await run(process.execPath, ["small-bundle.mjs"], folder.path)).stdout).toBe("empty\n");
  });
});

test("the core compiles without the types of Node", async () => {
  expect(await succeed(process.execPath, [tool.tsc, "-p", "tsconfig.core.json"], sdk)).toBe("");
});
