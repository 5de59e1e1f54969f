import { type TierName, tiers } from "../storage/tiers.js";
import { bucketAt } from "./calendar.js";
import type { SlotBuckets } from "./row-decoder.js";
import type { Piece } from "./window-plan.js";

/** Rows to read one after the other: those of a tier that start in [from, to), epoch milliseconds. */
export interface RowRead extends SlotBuckets {
  readonly tier: TierName;
  readonly from: number;
  readonly to: number;
}

/**
 * The reads that the pieces of a window come to: as few as possible, because pieces of one tier with less than a row between them
 * share rows. A slot that is in none of the pieces has no bucket.
 *
 * @param bounds the boundaries of the buckets, as given to `planWindow`.
 */
export function rowReads(pieces: readonly Piece[], bounds: Float64Array): RowRead[] {
  return (Object.keys(tiers) as TierName[]).flatMap((tier) => {
    const own = pieces.filter(({ source }) => source === tier);
    return spansOf(own, tiers[tier].spanMs).map((span) => readOf(tier, span, own, bounds));
  });
}

type Span = Pick<Piece, "from" | "to">;

function spansOf(pieces: readonly Span[], spanMs: number): Span[] {
  const spans: Span[] = [];
  for (const piece of pieces) {
    const from = Math.floor(piece.from / spanMs) * spanMs;
    const to = Math.ceil(piece.to / spanMs) * spanMs;
    const last = spans.at(-1);
    if (last && from <= last.to) spans[spans.length - 1] = { from: last.from, to };
    else spans.push({ from, to });
  }
  return spans;
}

function readOf(tier: TierName, { from, to }: Span, pieces: readonly Span[], bounds: Float64Array): RowRead {
  const { slotMs } = tiers[tier];
  const buckets = new Int32Array((to - from) / slotMs).fill(-1);
  for (const piece of pieces) {
    if (piece.from < from || piece.from >= to) continue;
    let bucket = bucketAt(bounds, piece.from);
    for (let at = piece.from; at < piece.to; at += slotMs) {
      while ((bounds[bucket + 1] as number) <= at) bucket += 1;
      buckets[(at - from) / slotMs] = bucket;
    }
  }
  return { tier, from, to, slotMs, buckets };
}
