import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode } from "../bson/decode.js";
import { encodeAny } from "../bson/encode.js";
import { anyValue } from "../testing/arbitraries.js";
import { includedFields, pickFields } from "./included-fields.js";
import { compileProjection } from "./projection.js";

const names = ["_id", "a", "b", "ab", "ä"];

describe("a projection of whole fields", () => {
  test("copies bytes to the same document that decoding and encoding would make", () => {
    const documents = fc.tuple(
      anyValue,
      fc.dictionary(fc.constantFrom(...names.slice(1)), anyValue, { noNullPrototype: true }),
    );
    const projections = fc.dictionary(fc.constantFrom(...names), fc.constantFrom(0, 1, true, false), {
      minKeys: 1,
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(documents, projections, ([id, fields], projection) => {
        const included = includedFields(projection);
        fc.pre(included !== null);
        const bytes = Buffer.from(encodeAny({ _id: id, ...fields }));
        const shape = compileProjection(projection, { clock: () => new Date(0), variables: {} });
        const expected = Buffer.from(encodeAny(shape ? shape(decode(bytes)) : decode(bytes)));
        expect(pickFields(bytes, included)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  test.for([
    [{ a: 1 }, ["_id", "a"]],
    [{ _id: 0, a: true }, ["a"]],
    [{ _id: 1 }, ["_id"]],
    [{ _id: 0 }, null],
    [{ a: 0 }, null],
    [{ "a.b": 1 }, null],
    [{ a: { $slice: 1 } }, null],
    [{}, null],
  ] as const)("%j includes %j", ([projection, expected]) => {
    const included = includedFields(projection);
    expect(included && [...included].sort()).toEqual(expected);
  });
});
