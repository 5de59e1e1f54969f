import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { OpenStreams } from "./open-streams.js";

const allowed = async () => true;

/** An answer whose reader has gone before it began. */
function answerWithoutReader(): ServerResponse {
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.destroy();
  return response;
}

test("a stream whose reader went before it began ends at once, and gives its place back", async () => {
  const streams = new OpenStreams();
  let cancelled = false;
  const events = {
    read: () => Promise.resolve({ done: cancelled, value: new TextEncoder().encode("data: 1\n\n") }),
    cancel: async () => {
      cancelled = true;
    },
  };
  await streams.send(answerWithoutReader(), events, { id: "tok_one" }, allowed);
  expect([cancelled, streams.size]).toEqual([true, 0]);
});

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
