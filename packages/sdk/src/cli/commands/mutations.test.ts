import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { buildSchema, execute, type GraphQLOutputType, isEnumType, isListType, isNonNullType, parse } from "graphql";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { wordsOf } from "../../test-helpers/command-line.js";
import { secret, token } from "../../test-helpers/story.js";
import { answer } from "../../testing/responses.js";
import { runCli } from "../cli.js";
import { commands } from "./index.js";

/** Mutations that no command sends, and why not. Everything else has one: add it, with an example. */
const withoutCommand: Readonly<Record<string, string>> = {
  changePassword: "People change their password on the page /password of the server.",
  recordUsage: "Of applications, in batches: the SDK gathers and repeats them.",
  requestPasswordLink: "People ask for it on the page of the server; others are sent one by users invite.",
  setPassword: "By the link of a mail, on the page /password of the server.",
};

const schema = buildSchema(readFileSync(new URL("../../../../schema/schema.graphql", import.meta.url), "utf8"));
const url = "http://keyplane.test";
const home = mkdtempSync(join(tmpdir(), "keyplane-cli-"));
/** The mutations that came to the server. */
const sent = new Set<string>();

/** Any value of a type. What is looked for by its name is there. */
function anyOf(type: GraphQLOutputType, name: string, searched: string): unknown {
  if (isNonNullType(type)) return anyOf(type.ofType, name, searched);
  if (isListType(type)) return [anyOf(type.ofType, name, searched)];
  if (isEnumType(type)) return type.getValues()[0]?.value;
  if (!("name" in type) || !["String", "ID", "Int", "Float", "Boolean", "DateTime", "JSON"].includes(type.name))
    return {};
  if (name === "slug" || name === "email") return searched;
  return {
    String: "text",
    ID: "id_1",
    Int: 1,
    Float: 1,
    Boolean: false,
    DateTime: "2026-01-01T00:00:00.000Z",
    JSON: {},
  }[type.name as "String"];
}

/** A server that takes whatever fits the schema, and answers something that does. */
async function serve(_: unknown, init?: { body?: unknown }) {
  const { query, variables } = JSON.parse(String(init?.body)) as { query: string; variables?: Record<string, unknown> };
  const { search = "acme" } = (variables?.["filter"] ?? {}) as { search?: string };
  const result = await execute({
    schema,
    document: parse(query),
    variableValues: variables,
    rootValue: {},
    fieldResolver: (_source, _args, _context, { parentType, fieldName, returnType }) => {
      if (parentType === schema.getMutationType()) sent.add(fieldName);
      return anyOf(returnType, fieldName, search);
    },
    // Of a result the payload, of a node anything.
    typeResolver: (_value, _context, _info, abstract) => {
      const possible = schema.getPossibleTypes(abstract);
      return (possible.find(({ name }) => name.endsWith("Payload")) ?? possible[0])?.name;
    },
  });
  return answer(200, JSON.stringify(result));
}

/** Runs a line as somebody types it, with a key, a token or a password piped. */
async function run(line: string, options: object, hasToken: boolean): Promise<{ code: number; said: string }> {
  let said = "";
  const listen = () =>
    new Writable({
      write(chunk, _encoding, done) {
        said += String(chunk);
        done();
      },
    });
  const isAsked = "yes" in options && !line.includes("--yes");
  const code = await runCli({
    args: [...wordsOf(line), ...(isAsked ? ["--yes"] : []), ...(line.includes("--url") ? [] : ["--url", url])],
    environment: { XDG_CONFIG_HOME: home, ...(hasToken && { KEYPLANE_TOKEN: token }) },
    home,
    version: "0",
    streams: { stdin: Readable.from([secret]), stdout: listen(), stderr: listen() },
    signal: new AbortController().signal,
  });
  return { code, said };
}

beforeAll(() => {
  vi.stubGlobal("fetch", serve);
});
afterAll(() => {
  vi.unstubAllGlobals();
  rmSync(home, { recursive: true });
});

describe("the commands and the mutations of the schema", () => {
  // They read streams, or ask somebody at a terminal.
  const others = /^(?:usage export|events follow|integrity check .*--follow|sign-in (?!.*--password-stdin))/;
  const examples = commands.flatMap(({ path, options, examples }) =>
    examples.map(([line]) => ({ path, options, line })).filter(({ line }) => !others.test(line)),
  );

  test.for(examples)("keyplane $line: the server takes what it sends", async ({ path, options, line }) => {
    const { code, said } = await run(line, options, !path.startsWith("sign-"));
    // A key that is refused, and a problem that was found, are answers.
    expect([code, said]).toEqual([expect.toSatisfy((each: number) => [0, 10, 11].includes(each)), said]);
  });

  test("every mutation is sent by an example, or it is said why it is none's", () => {
    const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
    expect(mutations.filter((name) => !sent.has(name)).sort()).toEqual(Object.keys(withoutCommand).sort());
  });
});
