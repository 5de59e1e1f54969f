import type { Clock } from "../../platform/clock.js";
import { BadUserInputError, KeyplaneError } from "../../platform/errors.js";
import { type Page, type PageArguments, pageOf, parsePage } from "../../platform/pages.js";
import { idSchema, parseArguments } from "../../platform/validation.js";
import { authorize, type Principal } from "../auth/index.js";
import type { UsageTick } from "./live/usage-feed.js";
import { QuestionQueue } from "./reports/question-queue.js";
import type {
  AttemptsAnswer,
  EventFilter,
  EventPlace,
  EventsQuestion,
  Metrics,
  UsageAnswer,
  UsageGroup,
  UsageQuestion,
} from "./reports/questions.js";
import { type SlicedReport, slicesOf } from "./reports/slices.js";
import { filterOfShown, isSame, noUsage, windowBefore } from "./reports/window-before.js";
import type { EventDocument } from "./storage/documents.js";
import { attemptsInputSchema, eventFilterSchema, usageInputSchema } from "./usage.input.js";
import type { UsageRecording } from "./usage.recording.js";
import { createUsageScope, type UsageScopeDeps } from "./usage-scope.js";

/** How many events an export reads at a time. */
const exportPage = 1_000;

/** A report, with what can be asked of it further. */
export interface UsageReport extends UsageAnswer {
  /** Everything that servers took and that happened before this is counted. */
  readonly completeUntil: Date;
  /**
   * The totals of the window just before, of the same length; null where they are no longer kept.
   *
   * @throws BadUserInputError when that window would cost too much.
   */
  previousTotals(): Promise<Metrics | null>;
  /** The same of one group of this report; null also where that window has too many groups to know. */
  previousTotalsOf(group: UsageGroup): Promise<Metrics | null>;
}

export interface AttemptsReport extends AttemptsAnswer {
  readonly completeUntil: Date;
}

export type Usage = ReturnType<typeof createUsage>;

/**
 * Answers questions about usage, within the caller's bounds: another tenant answers like one without usage, and somebody who
 * sees only their own keys and those of their teams gets only the usage of those.
 */
