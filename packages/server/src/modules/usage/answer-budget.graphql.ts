import { setImmediate as turn } from "node:timers/promises";
import { Kind, type SelectionSetNode } from "graphql";
import type { Context } from "../../graphql/context.js";
import type { Selection } from "../../graphql/selection.js";
import { BadUserInputError } from "../../platform/errors.js";

/**
 * How many numbers the reports of one request may answer with in all: as many as the largest single one, a thousand series of
 * thirty days of hours, needs with all that may be asked beside. Complexity does not know how long a report is.
 */
export const maxNumbersOfRequest = 800_000;

/** After how many numbers others get their turn on the event loop, which verification shares. */
const numbersPerTurn = 20_000;

/** What the reports of one request may still answer with. */
export class AnswerBudget {
  #left: number;
  #last: Promise<unknown> = Promise.resolve();
  #handedOut = 0;
  #pace: Promise<void> | undefined;

  constructor(max: number = maxNumbersOfRequest) {
    this.#left = max;
  }

  /**
   * Asks for a report, unless others have used everything up. Large ones are asked one after the other, so that a request is
   * at most one of them beyond its budget before that is known.
   *
   * @param numbersOf how many numbers the report will be answered with.
   * @throws BadUserInputError when that is more than is left; nothing is left then for what follows.
   */
  async report<Report>(
    isLarge: boolean,
    ask: () => Promise<Report>,
    numbersOf: (report: Report) => number,
  ): Promise<Report> {
    const run = async (): Promise<Report> => {
      if (this.#left < 0) throw tooManyNumbers();
      const report = await ask();
      this.#left -= numbersOf(report);
      if (this.#left < 0) throw tooManyNumbers();
      return report;
    };
    if (!isLarge) return run();
    const result = this.#last.then(run);
    this.#last = result.catch(() => {});
    return result;
  }

  /** When to hand out so many numbers: undefined at once, or after others had their turn. */
  pace(numbers: number): Promise<void> | undefined {
    this.#handedOut += numbers;
    if (this.#handedOut > numbersPerTurn) {
      this.#handedOut = numbers;
      this.#pace = (this.#pace ?? Promise.resolve()).then(() => turn());
    }
    return this.#pace;
  }
}

const budgets = new WeakMap<AbortSignal, AnswerBudget>();

/** The budget of a request. Operations of one batch share it: each has a context of its own, but all have the request's signal. */
export function budgetOf({ signal }: Pick<Context, "signal">): AnswerBudget {
  let budget = budgets.get(signal);
  if (!budget) {
    budget = new AnswerBudget();
    budgets.set(signal, budget);
  }
  return budget;
}

/**
 * How many values a selection asks for: one for each leaf, as often as the lists that it is in are long. A field under several
 * names counts for each of them, and so does one that `@skip` leaves out.
 *
 * @param lengths how long lists are, by the name of their field; 1 for all others.
 */
export function countLeaves({ fieldNodes, fragments }: Selection, lengths: Readonly<Record<string, number>>): number {
  // Each fragment once: fragments within fragments could otherwise be made to take forever.
  const known = new Map<string, number>();
  const within = (set: SelectionSetNode | undefined): number => {
    if (!set) return 1;
    let sum = 0;
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) sum += (lengths[selection.name.value] ?? 1) * within(selection.selectionSet);
      else if (selection.kind === Kind.INLINE_FRAGMENT) sum += within(selection.selectionSet);
      else sum += ofFragment(selection.name.value);
    }
    return sum;
  };
  const ofFragment = (name: string): number => {
    let count = known.get(name);
    if (count === undefined) {
      count = within(fragments[name]?.selectionSet);
      known.set(name, count);
    }
    return count;
  };
  return fieldNodes.reduce((sum, { selectionSet }) => sum + within(selectionSet), 0);
}

function tooManyNumbers(): BadUserInputError {
  return new BadUserInputError(
    `limit: The reports of this request have more than ${maxNumbersOfRequest.toLocaleString("en")} numbers in all: series times buckets, for each selection of values or points. ` +
      "Ask for fewer series with limit or filter, for wider buckets or a shorter window, for fewer quantities, or in several requests.",
  );
}
