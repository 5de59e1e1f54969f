import { expect, test } from "vitest";
import { parseSnapshot, wasCommittedBy } from "./snapshot.js";

test("a snapshot tells what was committed, as pg_visible_in_snapshot does", () => {
  const snapshot = parseSnapshot("10:20:12,15");
  const committed = [9n, 10n, 11n, 12n, 15n, 19n, 20n].filter((id) => wasCommittedBy(snapshot, id));
  expect(committed).toEqual([9n, 10n, 11n, 19n]);
  expect(wasCommittedBy(parseSnapshot("7:7:"), 6n)).toBe(true);
  expect(wasCommittedBy(parseSnapshot("7:7:"), 7n)).toBe(false);
});
