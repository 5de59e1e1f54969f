import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { FakeGuard } from "../../test-helpers/fake-guard.js";
import type { AdapterOptions } from "./options.js";
import { createPolicy } from "./policy.js";
import { docsUrlForProblem, type ProblemCode, problemCodes } from "./problem-codes.js";
import { viewOfNode } from "./request-view.js";

const policyWith = (options: unknown) => createPolicy<[]>(new FakeGuard(), options as AdapterOptions<[]>);

describe("options that cannot be meant are refused at the start:", () => {
  test.each([
    [{ scope: ["a"] }, 'There is no option "scope".'],
    [{ closeOnRevocation: true }, "There is no option"],
    [{ toString: true }, "There is no option"],
    [{ scopes: "orders:read" }, "The option scopes takes a list of scopes"],
    [{ scopes: [""] }, "The option scopes takes"],
    [{ scopes: ["a b"] }, "The option scopes takes"],
    [{ scopes: [undefined] }, "The option scopes takes"],
    [{ scopes: Array.from({ length: 101 }, () => "a") }, "The option scopes takes"],
    [{ environment: "live" }, 'The option environment takes "LIVE"'],
    [{ environment: "toString" }, "The option environment takes"],
    [{ usage: { apis: "a" } }, "The option usage takes"],
    [{ usage: [] }, "The option usage takes"],
    [{ header: "x api key" }, "The option header takes the name of a header"],
    [{ header: "Authorization" }, "only with bearer: false"],
    [{ bearer: "no" }, "The option bearer takes true or false"],
    [{ queryParameter: true }, "The option queryParameter takes the name"],
    [{ clientAddress: "x-real-ip" }, "The option clientAddress takes a function"],
    [{ trustedProxies: true }, "The option trustedProxies takes the number"],
    [{ trustedProxies: -1 }, "The option trustedProxies takes"],
    [{ clientAddress: () => "", trustedProxies: 1 }, "not both"],
    [{ realm: 'a"' }, "The option realm takes printable ASCII"],
    [{ realm: "a\r\n" }, "The option realm takes"],
    [{ exposeReason: 1 }, "The option exposeReason takes"],
    [{ exposeReason: "all" }, "The option exposeReason takes"],
    [null, "Give the options as an object."],
  ])("%j", (options, message) => {
    expect(() => policyWith(options)).toThrow(TypeError);
    expect(() => policyWith(options)).toThrow(message);
  });

  test("those that were left out are not", () => {
    const left = { scopes: undefined, environment: undefined, header: undefined, trustedProxies: undefined };
    expect(() => policyWith(left)).not.toThrow();
    expect(() => policyWith({ header: "authorization", bearer: false })).not.toThrow();
  });
});

test("a list of scopes that is changed later changes nothing", async () => {
  const guard = new FakeGuard();
  const scopes = ["orders:write"];
  const policy = createPolicy<[]>(guard, { scopes });
  scopes.length = 0;
  const { verdict } = await policy.admit(viewOfNode({ headers: { "x-api-key": "valid" } }), undefined, []);
  expect([verdict, guard.calls[0]?.request?.scopes]).toEqual([null, ["orders:write"]]);
});

test("every code of the adapters has its page", () => {
  const page = readFileSync(new URL("../../../../../docs/sdk/adapters.md", import.meta.url), "utf8");
  const headings = [...page.matchAll(/^### ([A-Z_]+)$/gm)].map(([, code]) => code);
  expect(headings).toEqual(Object.keys(problemCodes));
  for (const code of Object.keys(problemCodes) as ProblemCode[]) {
    expect(docsUrlForProblem(code, "https://a.example/docs")).toMatch(
      /^https:\/\/a\.example\/docs\/sdk\/adapters\.md#[a-z_]+$/,
    );
    expect(page).toContain(`Status ${problemCodes[code].httpStatus}.`);
  }
});
