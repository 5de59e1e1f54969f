const units = [
  [24 * 60 * 60 * 1_000, "day"],
  [60 * 60 * 1_000, "hour"],
  [60 * 1_000, "minute"],
  [1_000, "second"],
] as const;

/** A duration for people, exactly, in the largest unit that it is whole in: `1 day`, `36 hours`, `1500 ms`. */
export function durationWords(ms: number): string {
  const [unitMs, unit] = units.find(([size]) => ms > 0 && ms % size === 0) ?? [1, "ms"];
  const count = ms / unitMs;
  return `${count} ${unit}${count === 1 || unit === "ms" ? "" : "s"}`;
}
