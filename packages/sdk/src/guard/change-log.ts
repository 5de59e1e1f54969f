/** What became new, where it cannot be named: a key or a secret that nobody has read yet. */
export const somethingNew = "";

/**
 * Which keys, owners and tenants changed while answers were on their way. An answer may be older than a change that was told
 * meanwhile, so what it says of these is thrown away: a late answer never brings back a revoked key.
 */
export class ChangeLog {
  #changes = 0;
  #underWay = 0;
  readonly #last = new Map<string, number>();

  /** An event about this was told. */
  add(id: string): void {
    // Nobody will ask about it while no answer is awaited.
    if (this.#underWay > 0) this.#last.set(id, ++this.#changes);
  }

  /** A request is sent. @returns tells whether something changed since, until `end` is called. */
  begin(): { readonly hasChanged: (id: string) => boolean; readonly end: () => void } {
    const begun = this.#changes;
    this.#underWay += 1;
    return {
      hasChanged: (id) => (this.#last.get(id) ?? 0) > begun,
      end: () => {
        this.#underWay -= 1;
        if (this.#underWay === 0) this.#last.clear();
      },
    };
  }
}
