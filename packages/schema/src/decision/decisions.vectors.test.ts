import { describe, expect, test } from "vitest";
import file from "../../vectors/decisions.json" with { type: "json" };
import { parseKey } from "../key-format/parse-key.js";
import { verdictCodes } from "../verdict-codes.js";
import { decide } from "./decide.js";
import type { DecisionRequest, KeyRecord } from "./types.js";

/** The layout of one vector; README.md describes it. */
interface DecisionVector {
  readonly name: string;
  readonly input: {
    readonly text?: string;
    readonly now?: number;
    readonly record?: { readonly [Section in keyof KeyRecord]?: Partial<KeyRecord[Section]> | null } | null;
    readonly request?: Omit<DecisionRequest, "format">;
  };
  readonly expected: {
    readonly code: string;
    readonly missingScopes?: readonly string[];
    readonly retryAfterMs?: number;
    readonly messageIncludes?: string;
    readonly hintIncludes?: string;
  };
}
const base = file.base as unknown as { text: string; now: number; record: KeyRecord };
const vectors = file.vectors as unknown as readonly DecisionVector[];

function recordOf({ record }: DecisionVector["input"]): KeyRecord | null {
  if (record === null) return null;
  const owner = { ...base.record.owner, ...record?.owner };
  return {
    secret: { ...base.record.secret, ...record?.secret },
    key: { ...base.record.key, ...record?.key },
    owner: record?.owner === null ? null : (owner as KeyRecord["owner"]),
    tenant: { ...base.record.tenant, ...record?.tenant },
  };
}

describe("vectors of decide", () => {
  test.each(vectors)("$name", ({ input, expected }) => {
    const request = { ...input.request, format: parseKey(input.text ?? base.text) };
    expect(decide(recordOf(input), request, input.now ?? base.now)).toEqual({
      code: expected.code,
      valid: expected.code === "VALID",
      message: expect.stringContaining(expected.messageIncludes ?? ""),
      hint: expected.hintIncludes === undefined ? null : expect.stringContaining(expected.hintIncludes),
      missingScopes: expected.missingScopes ?? [],
      retryAfterMs: expected.retryAfterMs ?? null,
    });
  });

  test("there is one for every verdict code, and no other code", () => {
    expect(new Set(vectors.map(({ expected }) => expected.code))).toEqual(new Set(Object.keys(verdictCodes)));
  });

  test("every vector has a name of its own", () => {
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
  });
});
