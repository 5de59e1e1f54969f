import { docsUrlForVerdict, type VerdictCode, verdictCodes } from "@keyplane/schema";
import { describe, expect, test } from "vitest";
import { createForwardAuth } from "../../packages/server/src/http/forward-auth.js";
import { headerValue } from "../../packages/server/src/http/header-value.js";
import { day } from "../testkit/index.js";

type Headers = Record<string, string>;

describe("any text as the value of a header", () => {
  test.for(["\r\nSet-Cookie: a=b", "\u0000", "\n", "\u0085", "\u2028", "\ud800", " padded ", "%", "plain"])(
    "%j is safe",
    (text) => {
      const sent = headerValue(text);
      expect(sent).toMatch(/^(?! )[\x20-\x7e]*(?<! )$/);
      expect(decodeURIComponent(sent)).toBe(text.replace("\ud800", "\ufffd"));
    },
  );
});

describe("every verdict code", () => {
  const logger = { error() {}, warn() {} } as never;

  /** The answer to a verdict that no key of a test can have yet. */
  function answerTo(code: VerdictCode, more: Record<string, unknown> = {}, query = "") {
    let answer: { status: number; headers: Headers; body: string } | undefined;
    const verdict = {
      valid: code === "VALID",
      code,
      message: "m",
      docsUrl: docsUrlForVerdict(code),
      requestId: "req_1",
      key: { id: "key_1" },
      owner: { id: "usr_1", externalId: null },
      tenantId: "ten_1",
      scopes: [],
      missingScopes: [],
      retryAfterMs: null,
      hint: null,
      ...more,
    } as never;
    const forwardAuth = createForwardAuth({ authenticate: () => ({}) as never, verify: () => verdict, logger });
    const response = {
      writeHead: (status: number, headers: Headers) => {
        answer = { status, headers, body: "" };
      },
      end: (body: string) => {
        if (answer) answer.body = body;
      },
    };
    forwardAuth({ headers: { "x-keyplane-token": "t" }, url: `/v1/forward-auth${query}` } as never, response as never, {
      requestId: "req_1",
      address: null,
    });
    return answer as { status: number; headers: Headers; body: string };
  }

  test.for(Object.keys(verdictCodes) as VerdictCode[])("%s has the status of the registry", (code) => {
    const { status, headers, body } = answerTo(code);
    expect([status, headers["x-keyplane-code"]]).toEqual([verdictCodes[code].httpStatus, code]);
    expect(body === "").toBe(code === "VALID");
    expect("www-authenticate" in headers).toBe(status === 401 || code === "INSUFFICIENT_SCOPE");
  });

  test.for(["RATE_LIMITED", "QUOTA_EXCEEDED"] as const)("%s says when to come back, rounded up", (code) => {
    expect(answerTo(code, { retryAfterMs: 1_001 }).headers["retry-after"]).toBe("2");
    expect(answerTo(code, { retryAfterMs: 0 }).headers["retry-after"]).toBe("1");
    expect(answerTo(code, { retryAfterMs: day }).headers["retry-after"]).toBe("86400");
    expect(JSON.parse(answerTo(code, { retryAfterMs: 1_001 }).body)).toMatchObject({ retryAfterMs: 1_001 });
    // A quota that never resets by itself.
    expect(answerTo(code).headers).not.toHaveProperty("retry-after");
  });

  test.for(Object.keys(verdictCodes) as VerdictCode[])("%s is told as far as the gateway's owner allows", (code) => {
    const { httpStatus } = verdictCodes[code];
    const more = { message: "because of Initech", hint: "a hint", missingScopes: ["orders"] };
    const ask = (exposeReason: string) => answerTo(code, more, `?expose_reason=${exposeReason}`);
    for (const each of ["none", "code", "message"]) expect(ask(each).status).toBe(httpStatus);
    if (code === "VALID") return;
    const nothing = ask("none");
    expect(Object.keys(JSON.parse(nothing.body)).sort()).toEqual(["requestId", "status", "title", "type"]);
    expect(nothing.headers).not.toHaveProperty("x-keyplane-code");
    expect(nothing.headers).not.toHaveProperty("x-keyplane-key-id");
    expect(JSON.stringify(nothing)).not.toMatch(/Initech|a hint|orders/);
    expect(ask("code").body).toBe(answerTo(code, more).body);
    expect(ask("code").body).not.toContain("Initech");
    expect(JSON.parse(ask("message").body).detail).toBe("because of Initech");
  });
});
