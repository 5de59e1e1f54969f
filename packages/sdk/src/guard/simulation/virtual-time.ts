/**
 * Time that passes only when told to. While it is in place, timers and clocks are those of one simulated process: its
 * monotonic clock stands still while it sleeps, and its wall clock can be set.
 */
export class VirtualTime {
  /** Milliseconds since the beginning, by nobody's clock. */
  now = 0;
  #slept = 0;
  #wallOffset = 1_800_000_000_000;
  #next = 0;
  /** A binary heap: by due time, then in the order in which they were set. */
  readonly #heap: Timer[] = [];
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
    performanceNow: performance.now,
    dateNow: Date.now,
  };
  readonly #immediate = setImmediate;

  install(): void {
    const set = (callback: () => void, ms = 0, interval?: number): Timer => {
      const timer = {
        due: this.now + Math.max(0, Number(ms) || 0),
        order: this.#next++,
        callback,
        interval,
        isOff: false,
      };
      push(this.#heap, timer);
      return timer;
    };
    const clear = (timer?: Timer): void => {
      if (timer) timer.isOff = true;
    };
    Object.assign(globalThis, {
      setTimeout: (callback: () => void, ms?: number) => set(callback, ms),
      setInterval: (callback: () => void, ms: number) => set(callback, ms, ms),
      clearTimeout: clear,
      clearInterval: clear,
    });
    performance.now = () => this.now - this.#slept;
    Date.now = () => this.now + this.#wallOffset;
  }

  uninstall(): void {
    const { performanceNow, dateNow, ...timers } = this.#real;
    Object.assign(globalThis, timers);
    performance.now = performanceNow;
    Date.now = dateNow;
  }

  /** Somebody sets the clock of the process. */
  jump(ms: number): void {
    this.#wallOffset += ms;
  }

  /** The process stands still, and its monotonic clock with it: what was due meanwhile happens afterwards. */
  sleep(ms: number): void {
    this.now += ms;
    this.#slept += ms;
  }

  /** Lets time pass, and everything happen that is due, each thing with all that follows from it at once. */
  async advance(ms: number): Promise<void> {
    const until = this.now + ms;
    await this.settle();
    for (let timer = this.#heap[0]; timer && timer.due <= until; timer = this.#heap[0]) {
      pop(this.#heap);
      if (timer.isOff) continue;
      this.now = Math.max(this.now, timer.due);
      if (timer.interval !== undefined) {
        timer.due = this.now + timer.interval;
        push(this.#heap, timer);
      }
      timer.callback();
      await this.settle();
    }
    this.now = Math.max(this.now, until);
  }

  /** Lets everything happen that waits for nothing but its turn. */
  settle(): Promise<void> {
    return new Promise((resolve) => this.#immediate(resolve));
  }
}

interface Timer {
  due: number;
  readonly order: number;
  readonly callback: () => void;
  readonly interval: number | undefined;
  isOff: boolean;
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}

function push(heap: Timer[], timer: Timer): void {
  let at = heap.push(timer) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(timer, heap[parent] as Timer)) break;
    heap[at] = heap[parent] as Timer;
    at = parent;
  }
  heap[at] = timer;
}

function pop(heap: Timer[]): void {
  const last = heap.pop() as Timer;
  if (heap.length === 0) return;
  let at = 0;
  for (;;) {
    let child = at * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
    if (!isBefore(heap[child] as Timer, last)) break;
    heap[at] = heap[child] as Timer;
    at = child;
  }
  heap[at] = last;
}