export function createUsage(deps: UsageScopeDeps & { recording: UsageRecording; clock: Clock }) {
  const { recording, clock } = deps;
  const scope = createUsageScope(deps);
  const now = (): number => clock.now();
  const queue = new QuestionQueue();

  function answer({ id }: Principal, question: UsageQuestion, signal: AbortSignal | undefined): Promise<UsageAnswer> {
    return queue.ask(id, () => recording.ask("report", { question, now: now() }), signal);
  }

  async function questionOf(
    principal: Principal,
    input: unknown,
    wants: UsageQuestion["wants"],
  ): Promise<UsageQuestion> {
    const { tenantId, filter, ...rest } = parseArguments(usageInputSchema, input);
    return {
      ...rest,
      tenantId: await scope.tenantOf(principal, tenantId),
      filter: await scope.filterOf(principal, filter ?? {}),
      wants,
    };
  }

  /** @returns null where the window before is no longer kept. */
  async function answerBefore(
    principal: Principal,
    question: UsageQuestion,
    signal: AbortSignal | undefined,
  ): Promise<UsageAnswer | null> {
    try {
      const before = await answer(principal, windowBefore(question), signal);
      return before.isKept === false ? null : before;
    } catch (error) {
      if (!(error instanceof KeyplaneError) || error.code !== "BAD_USER_INPUT") throw error;
      throw new BadUserInputError(`previousTotals: The window before cannot be told. ${error.message}`);
    }
  }

  return {
    /**
     * @param wants what the caller will look at beyond counts and cost.
     * @param signal aborts when nobody waits for the answer any more.
     * @throws ForbiddenError without `usage:read`; BadUserInputError for a question that makes no sense, is too large or goes back
     * further than usage is kept; UNAVAILABLE while MongoDB is away, or too many others ask.
     */
    async report(
      principal: Principal,
      input: unknown,
      wants: UsageQuestion["wants"],
      signal?: AbortSignal,
    ): Promise<UsageReport> {
      authorize(principal, "usage:read");
      const question = await questionOf(principal, input, wants);
      await recording.settle();
      // Before the answer, which may lack what is counted while it is read.
      const completeUntil = await recording.completeUntil();
      const found = await answer(principal, question, signal);
      // Of the whole without groups, of which there may be too many; of the groups only those that are shown.
      const previous = once(() => answerBefore(principal, { ...question, groupBy: [] }, signal));
      const previousGroups = once(() =>
        answerBefore(principal, { ...question, filter: filterOfShown(question, found) }, signal),
      );
      return {
        ...found,
        completeUntil: new Date(completeUntil),
        previousTotals: async () => (await previous())?.totals ?? null,
        previousTotalsOf: async (group) => {
          const before = await previousGroups();
          if (!before) return null;
          const same = before.series.find((series) => isSame(series.group, group));
          return same?.totals ?? (before.totalSeries > before.series.length ? null : noUsage);
        },
      };
    },

    /**
     * What an export of counts is made of: the whole first, without buckets, then its buckets in slices, so that however long it
     * is, little of it is in memory. Calls that are counted meanwhile may be in it or not.
     *
     * @throws as `report`; a slice, too, when it would cost too much.
     */
    async reportInSlices(
      principal: Principal,
      input: unknown,
      compares: boolean,
      signal?: AbortSignal,
    ): Promise<SlicedReport> {
      authorize(principal, "usage:read");
      const wants = { points: false, latency: false, meters: true };
      const question = await questionOf(principal, input, wants);
      if (compares && question.bucket !== "TOTAL")
        throw new BadUserInputError("compare: The window before is told with bucket=TOTAL only.");
      await recording.settle();
      const whole = await answer(principal, question, signal);
      const shown = { ...question, filter: filterOfShown(question, whole) };
      return {
        whole,
        before: compares ? await answerBefore(principal, shown, signal) : null,
        slices: slicesOf(shown, whole, (slice) => answer(principal, slice, signal)),
      };
    },

    /** The call log, newest first. @param tenantId null: calls of nobody's tenant, for whoever may see all. */
    async events(
      principal: Principal,
      tenantId: string | null,
      rawFilter: unknown,
      page: PageArguments,
      signal?: AbortSignal,
    ): Promise<Page<EventDocument>> {
      authorize(principal, "usage:read");
      const filter = parseArguments(eventFilterSchema, rawFilter ?? {});
      const { size, after } = parsePage(page, "usageEvents", "at");
      const question = {
        tenantId: await scope.tenantOrNobodyOf(principal, parseArguments(idSchema.nullable(), tenantId)),
        filter: await scope.filterOf(principal, filter),
        after: after && { at: (after.value as Date).getTime(), id: after.id },
        take: size + 1,
      };
      await recording.settle();
      return pageOf({
        rows: await queue.ask(principal.id, () => recording.ask("events", { question, now: now() }), signal),
        size,
        after,
        order: "usageEvents",
        placeOf: (event) => ({ value: event.at, id: event._id }),
        totalCount: () => queue.ask(principal.id, () => recording.ask("countEvents", { question, now: now() }), signal),
      });
    },

    /**
     * The calls of the log nearest to a moment, newest first: up to `most` at it and before, and as many after it, within the
     * filter's window. Both are read from the moment on, so that it does not matter how many others there are.
     *
     * @param tenantId null: as of `events`.
     */
    async eventsAround(
      principal: Principal,
      tenantId: string | null,
      rawFilter: { readonly from: Date; readonly to: Date; readonly [name: string]: unknown },
      at: number,
      most: number,
      signal?: AbortSignal,
    ): Promise<EventDocument[]> {
      authorize(principal, "usage:read");
      const tenant = await scope.tenantOrNobodyOf(principal, parseArguments(idSchema.nullable(), tenantId));
      const filter = await scope.filterOf(principal, parseArguments(eventFilterSchema, rawFilter));
      await recording.settle();
      const ask = (of: Pick<EventsQuestion, "filter" | "isOldestFirst">) => {
        const question = { tenantId: tenant, after: null, take: most, ...of };
        return queue.ask(principal.id, () => recording.ask("events", { question, now: now() }), signal);
      };
      const [before, after] = await Promise.all([
        ask({ filter: { ...filter, to: at + 1 } }),
        ask({ filter: { ...filter, from: at + 1 }, isOldestFirst: true }),
      ]);
      return [...after.reverse(), ...before];
    },

    /**
     * The whole call log in pages, newest first. Each page is a question of its own, so that a slow reader holds nothing.
     */
    async *allEvents(
      principal: Principal,
      tenantId: string,
      rawFilter: unknown,
      signal?: AbortSignal,
    ): AsyncGenerator<EventDocument[]> {
      authorize(principal, "usage:read");
      const filter = await scope.filterOf(principal, parseArguments(eventFilterSchema, rawFilter ?? {}));
      const tenant = await scope.tenantOf(principal, parseArguments(idSchema, tenantId));
      await recording.settle();
      for (let after: EventPlace | null = null; ; ) {
        const question = { tenantId: tenant, filter, after, take: exportPage };
        const page: EventDocument[] = await queue.ask(
          principal.id,
          () => recording.ask("events", { question, now: now() }),
          signal,
        );
        yield page;
        const last = page.at(-1);
        if (!last || page.length < exportPage) return;
        after = { at: last.at.getTime(), id: last._id };
      }
    },

    /** Refused verifications, by what they have in common. Without a tenant: unknown keys that nobody's tenant is known of. */
    async invalidAttempts(principal: Principal, input: unknown, signal?: AbortSignal): Promise<AttemptsReport> {
      authorize(principal, "usage:read");
      const { tenantId, filter, ...rest } = parseArguments(attemptsInputSchema, input);
      const question = {
        ...rest,
        tenantId: await scope.tenantOrNobodyOf(principal, tenantId ?? null),
        filter: await scope.filterOf<EventFilter>(principal, filter ?? {}),
      };
      await recording.settle();
      const completeUntil = await recording.completeUntil();
      const found = await queue.ask(principal.id, () => recording.ask("attempts", { question, now: now() }), signal);
      return { ...found, completeUntil: new Date(completeUntil) };
    },

    /**
     * A tick for each interval with what was counted in it, of what the caller may see.
     *
     * @throws BadUserInputError for an interval out of bounds; NotFoundError for a tenant that there is not.
     */
    async live(
      principal: Principal,
      tenantId: string,
      intervalMs: number,
      signal: AbortSignal,
    ): Promise<AsyncGenerator<UsageTick>> {
      authorize(principal, "usage:read");
      if (intervalMs < 250 || intervalMs > 60_000) {
        throw new BadUserInputError("intervalMs: Give 250 to 60000 milliseconds.");
      }
      const tenant = await scope.tenantOf(principal, parseArguments(idSchema, tenantId));
      const { onlyUserId } = principal;
      if (onlyUserId === null) return recording.feed.watch(tenant, intervalMs, signal);
      const view = async () => ({ userId: onlyUserId, keyIds: await scope.teamKeysOf(principal) });
      return recording.feed.watch(tenant, intervalMs, signal, view);
    },
  };
}

function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
