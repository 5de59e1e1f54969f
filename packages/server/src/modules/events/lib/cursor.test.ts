import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeCursor, encodeCursor, isAt } from "./cursor.js";

const place = fc.record({
  transactionId: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  sequence: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  id: fc.constantFrom("", "evt_0123456789abcdefghijABCD", "evt_zzzzzzzzzzzzzzzzzzzzzzzz"),
});

describe("a cursor", () => {
  test("gives back what it was made of, and knows its event from others", () => {
    fc.assert(
      fc.property(place, place, (at, other) => {
        const cursor = decodeCursor(encodeCursor("store1", at));
        expect(cursor).toMatchObject({
          storeId: "store1",
          transactionId: at.transactionId,
          sequence: at.sequence,
        });
        if (!cursor) throw new Error("unreachable");
        expect(isAt(cursor, at)).toBe(true);
        expect(isAt(cursor, { ...at, id: `${at.id}x`.padStart(12, "y") })).toBe(false);
        expect(isAt(cursor, { ...other, sequence: at.sequence + 1n })).toBe(false);
      }),
    );
  });

  test("never throws, whatever text it is", () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => decodeCursor(text) === null));
    expect(decodeCursor(Buffer.from("e1.s.zzzzzzzzzzzzz.1.x").toString("base64url"))).toBeNull();
  });
});
