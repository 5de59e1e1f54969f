import { BadUserInputError, KeyplaneError } from "../../../platform/errors.js";
import type { UsageAnswer, UsageQuestion } from "./questions.js";

/** How many points, series times buckets, a slice holds at most. */
const pointsOfSlice = 20_000;
/** How many groups a slice may find: those that are shown meet in more ways than are shown. */
const groupsOfSlice = 20_000;

/** A report in pieces. */
export interface SlicedReport {
  /** The series and totals of the whole window, without columns. */
  readonly whole: UsageAnswer;
  /** The window before; null where it was not asked for or is no longer kept. */
  readonly before: UsageAnswer | null;
  /** The columns of all buckets, some buckets at a time, in their order. */
  readonly slices: AsyncGenerator<UsageAnswer>;
}

/**
 * Asks a question slice by slice: as many buckets at a time as make little enough to hold. Each slice begins and ends where a
 * bucket does, so that its numbers are those of the whole.
 *
 * @param question one whose filter finds the groups that are shown.
 * @param whole its answer without columns.
 */
export async function* slicesOf(
  question: UsageQuestion,
  whole: UsageAnswer,
  answer: (slice: UsageQuestion) => Promise<UsageAnswer>,
): AsyncGenerator<UsageAnswer> {
  const { starts } = whole;
  let buckets = Math.max(1, Math.floor(pointsOfSlice / Math.max(1, whole.totalSeries)));
  for (let first = 0; first < starts.length; ) {
    const [from, to] = [starts[first] as number, starts[first + buckets] ?? question.to];
    try {
      const slice = await answer({
        ...question,
        from,
        to,
        limit: groupsOfSlice,
        wants: { points: true, latency: true, meters: true },
      });
      if (slice.totalSeries > slice.series.length) throw tooManyGroups(slice.totalSeries);
      yield slice;
      first += buckets;
    } catch (error) {
      // What costs too much at once may not in two parts; what is refused for another reason is refused of one bucket, too.
      if (buckets === 1 || !(error instanceof KeyplaneError) || error.code !== "BAD_USER_INPUT") throw error;
      buckets = Math.ceil(buckets / 2);
    }
  }
}

function tooManyGroups(count: number): BadUserInputError {
  return new BadUserInputError(
    `groupBy: The values of the groups meet in ${count} ways, and an export looks through ${groupsOfSlice}. Group by less, or narrow the filter.`,
  );
}
