import { EntityCache } from "./entity-cache.js";

/** What is remembered of one kind of things, for whoever compares it with the store. */
export interface Remembered<State extends object> {
  /** Of which of them something is remembered now. */
  ids(): string[];
  /** What is remembered, without counting as a use. */
  inspect(id: string): State | undefined;
  /** The states of those that exist as the store has them, read anew. */
  stored(ids: readonly string[]): Promise<ReadonlyMap<string, State>>;
  /** What is remembered is not as the store has it. */
  forget(id: string): void;
  /** How many are to be compared in one go, where each may hold much; left out: as many as usual. */
  readonly atOnce?: number | undefined;
}

/** An EntityCache whose entities name their id and can be read many at once. */
export class EntityStates<State extends { readonly id: string }> extends EntityCache<State> {
  readonly #loadMany: (ids: readonly string[]) => Promise<readonly State[]>;
  readonly atOnce: number | undefined;

  /** @param options as of EntityCache; `loadMany` reads those that exist in one query; `atOnce` as of Remembered. */
  constructor(options: {
    max: number;
    load: (id: string) => Promise<State | null>;
    loadMany: (ids: readonly string[]) => Promise<readonly State[]>;
    atOnce?: number;
  }) {
    super(options);
    this.#loadMany = options.loadMany;
    this.atOnce = options.atOnce;
  }

  /** Reads those of them that are not remembered, in one query. */
  async warmUp(ids: Iterable<string>): Promise<void> {
    const missing = [...new Set(ids)].filter((id) => !this.peek(id));
    if (missing.length === 0) return;
    await this.getMany(async () => (await this.#loadMany(missing)).map((state) => [state.id, state] as const));
  }

  /** Which of them exist: from memory, and the others in one query. */
  async existing(ids: Iterable<string>): Promise<Set<string>> {
    const all = [...new Set(ids)];
    const found = new Set(all.filter((id) => this.peek(id)));
    const missing = all.filter((id) => !found.has(id));
    if (missing.length === 0) return found;
    await this.getMany(async () => {
      const states = await this.#loadMany(missing);
      for (const { id } of states) found.add(id);
      return states.map((state) => [state.id, state] as const);
    });
    return found;
  }

  /** As of EntityCache, in one query. */
  override async stored(ids: readonly string[]): Promise<Map<string, State>> {
    return new Map((await this.#loadMany(ids)).map((state) => [state.id, state]));
  }

  /** Events may have been missed. */
  onGap(): void {
    this.forgetAll();
  }
}
