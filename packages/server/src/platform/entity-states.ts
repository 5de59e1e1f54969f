import { EntityCache } from "./entity-cache.js";

/** An EntityCache whose entities name their id and can be read many at once. */
export class EntityStates<State extends { readonly id: string }> extends EntityCache<State> {
  readonly #loadMany: (ids: readonly string[]) => Promise<readonly State[]>;

  /** @param options as of EntityCache; `loadMany` reads those that exist in one query. */
  constructor(options: {
    max: number;
    load: (id: string) => Promise<State | null>;
    loadMany: (ids: readonly string[]) => Promise<readonly State[]>;
  }) {
    super(options);
    this.#loadMany = options.loadMany;
  }

  /** Reads those of them that are not remembered, in one query. */
  async warmUp(ids: Iterable<string>): Promise<void> {
    const missing = [...new Set(ids)].filter((id) => !this.peek(id));
    if (missing.length === 0) return;
    await this.getMany(async () => (await this.#loadMany(missing)).map((state) => [state.id, state] as const));
  }

  /** Events may have been missed. */
  onGap(): void {
    this.forgetAll();
  }
}
