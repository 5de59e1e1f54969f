import { describe, expect, test } from "vitest";
import { asked } from "../test-helpers/command-line.js";
import { secret, token } from "../test-helpers/story.js";
import { commands, groups } from "./commands/index.js";
import { readEnvironment } from "./environment.js";
import { exitCodes, exitNameOf } from "./exit-codes.js";
import { refuseSecrets } from "./secret-arguments.js";

describe("the table of commands", () => {
  test.for(commands.flatMap(({ path, examples }) => examples.map(([line]) => [path, line] as const)))(
    "%s: the example works: keyplane %s",
    async ([path, line]) => expect((await asked(line)).path).toBe(path),
  );

  test("names each command once, with words of its group, and every group has some", () => {
    const paths = commands.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    const used = new Set(paths.filter((path) => path.includes(" ")).map((path) => path.split(" ")[0]));
    expect([...used].sort()).toEqual(Object.keys(groups).sort());
  });

  test("has the same verbs everywhere", () => {
    const verbs = new Set(commands.flatMap(({ path }) => path.split(" ").slice(1)));
    expect([...verbs].sort()).toEqual([
      "add",
      "approve",
      "check",
      "create",
      "delete",
      "deliveries",
      "diagnose",
      "disable",
      "enable",
      "export",
      "findings",
      "follow",
      "grant",
      "grants",
      "history",
      "hygiene",
      "invite",
      "list",
      "members",
      "query",
      "redeliver",
      "refuse",
      "reissue",
      "release",
      "remove",
      "report",
      "request",
      "reset",
      "resolve",
      "restore",
      "resume",
      "revoke",
      "rotate",
      "set",
      "show",
      "sign-out",
      "suspend",
      "test",
      "top-up",
      "update",
      "verify",
    ]);
  });

  test("asks before it takes something away", () => {
    const taking = commands.filter(({ path }) =>
      /\b(?:delete|disable|keys resolve|reissue|remove|revoke|rotate|suspend)$/.test(path),
    );
    for (const { path, options } of taking)
      expect([path, Object.keys(options)]).toEqual([path, expect.arrayContaining(["yes"])]);
    expect(taking.length).toBeGreaterThan(5);
  });

  test("has no option for a secret", () => {
    const options = commands.flatMap((command) => Object.keys(command.options));
    expect(options.filter((name) => /key$|token|password(?!Stdin)|secret/i.test(name))).toEqual([]);
  });
});

test("options come as their kind, and `usage` alone is its query", async () => {
  expect(await asked("usage --last 7d --by key,code")).toMatchObject({
    path: "usage query",
    options: { last: 604_800_000, by: ["KEY", "CODE"], refused: false },
  });
  expect(await asked("keys revoke key_1 --reason x")).toMatchObject({ argument: "key_1", options: { yes: false } });
});

describe("a secret among the arguments", () => {
  const jwt = `eyJhbGciOiJFZERTQSJ9.${"x".repeat(20)}.y`;
  test.for([[secret], [`--key=${secret}`], ["keys", token], [`Bearer ${token}`], [jwt], [`"${secret}"`]])(
    "%# is refused, unrepeated",
    (args) => {
      expect(() => refuseSecrets(args)).toThrow("looks like a key or a token");
      expect(() => refuseSecrets(args)).not.toThrow(args.at(-1)?.slice(-12));
    },
  );

  test.for([
    ["kp_live_003a"],
    ["key_0123456789abcdefghij"],
    ["my_live_show"],
    ["usr_x", "a@b.example", "--last", "7d"],
  ])("%j is none", (args) => expect(() => refuseSecrets(args)).not.toThrow());
});

test("every exit code is another one, and no failure counts as success", () => {
  const codes = Object.values(exitCodes).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(exitNameOf(new Error("anything"))).toBe("FAILED");
  expect(exitNameOf("anything")).toBe("FAILED");
});

test("the environment is read as it is documented", () => {
  expect(readEnvironment({}, "/home/ada")).toEqual({
    url: undefined,
    token: undefined,
    folder: "/home/ada/.config/keyplane",
    hasColors: true,
  });
  const given = { KEYPLANE_URL: "u", KEYPLANE_TOKEN: "", XDG_CONFIG_HOME: "/x", NO_COLOR: "1" };
  expect(readEnvironment(given, "/home/ada")).toEqual({
    url: "u",
    token: undefined,
    folder: "/x/keyplane",
    hasColors: false,
  });
});
