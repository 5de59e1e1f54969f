import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planExpiry } from "./expiry-plan.js";

/** All events of one expiry, when it is looked at whenever it is due, some time late. */
function eventsOf(expiresAt: number, setAt: number, reminders: number[], late: () => number) {
  const told: { at: number; event: string }[] = [];
  let plannedAt = setAt;
  let dueAt = planExpiry({ expiresAt, plannedAt }, reminders, setAt).dueAt ?? setAt;
  for (;;) {
    const now = dueAt + late();
    const plan = planExpiry({ expiresAt, plannedAt }, reminders, now);
    if (plan.event) told.push({ at: now, event: plan.event });
    if (plan.dueAt === null) return told;
    [plannedAt, dueAt] = [now, plan.dueAt];
  }
}

describe("the plan of an expiry", () => {
  test("reminds at each time after the date was set, and tells the end once", () => {
    expect(eventsOf(100, 0, [70, 10], () => 0)).toEqual([
      { at: 30, event: "EXPIRING" },
      { at: 90, event: "EXPIRING" },
      { at: 100, event: "EXPIRED" },
    ]);
    expect(eventsOf(100, 50, [70, 10], () => 0).map(({ at }) => at)).toEqual([90, 100]);
    expect(eventsOf(100, 100, [70], () => 0)).toEqual([{ at: 100, event: "EXPIRED" }]);
    expect(eventsOf(100, 200, [70], () => 0)).toEqual([{ at: 200, event: "EXPIRED" }]);
  });

  test("however late it is looked at: one EXPIRED, last, and no reminder twice or after it", () => {
    const times = fc.array(fc.integer({ min: 1, max: 100 }), { maxLength: 5 });
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        times,
        fc.array(fc.integer({ min: 0, max: 60 })),
        (setAt, reminders, lates) => {
          const told = eventsOf(150, setAt, reminders, () => lates.shift() ?? 0);
          expect(told.filter(({ event }) => event === "EXPIRED")).toHaveLength(1);
          expect(told.at(-1)?.event).toBe("EXPIRED");
          const reminded = told.slice(0, -1);
          expect(reminded.every(({ at }) => at < 150)).toBe(true);
          expect(reminded.length).toBeLessThanOrEqual(new Set(reminders.filter((ms) => 150 - ms > setAt)).size);
        },
      ),
    );
  });
});
