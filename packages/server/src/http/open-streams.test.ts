import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { expect, test, vi } from "vitest";
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

test("what a connection has beyond its first subscription counts, too", () => {
  const streams = new OpenStreams(2);
  const one = { id: "tok_one" };
  const release = streams.hold(one, allowed, () => {});
  const giveBack = streams.count(one);
  expect(streams.refusalFor(one)).toMatchObject({ code: "UNAVAILABLE" });
  giveBack();
  giveBack(); // a second time changes nothing
  expect([streams.refusalFor(one), streams.size]).toEqual([null, 1]);
  release();
  expect(streams.size).toBe(0);
});

test("whether a caller may still listen is not asked again while the last answer is awaited", async () => {
  vi.useFakeTimers();
  try {
    const streams = new OpenStreams();
    const answers: ((may: boolean) => void)[] = [];
    const ends: string[] = [];
    const ask = () => new Promise<boolean>((resolve) => answers.push(resolve));
    const release = streams.hold({ id: "tok_one" }, ask, (reason) => ends.push(reason));
    await vi.advanceTimersByTimeAsync(5_000);
    expect(answers).toHaveLength(1);
    answers[0]?.(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(answers).toHaveLength(2);
    answers[1]?.(false);
    await vi.advanceTimersByTimeAsync(0);
    expect(ends).toEqual(["token ended"]);
    release();
  } finally {
    vi.useRealTimers();
  }
});
