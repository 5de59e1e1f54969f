import { describe, expect, test } from "vitest";
import { createUuid } from "./uuid.js";

const version4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** Runs with a `crypto` that has no `randomUUID`, as pages have that came by plain HTTP. */
function onPlainHttp<Result>(work: () => Result): Result {
  const real = globalThis.crypto;
  const lacking = { getRandomValues: (bytes: Uint8Array<ArrayBuffer>) => real.getRandomValues(bytes) };
  Object.defineProperty(globalThis, "crypto", { value: lacking, configurable: true });
  try {
    return work();
  } finally {
    Object.defineProperty(globalThis, "crypto", { value: real, configurable: true });
  }
}

describe("a UUID", () => {
  test("is random, with and without randomUUID", () => {
    for (const create of [createUuid, () => onPlainHttp(createUuid)]) {
      const ids = Array.from({ length: 200 }, create);
      for (const id of ids) expect(id).toMatch(version4);
      expect(new Set(ids).size).toBe(200);
    }
  });
});
