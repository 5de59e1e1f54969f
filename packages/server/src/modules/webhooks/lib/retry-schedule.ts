const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** The pauses after each failed attempt: the example of Standard Webhooks, a little more than three days in all. */
const pauses: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

/** How much longer a pause may be, so that what failed together is not sent again together. */
const jitter = 0.1;

/**
 * How long to wait after a failure, in milliseconds; null: it is given up.
 *
 * @param attempts how often it was sent, from 1.
 * @param random from 0 to less than 1.
 */
export function pauseAfter(attempts: number, random: number): number | null {
  const pause = pauses[attempts - 1];
  return pause === undefined ? null : Math.round(pause * (1 + jitter * random));
}
