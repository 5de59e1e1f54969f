import { LRUCache } from "lru-cache";

interface Read<State> {
  readonly result: Promise<State | null>;
  /** Set when the entity changed after this read began: what it brings may be the state before the change. */
  outdated: boolean;
}

/**
 * Remembers the state of entities by id, reads a missing one once however many ask, and never keeps a state that was
 * read before a change. Changes are told by `forget`: the next reader asks the store. Bounded: the least recently
 * used entry goes first.
 */
export class EntityCache<State extends object> {
  readonly #entries: LRUCache<string, State>;
  readonly #reads = new Map<string, Read<State>>();
  /** For each reading of many that is under way: what changed meanwhile; null once everything may have. */
  readonly #changedDuring = new Set<{ ids: Set<string> | null }>();
  readonly #load: (id: string) => Promise<State | null>;

  /**
   * @param options.max how many entities are kept at most.
   * @param options.load reads one entity from the store; null when there is none, which is not remembered here.
   */
  constructor(options: { max: number; load: (id: string) => Promise<State | null> }) {
    this.#entries = new LRUCache({ max: options.max });
    this.#load = options.load;
  }

  /** How many entities are kept now. */
  get size(): number {
    return this.#entries.size;
  }

  /** The remembered state, without any reading. */
  peek(id: string): State | undefined {
    return this.#entries.get(id);
  }

  /** As `peek`, for whoever only compares: it does not count as a use. */
  inspect(id: string): State | undefined {
    return this.#entries.peek(id);
  }

  /** Of which entities something is remembered now. */
  ids(): string[] {
    return [...this.#entries.keys()];
  }

  /** The states of those that exist as the store has them: read anew, one by one, and not remembered. */
  async stored(ids: readonly string[]): Promise<Map<string, State>> {
    const states = new Map<string, State>();
    for (const id of ids) {
      const state = await this.#load(id);
      if (state) states.set(id, state);
    }
    return states;
  }

  /** The state of the entity; null when the store has none. Asks the store only when nothing is remembered. */
  async get(id: string): Promise<State | null> {
    return this.#entries.get(id) ?? this.#read(id);
  }

  /**
   * Reads many entities at once, e.g. to be warm before anybody asks, and remembers those that did not change meanwhile
   * and are not known yet.
   */
  async getMany(read: () => Promise<Iterable<readonly [id: string, state: State]>>): Promise<void> {
    const changed: { ids: Set<string> | null } = { ids: new Set() };
    this.#changedDuring.add(changed);
    try {
      for (const [id, state] of await read()) {
        if (changed.ids && !changed.ids.has(id) && !this.#entries.has(id)) this.#entries.set(id, state);
      }
    } finally {
      this.#changedDuring.delete(changed);
    }
  }

  /** The entity changed: what is remembered, and whatever a read under way brings, counts no more. */
  forget(id: string): void {
    this.#entries.delete(id);
    for (const changed of this.#changedDuring) changed.ids?.add(id);
    this.#outdate(id);
  }

  /** Those that are so have changed. What is being read may be one of them, so that it is read again. */
  forgetWhere(isSo: (state: State) => boolean): void {
    for (const id of this.ids()) {
      const state = this.inspect(id);
      if (state && isSo(state)) this.#entries.delete(id);
    }
    for (const changed of this.#changedDuring) changed.ids = null;
    for (const id of this.#reads.keys()) this.#outdate(id);
  }

  /** Everything may have changed, e.g. after a gap in the events. */
  forgetAll(): void {
    this.#entries.clear();
    for (const changed of this.#changedDuring) changed.ids = null;
    for (const id of this.#reads.keys()) this.#outdate(id);
  }

  #outdate(id: string): void {
    const read = this.#reads.get(id);
    if (!read) return;
    read.outdated = true;
    // Whoever asks from now on must not share a read that began before the change.
    this.#reads.delete(id);
  }

  #read(id: string): Promise<State | null> {
    const underWay = this.#reads.get(id);
    if (underWay) return underWay.result;
    const read: Read<State> = {
      outdated: false,
      result: this.#load(id).then((state) => this.#settle(id, read, state)),
    };
    this.#reads.set(id, read);
    // A failed read is not remembered; the rejection itself reaches everyone who awaits `result`.
    read.result.catch(() => this.#reads.get(id) === read && this.#reads.delete(id));
    return read.result;
  }

  #settle(id: string, read: Read<State>, state: State | null): State | null | Promise<State | null> {
    if (read.outdated) return this.get(id);
    this.#reads.delete(id);
    if (state) this.#entries.set(id, state);
    return state;
  }
}
