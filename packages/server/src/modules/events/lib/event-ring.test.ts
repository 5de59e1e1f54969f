import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventRing } from "./event-ring.js";
import type { Anchor } from "./position.js";

const at = (number: number): Anchor => ({
  transactionId: BigInt(number),
  sequence: BigInt(number),
  id: `evt_${number}`,
});

describe("the ring of events", () => {
  test("has exactly the newest, and finds every place in it, however many went through", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 40 }), (size, count) => {
        const ring = new EventRing<Anchor>(size, at(0));
        for (let number = 1; number <= count; number++) ring.append(at(number * 2));
        const kept = Math.min(size, count);
        expect(ring.floor).toEqual(at((count - kept) * 2));
        expect(ring.end).toEqual(at(count * 2));
        for (let place = 0; place <= count * 2; place++) {
          const offset = ring.offsetAfter(at(place));
          if (place < (count - kept) * 2) expect(offset).toBeNull();
          else {
            const next = Math.floor(place / 2) + 1;
            expect(offset === null ? null : ring.at(offset)).toEqual(next <= count ? at(next * 2) : undefined);
          }
          const known = place % 2 === 0 && place >= (count - kept) * 2;
          expect(ring.anchorAt(at(place))).toEqual(known ? at(place) : null);
        }
      }),
    );
  });

  test("tells a reader whose place is gone, also one who had read all when it began anew", () => {
    const ring = new EventRing<Anchor>(2, at(0));
    for (const number of [1, 2, 3]) ring.append(at(number));
    expect(ring.at(0)).toBe("gone");
    expect(ring.wasRestartedAfter(0)).toBe(false);
    const offset = ring.nextOffset;
    ring.restart(at(2));
    expect(ring.at(offset)).toBe("gone");
    expect(ring.wasRestartedAfter(offset)).toBe(true);
    ring.append(at(3));
    expect(ring.at(ring.nextOffset - 1)).toEqual(at(3));
  });

  test("refuses an event that comes before its turn", () => {
    const ring = new EventRing<Anchor>(2, at(5));
    expect(() => ring.append(at(5))).toThrow("before its turn");
  });
});
