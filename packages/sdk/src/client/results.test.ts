import { describe, expect, expectTypeOf, test } from "vitest";
import type { CreateKeyResult } from "../change-results.js";
import { KeyplaneError } from "./errors.js";
import { type InvalidInputRefusal, isRefusal, KeyplaneRefusedError, type Refusal, unwrap } from "./results.js";

const refusal: Refusal = {
  __typename: "NotFoundError",
  code: "NOT_FOUND",
  message: "No user with this id exists.",
  docsUrl: "https://docs.example/not_found",
};
const refused = refusal as CreateKeyResult;
const created = { __typename: "CreateKeyPayload", secret: "shown once" } as CreateKeyResult;

describe("a result", () => {
  test("is told apart by its code, by its type name, or by isRefusal", () => {
    expect([isRefusal(refused), isRefusal(created)]).toEqual([true, false]);
    if ("code" in refused) expectTypeOf(refused).toEqualTypeOf<Refusal>();
    else expectTypeOf(refused.secret).toBeString();
    if (refused.__typename === "InvalidInputError") expectTypeOf(refused).toEqualTypeOf<InvalidInputRefusal>();
    if (refused.__typename === "CreateKeyPayload") expectTypeOf(refused.key.id).toBeString();
    if (isRefusal(created)) expectTypeOf(created).toEqualTypeOf<Refusal>();
    else expectTypeOf(created.secret).toBeString();
  });

  test("unwrapped is its payload", () => {
    expect(unwrap(created).secret).toBe("shown once");
  });

  test("unwrapped throws the refusal, with its code and page", () => {
    expect(() => unwrap(refused)).toThrow(KeyplaneRefusedError);
    expect(() => unwrap(refused)).toThrow(KeyplaneError);
    expect(() => unwrap(refused)).toThrow(
      expect.objectContaining({ name: "KeyplaneRefusedError", code: "NOT_FOUND", docsUrl: refusal.docsUrl, refusal }),
    );
  });
});
