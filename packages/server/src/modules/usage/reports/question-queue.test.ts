import { describe, expect, test } from "vitest";
import { QuestionQueue } from "./question-queue.js";

/** A question that is answered when the test says so. */
function held() {
  let asked = false;
  let release = (): void => {};
  let fail: (error: Error) => void = () => {};
  const answer = new Promise<string>((resolve, reject) => {
    release = () => resolve("answer");
    fail = reject;
  });
  const ask = (): Promise<string> => {
    asked = true;
    return answer;
  };
  return { ask, release, fail, wasAsked: () => asked };
}

const ticks = () => new Promise((resolve) => setImmediate(resolve));

describe("the queue of questions", () => {
  test("asks so many at a time and no more; others follow in their order, also after a failure", async () => {
    const queue = new QuestionQueue({ atOnce: 2, waiting: 10, waitingOfOne: 100 });
    const questions = Array.from({ length: 4 }, held);
    const answers = questions.map(({ ask }) => queue.ask("tok_a", ask));
    const asked = () => questions.map(({ wasAsked }) => wasAsked());
    await ticks();
    expect(asked()).toEqual([true, true, false, false]);
    questions[1]?.fail(new Error("failed"));
    await expect(answers[1]).rejects.toThrow("failed");
    await ticks();
    expect(asked()).toEqual([true, true, true, false]);
    questions[0]?.release();
    await expect(answers[0]).resolves.toBe("answer");
    await ticks();
    expect(asked()).toEqual([true, true, true, true]);
    for (const { release } of questions) release();
    await Promise.all([answers[2], answers[3]]);
    const later = held();
    const answer = queue.ask("tok_a", later.ask);
    later.release();
    await expect(answer).resolves.toBe("answer");
  });

  test("refuses with UNAVAILABLE when too many wait, and takes others again once one has gone", async () => {
    const queue = new QuestionQueue({ atOnce: 1, waiting: 1, waitingOfOne: 100 });
    const [first, second, third, fourth] = [held(), held(), held(), held()];
    const answers = [queue.ask("tok_a", first.ask), queue.ask("tok_a", second.ask)];
    await expect(queue.ask("tok_a", third.ask)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("1 wait already"),
    });
    expect(third.wasAsked()).toBe(false);
    first.release();
    await answers[0];
    const last = queue.ask("tok_a", fourth.ask);
    for (const { release } of [second, fourth]) release();
    await expect(Promise.all([answers[1], last])).resolves.toEqual(["answer", "answer"]);
  });

  test("never asks for a caller who went away while waiting, and gives the place to the next", async () => {
    const queue = new QuestionQueue({ atOnce: 1, waiting: 2, waitingOfOne: 100 });
    const [running, left, next] = [held(), held(), held()];
    const gone = new AbortController();
    const first = queue.ask("tok_a", running.ask);
    const dropped = queue.ask("tok_a", left.ask, gone.signal);
    const last = queue.ask("tok_a", next.ask);
    gone.abort();
    await expect(dropped).rejects.toMatchObject({ code: "UNAVAILABLE" });
    running.release();
    next.release();
    await expect(Promise.all([first, last])).resolves.toEqual(["answer", "answer"]);
    expect(left.wasAsked()).toBe(false);
    await expect(queue.ask("tok_a", left.ask, gone.signal)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });

  test("lets nobody wait for all that somebody else has asked before: who has the fewest running is next", async () => {
    const queue = new QuestionQueue({ atOnce: 2, waiting: 10, waitingOfOne: 10 });
    const greedy = Array.from({ length: 6 }, held);
    const modest = Array.from({ length: 2 }, held);
    const answers = [
      ...greedy.map(({ ask }) => queue.ask("greedy", ask)),
      ...modest.map(({ ask }) => queue.ask("modest", ask)),
    ];
    greedy[0]?.release();
    await answers[0];
    await ticks();
    expect(modest.map(({ wasAsked }) => wasAsked())).toEqual([true, false]);
    expect(greedy.map(({ wasAsked }) => wasAsked())).toEqual([true, true, false, false, false, false]);
    // Both have one now: whoever waits longest.
    modest[0]?.release();
    await ticks();
    expect(modest[1]?.wasAsked()).toBe(true);
    for (const { release } of [...greedy, ...modest]) release();
    await Promise.all(answers);
  });

  test("keeps places for others, however many somebody asks", async () => {
    const queue = new QuestionQueue({ atOnce: 1, waiting: 3, waitingOfOne: 2 });
    const questions = Array.from({ length: 4 }, held);
    const answers = questions.slice(0, 3).map(({ ask }) => queue.ask("greedy", ask));
    await expect(queue.ask("greedy", held().ask)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("with this token"),
    });
    answers.push(queue.ask("modest", questions[3]?.ask ?? held().ask));
    for (const { release } of questions) release();
    await Promise.all(answers);
  });
});
