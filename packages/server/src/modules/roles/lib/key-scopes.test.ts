import fc from "fast-check";
import { expect, test } from "vitest";
import { differenceOf, keyScopesColumns, keyScopesOf } from "./key-scopes.js";

const scope = fc.constantFrom("a", "b", "c", "d");
const bound = fc.option(fc.uniqueArray(scope), { nil: null });

test("a difference touches exactly the keys that can use other scopes from then on", () => {
  fc.assert(
    fc.property(bound, bound, fc.uniqueArray(scope), (before, after, scopes) => {
      const usable = (keyScopes: readonly string[] | null) =>
        scopes.filter((each) => keyScopes?.includes(each) ?? true);
      const isOther = JSON.stringify(usable(before)) !== JSON.stringify(usable(after));
      const difference = differenceOf(before, after);
      const isTouched =
        difference.kind === "among"
          ? scopes.some((each) => difference.scopes.includes(each))
          : difference.kind === "all but" && scopes.some((each) => !difference.scopes.includes(each));
      expect(isTouched).toBe(isOther);
    }),
  );
});

test("what is written of a bound is read again, and none at all changes nothing", () => {
  for (const keyScopes of [null, [], ["a"]]) {
    expect(keyScopesOf({ keyScopes: ["x"], restrictKeyScopes: false, ...keyScopesColumns(keyScopes) })).toEqual(
      keyScopes,
    );
  }
  expect(keyScopesColumns(undefined)).toEqual({});
});
