/** What time is read from; a simulation replaces it. */
export interface TimeSources {
  /** Milliseconds that nobody can set back. On Linux they stand still while the machine sleeps. */
  readonly monotonic: () => number;
  /** Epoch milliseconds. Somebody may set them. */
  readonly wall: () => number;
}

/** Node looks for it anew each time that it is named: a getter of the global object. */
const { performance } = globalThis;
const realSources: TimeSources = { monotonic: () => performance.now(), wall: () => Date.now() };

/** How far the wall clock may get ahead of the monotonic one before that counts as time that has passed, in milliseconds. */
const jumpMs = 500;

/** What was slept, and the wall clock's distance from the monotonic one when that was last settled; the last look at both. */
const [slept, distance, wall, latest] = [0, 1, 2, 3];

/**
 * Milliseconds for measuring how old something is: they never go back, and do not stand still while time passes. The monotonic
 * clock alone would stand still in a machine that sleeps, the wall clock alone goes back when somebody sets it. So this
 * is the monotonic clock, moved on whenever the wall clock gets ahead of it: because the machine slept, or because
 * somebody set it, which only makes everything older than it is. At most half a second of sleep remains unseen.
 */
export class SteadyClock {
  readonly #sources: TimeSources;
  readonly #onJump: () => void;
  /** In one array, because a number with a fraction is otherwise a new object each time that it is kept. */
  readonly #state = new Float64Array(4);

  /** @param onJump told when the machine slept, or somebody set the clock forward. */
  constructor(onJump: () => void = () => {}, sources: TimeSources = realSources) {
    this.#sources = sources;
    this.#onJump = onJump;
    const state = this.#state;
    state[wall] = sources.wall();
    state[distance] = state[wall] - sources.monotonic();
  }

  now(): number {
    const state = this.#state;
    const monotonic = this.#sources.monotonic();
    const byWall = this.#sources.wall();
    const ahead = byWall - monotonic - (state[distance] as number);
    if (ahead > jumpMs || ahead < -jumpMs) this.#settle(ahead);
    const now = monotonic + (state[slept] as number);
    state[wall] = byWall;
    state[latest] = now;
    return now;
  }

  /**
   * The same to the millisecond: the monotonic clock, whose reading takes as long again, is asked only when the wall clock shows another
   * millisecond than at the last look. It does so whatever has stood still meanwhile, this process or the whole machine. Nothing relies on it
   * alone: where somebody has frozen it, what looks for expiries asks both once a second.
   */
  recent(): number {
    if (this.#sources.wall() !== this.#state[wall]) return this.now();
    return this.latest;
  }

  /** The same moment, or this one where that is still to come: whose clock goes faster must not tell of the future. */
  notLater(at: number): number {
    return Math.min(at, this.now());
  }

  /** A moment of the wall clock by this one; -Infinity where it is still to come: that clock was set back, and says nothing. */
  ofWall(at: number): number {
    const now = this.now();
    const ageMs = this.wall - at;
    return ageMs >= 0 ? now - ageMs : Number.NEGATIVE_INFINITY;
  }

  /** What {@link now} said last. */
  get latest(): number {
    return this.#state[latest] as number;
  }

  /** Epoch milliseconds, as they were at the last look. */
  get wall(): number {
    return this.#state[wall] as number;
  }

  #settle(ahead: number): void {
    const state = this.#state;
    state[distance] = (state[distance] as number) + ahead;
    if (ahead < 0) return;
    state[slept] = (state[slept] as number) + ahead;
    this.#onJump();
  }
}
