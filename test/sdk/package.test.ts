import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
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

describe("the package", () => {
  test("holds what it needs and nothing else", () => {
    const files = readdirSync(installed, { recursive: true }).map(String).sort();
    expect(files).toEqual(
      [
        "LICENSE",
        "README.md",
        "dist",
        "dist/index.cjs",
        "dist/index.d.cts",
        "dist/index.d.ts",
        "dist/index.js",
        "package.json",
      ].sort(),
    );
  });

  test("has no dependencies, and leads nobody to sources that it does not have", () => {
    const manifest = JSON.parse(read("package.json")) as Record<string, unknown>;
    expect(manifest).not.toHaveProperty("dependencies");
    expect(manifest).not.toHaveProperty("peerDependencies");
    expect(JSON.stringify(manifest["exports"])).not.toContain("source");
    const local = JSON.parse(readFileSync(join(sdk, "package.json"), "utf8")) as {
      exports: { ".": { source?: string } };
    };
    const { source, ...published } = local.exports["."];
    expect(source).toBe("./src/index.ts");
    expect((manifest["exports"] as Record<string, unknown>)["."]).toEqual(published);
  });

  test("imports nothing and touches nothing that only Node has", () => {
    for (const file of ["dist/index.js", "dist/index.cjs"]) {
      const code = read(file).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
      expect(code).not.toMatch(/\bimport\s*[({"'*\w]|\brequire\s*\(/);
      expect(code).not.toMatch(/\b(?:process|Buffer|__dirname|setImmediate|global)\b(?!["':])\s*[.([]/);
    }
    for (const file of ["dist/index.d.ts", "dist/index.d.cts"]) {
      expect(read(file)).not.toMatch(/^import |\bfrom ["']|import\(["']|reference types/m);
    }
  });

  test("runs where there is fetch and nothing of Node", async () => {
    const module = { exports: {} };
    const answer = { status: 200, headers: new Headers(), text: async () => '{"data":{"viewer":{"name":"worker"}}}' };
    // A context of its own has the language's own globals and these; neither process nor Buffer.
    const web = { AbortController, URL, clearTimeout, crypto, fetch: async () => answer, setTimeout };
    vm.runInNewContext(read("dist/index.cjs"), { ...web, module, exports: module.exports });
    const { Keyplane } = module.exports as { Keyplane: new (options: object) => { viewer(): Promise<unknown> } };
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
