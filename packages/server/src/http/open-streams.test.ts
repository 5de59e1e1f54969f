import { expect, test } from "vitest";
import { OpenStreams } from "./open-streams.js";

const allowed = async () => true;

test("one caller's streams are bounded, and leave room for others'", () => {
  const streams = new OpenStreams(2);
  const [one, other] = [{ id: "tok_one" }, { id: "tok_other" }];
  const releases = [1, 2].map(() => streams.hold(one, allowed, () => {}));
  expect(streams.refusalFor(one)).toMatchObject({ code: "UNAVAILABLE" });
  expect(streams.refusalFor(other)).toBeNull();
  releases[0]?.();
  releases[0]?.(); // a second time changes nothing
  expect(streams.refusalFor(one)).toBeNull();
  releases.push(streams.hold(one, allowed, () => {}));
  expect(streams.refusalFor(one)).not.toBeNull();
  for (const release of releases) release();
  expect(streams.size).toBe(0);
});
