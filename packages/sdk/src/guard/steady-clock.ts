/** What time is read from; a simulation replaces it. */
export interface TimeSources {
  /** Milliseconds that nobody can set back. On Linux they stand still while the machine sleeps. */
  readonly monotonic: () => number;
  /** Epoch milliseconds. Somebody may set them. */
  readonly wall: () => number;
}

const realSources: TimeSources = { monotonic: () => performance.now(), wall: () => Date.now() };

/** How far the wall clock may get ahead of the monotonic one before that counts as time that has passed, in milliseconds. */
const jumpMs = 500;

/**
 * Milliseconds for measuring how old something is: they never go back, and do not stand still while time passes. The monotonic
 * clock alone would stand still in a machine that sleeps, the wall clock alone goes back when somebody sets it. So this
 * is the monotonic clock, moved on whenever the wall clock gets ahead of it: because the machine slept, or because
 * somebody set it, which only makes everything older than it is. At most half a second of sleep remains unseen.
 */
export class SteadyClock {
  readonly #sources: TimeSources;
  readonly #onJump: () => void;
  /** What was slept, and the wall clock's distance from the monotonic one when that was last settled. */
  #slept = 0;
  #distance: number;
  #wall: number;
  #latest = 0;

  /** @param onJump told when the machine slept, or somebody set the clock forward. */
  constructor(onJump: () => void = () => {}, sources: TimeSources = realSources) {
    this.#sources = sources;
    this.#onJump = onJump;
    this.#wall = sources.wall();
    this.#distance = this.#wall - sources.monotonic();
  }

  now(): number {
    const monotonic = this.#sources.monotonic();
    this.#wall = this.#sources.wall();
    const ahead = this.#wall - monotonic - this.#distance;
    if (ahead > jumpMs || ahead < -jumpMs) this.#settle(ahead);
    this.#latest = monotonic + this.#slept;
    return this.#latest;
  }

  /** What {@link now} said last. */
  get latest(): number {
    return this.#latest;
  }

  /** Epoch milliseconds, as they were at the last look. */
  get wall(): number {
    return this.#wall;
  }

  #settle(ahead: number): void {
    this.#distance += ahead;
    if (ahead < 0) return;
    this.#slept += ahead;
    this.#onJump();
  }
}
