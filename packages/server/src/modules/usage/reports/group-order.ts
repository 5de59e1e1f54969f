/** A group by its values, in the order of the question's dimensions. */
export interface Grouped {
  readonly values: readonly (string | null)[];
}

/** A to Z by code units, the same on every machine; without a value last. Settles ties, so that the same data give the same answer. */
export function byValues(a: Grouped, b: Grouped): number {
  for (const [index, value] of a.values.entries()) {
    const other = b.values[index] ?? null;
    if (value === other) continue;
    if (value === null || other === null) return value === null ? 1 : -1;
    return value < other ? -1 : 1;
  }
  return 0;
}
