/** How often the log is read when nobody says that there is something, in milliseconds. */
const pollIntervalMs = 250;
/** How soon it is read again while something is committed whose place is not final yet, in milliseconds. Doubled each time. */
const firstRetryMs = 4;
/** A reading that takes longer counts as one that may never end, in milliseconds. */
const hangingMs = 2_000;

/** Reads again and again, one reading at a time, and at once when it is woken. */
export interface Poller {
  readonly isStopped: boolean;
  /** Whether a reading does not come to its end. */
  readonly isHanging: boolean;
  start(): void;
  /** Reads soon: what was written before this call is seen. */
  wake(): void;
  /** Resolves when a reading has ended that began after this call. @throws what it failed with. */
  readNow(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * @param deps.read one reading; resolves true when another one is worth while soon.
 * @param deps.isNeeded whether anybody cares; asked before readings that nobody waits for.
 */
export function createPoller(deps: {
  read: () => Promise<boolean>;
  failed: (error: unknown) => void;
  isNeeded: () => boolean;
}): Poller {
  const { read, failed, isNeeded } = deps;
  let timer: NodeJS.Timeout | undefined;
  let begunAt: number | null = null;
  let current: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  let retryMs = firstRetryMs;
  let stopped = false;

  /** A reading that begins when the one under way has ended; shared by all who ask meanwhile. */
  function readNext(): Promise<void> {
    if (!current) return begin();
    next ??= current.then(begin, begin);
    return next;
  }

  function begin(): Promise<void> {
    next = null;
    clearTimeout(timer);
    begunAt = performance.now();
    const reading = read().then((isPending) => {
      retryMs = isPending ? Math.min(retryMs * 2, pollIntervalMs) : firstRetryMs;
      schedule(isPending ? retryMs : pollIntervalMs);
    });
    current = reading.finally(() => {
      current = null;
      begunAt = null;
    });
    current.catch((error: unknown) => {
      failed(error);
      schedule(pollIntervalMs);
    });
    return current;
  }

  function schedule(ms: number): void {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      if (isNeeded()) wake();
      else schedule(pollIntervalMs);
    }, ms).unref();
  }

  function wake(): void {
    if (stopped || !isNeeded()) return;
    readNext().catch(() => {}); // told by `failed`
  }

  return {
    get isStopped() {
      return stopped;
    },
    get isHanging() {
      return begunAt !== null && performance.now() - begunAt > hangingMs;
    },
    start: () => schedule(pollIntervalMs),
    wake,
    readNow: readNext,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.allSettled([current, next]);
    },
  };
}
