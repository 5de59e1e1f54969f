const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 60 * 60_000, d: 24 * 60 * 60_000 };

/**
 * Reads a list such as `7d,12h`.
 *
 * @returns milliseconds, the longest first, each once; undefined when the text is no such list.
 */
export function parseDurations(
  text: string,
  { most, maxMs }: { readonly most: number; readonly maxMs: number },
): readonly number[] | undefined {
  const durations = text.split(",").map((part) => {
    const [, count, unit = ""] = /^\s*(\d{1,9})([smhd])\s*$/.exec(part) ?? [];
    return Number(count) * (units[unit] ?? Number.NaN);
  });
  if (durations.length > most || !durations.every((ms) => ms > 0 && ms <= maxMs)) return undefined;
  return [...new Set(durations)].sort((a, b) => b - a);
}
