import type { EventDocument, RowDocument, UsageCollections } from "../storage/documents.js";
import { latencyIndex } from "../storage/latency-histogram.js";
import type { Retention } from "../storage/tiers.js";
import { bucketAt, bucketBounds } from "./calendar.js";
import { Cells, Contribution, latencyKey } from "./contribution.js";
import { matching, ofTenant } from "./filters.js";
import { Fold } from "./fold.js";
import { type ReportLimits, reportLimits } from "./limits.js";
import type { UsageAnswer, UsageDimension, UsageQuestion } from "./questions.js";
import { type Budget, type Reading, readBatches } from "./reading.js";
import { RowDecoder } from "./row-decoder.js";
import { type RowRead, rowReads } from "./row-reads.js";
import { NotKeptError, type Piece, planWindow } from "./window-plan.js";

export interface ReportOptions {
  /** Epoch milliseconds: what is kept depends on it. */
  readonly now: number;
  readonly retention: Retention;
  /** Default: `reportLimits`. */
  readonly limits?: ReportLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Answers a question about counts, exactly: from rows of counts where they are fine enough and kept, and from raw events where
 * they are not. An event that is being counted at this moment may be in the raw events already and in the rows not yet.
 *
 * The answer can be sent to another thread.
 *
 * @throws BadUserInputError for an unknown time zone, a precision that is not kept any more, or a question beyond the limits;
 * each says what to ask instead.
 */
export async function report(
  collections: UsageCollections,
  question: UsageQuestion,
  options: ReportOptions,
): Promise<UsageAnswer> {
  const limits = options.limits ?? reportLimits;
  const { from, to, bucket, timeZone, wants } = question;
  const bounds = bucketBounds({ from, to }, bucket, timeZone, limits.buckets);
  // Totals alone do not care where buckets begin, and coarser rows are fewer.
  const cuts = wants.points ? bounds : Float64Array.of(from, to);
  const fold = new Fold(question, cuts.length - 1, limits);
  const pieces = planOf(question, cuts, options);
  if (!pieces) return { ...fold.answer(bounds.slice(0, -1)), isKept: false };
  const asked: Asked = { collections, question, cuts, fold, limits, signal: options.signal };
  await foldRows(asked, rowReads(pieces, cuts));
  await foldEvents(
    asked,
    pieces.filter(({ source }) => source === "raw"),
  );
  return fold.answer(bounds.slice(0, -1));
}

/** @returns null where the window is no longer kept and the question takes that for an answer. */
function planOf(question: UsageQuestion, cuts: Float64Array, { retention, now }: ReportOptions): Piece[] | null {
  try {
    return planWindow(cuts, retention, now);
  } catch (error) {
    if (question.mayNotBeKept && error instanceof NotKeptError) return null;
    throw error;
  }
}

interface Asked {
  readonly collections: UsageCollections;
  readonly question: UsageQuestion;
  readonly cuts: Float64Array;
  readonly fold: Fold;
  readonly limits: ReportLimits;
  readonly signal: AbortSignal | undefined;
}

async function foldRows(asked: Asked, reads: readonly RowRead[]): Promise<void> {
  const { collections, question, fold, limits } = asked;
  const budget = { what: "rows of counts", max: limits.rows, left: limits.rows };
  const contribution = new Contribution();
  const decoder = new RowDecoder(contribution);
  const { wants } = question;
  const fields = ["start", "count", "cost", ...(wants.latency ? ["latency"] : []), ...(wants.meters ? ["meters"] : [])];
  for (const read of reads) {
    const within = { start: { $gte: new Date(read.from), $lt: new Date(read.to) } };
    const reading = { ...readingOf(asked, budget, within, fields), raw: true };
    for await (const batch of readBatches<Uint8Array, RowDocument>(collections.rows[read.tier], reading)) {
      for (const row of batch) {
        decoder.decode(row, read);
        fold.add(contribution);
      }
    }
  }
}

async function foldEvents(asked: Asked, pieces: readonly Piece[]): Promise<void> {
  const { collections, question, fold, cuts, limits } = asked;
  const budget = { what: "raw events", max: limits.events, left: limits.events };
  const contribution = new Contribution();
  const { wants } = question;
  const fields = ["at", "cost", ...(wants.latency ? ["latencyMs"] : []), ...(wants.meters ? ["meters"] : [])];
  for (const { from, to } of pieces) {
    const within = { at: { $gte: new Date(from), $lt: new Date(to) } };
    const reading = readingOf(asked, budget, within, fields);
    for await (const batch of readBatches<EventDocument, EventDocument>(collections.events, reading)) {
      for (const event of batch) {
        fill(contribution, event, bucketAt(cuts, event.at.getTime()));
        fold.add(contribution);
      }
    }
  }
}

function readingOf(asked: Asked, budget: Budget, within: Record<string, unknown>, numbers: readonly string[]): Reading {
  const { question, limits, signal } = asked;
  const dimensions = question.groupBy.map((dimension) => fieldOf[dimension]);
  return {
    condition: { ...ofTenant(question.tenantId), ...within, ...matching(question.filter) },
    // Every answer counts by outcome.
    fields: [...new Set(["code", ...dimensions, ...numbers])],
    budget,
    maxTimeMs: limits.readMs,
    signal,
  };
}

/** The field of rows and events that has a dimension. */
const fieldOf: Readonly<Record<UsageDimension, string>> = {
  KEY: "keyId",
  USER: "userId",
  API: "api",
  CODE: "code",
  TAG: "tags",
};

function fill(into: Contribution, event: EventDocument, bucket: number): void {
  into.clear();
  into.keyId = event.keyId ?? null;
  into.userId = event.userId ?? null;
  into.api = event.api ?? null;
  into.code = event.code;
  into.tags = event.tags ?? [];
  into.count.add(bucket, 1);
  if (event.cost !== 0) into.cost.add(bucket, event.cost);
  if (event.latencyMs !== undefined) into.latency.add(latencyKey(bucket, latencyIndex(event.latencyMs)), 1);
  for (const [name, value] of Object.entries(event.meters ?? {})) {
    if (value === 0) continue;
    const cells = new Cells();
    cells.add(bucket, value);
    into.meters.set(name, cells);
  }
}
