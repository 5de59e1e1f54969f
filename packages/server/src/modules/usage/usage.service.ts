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
  Metrics,
  UsageAnswer,
  UsageDimension,
  UsageFilter,
  UsageGroup,
  UsageQuestion,
} from "./reports/questions.js";
import type { EventDocument } from "./storage/documents.js";
import { attemptsInputSchema, eventFilterSchema, usageInputSchema } from "./usage.input.js";
import type { UsageRecording } from "./usage.recording.js";

/** A tenant that there is not, and cannot be: no id holds a space, so nothing is ever stored under this one. */
const nobody = "no tenant";
/** How many series of the window before are looked through: groups of several values meet in more ways than are shown. */
const previousLimit = 10_000;

/** How many events an export reads at a time. */
const exportPage = 1_000;

/** How many keys of teams one question can be about. */
const maxTeamKeys = 10_000;

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
export function createUsage(deps: {
  recording: UsageRecording;
  clock: Clock;
  /** The ids of keys that belong to some of these teams. @param among only of these. */
  findKeyIdsOfTeams: (
    teamIds: readonly string[],
    among: readonly string[] | undefined,
    take: number,
  ) => Promise<string[]>;
}) {
  const { recording, clock, findKeyIdsOfTeams } = deps;
  const now = (): number => clock.now();
  const queue = new QuestionQueue();

  /** Whoever sees only their own keys and those of their teams sees only the usage of those. */
  async function filterWithin<Filter extends UsageFilter>(principal: Principal, filter: Filter): Promise<Filter> {
    const { onlyUserId, teamIds } = principal;
    if (onlyUserId === null) return filter;
    const keyIds = teamIds.length === 0 ? [] : await findKeyIdsOfTeams(teamIds, filter.keyIds, maxTeamKeys + 1);
    if (keyIds.length > maxTeamKeys) {
      throw new BadUserInputError(
        `filter.keyIds: Your teams have more than ${maxTeamKeys} keys. Name those that you ask about.`,
      );
    }
    if (keyIds.length > 0) return { ...filter, within: { userId: onlyUserId, keyIds } };
    return { ...filter, userIds: filter.userIds && !filter.userIds.includes(onlyUserId) ? [] : [onlyUserId] };
  }

  function answer(question: UsageQuestion, signal: AbortSignal | undefined): Promise<UsageAnswer> {
    return queue.ask(() => recording.ask("report", { question, now: now() }), signal);
  }

  /** @returns null where the window before is no longer kept. */
  async function answerBefore(question: UsageQuestion, signal: AbortSignal | undefined): Promise<UsageAnswer | null> {
    try {
      const before = await answer(windowBefore(question), signal);
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
      const { tenantId, filter, ...rest } = parseArguments(usageInputSchema, input);
      const question: UsageQuestion = {
        ...rest,
        tenantId: tenantWithin(principal, tenantId),
        filter: await filterWithin(principal, filter ?? {}),
        wants,
      };
      await recording.settle();
      // Before the answer, which may lack what is counted while it is read.
      const completeUntil = await recording.completeUntil();
      const found = await answer(question, signal);
      // Of the whole without groups, of which there may be too many; of the groups only those that are shown.
      const previous = once(() => answerBefore({ ...question, groupBy: [] }, signal));
      const previousGroups = once(() => answerBefore({ ...question, filter: filterOfShown(question, found) }, signal));
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

    /** The call log, newest first. */
    async events(
      principal: Principal,
      tenantId: string,
      rawFilter: unknown,
      page: PageArguments,
      signal?: AbortSignal,
    ): Promise<Page<EventDocument>> {
      authorize(principal, "usage:read");
      const filter = parseArguments(eventFilterSchema, rawFilter ?? {});
      const { size, after } = parsePage(page, "usageEvents", "at");
      const question = {
        tenantId: tenantWithin(principal, parseArguments(idSchema, tenantId)),
        filter: await filterWithin(principal, filter),
        after: after && { at: (after.value as Date).getTime(), id: after.id },
        take: size + 1,
      };
      await recording.settle();
      return pageOf({
        rows: await queue.ask(() => recording.ask("events", question), signal),
        size,
        after,
        order: "usageEvents",
        placeOf: (event) => ({ value: event.at, id: event._id }),
        totalCount: () => queue.ask(() => recording.ask("countEvents", question), signal),
      });
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
      const filter = await filterWithin(principal, parseArguments(eventFilterSchema, rawFilter ?? {}));
      const tenant = tenantWithin(principal, parseArguments(idSchema, tenantId));
      await recording.settle();
      for (let after: EventPlace | null = null; ; ) {
        const question = { tenantId: tenant, filter, after, take: exportPage };
        const page: EventDocument[] = await queue.ask(() => recording.ask("events", question), signal);
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
        tenantId: tenantId == null && principal.tenantId === null ? null : tenantWithin(principal, tenantId ?? null),
        filter: await filterWithin<EventFilter>(principal, filter ?? {}),
      };
      await recording.settle();
      const completeUntil = await recording.completeUntil();
      const found = await queue.ask(() => recording.ask("attempts", { question, now: now() }), signal);
      return { ...found, completeUntil: new Date(completeUntil) };
    },

    /** A tick for each interval with what was counted in it. @throws BadUserInputError for an interval out of bounds. */
    live(principal: Principal, tenantId: string, intervalMs: number, signal: AbortSignal): AsyncGenerator<UsageTick> {
      authorize(principal, "usage:read");
      if (intervalMs < 250 || intervalMs > 60_000) {
        throw new BadUserInputError("intervalMs: Give 250 to 60000 milliseconds.");
      }
      if (principal.onlyUserId !== null) {
        throw new BadUserInputError(
          "usageLive counts whole tenants, and your token sees only its user's keys. Ask `usage`.",
        );
      }
      return recording.feed.watch(tenantWithin(principal, tenantId), intervalMs, signal);
    },
  };
}

/** The tenant that may be asked about; another one becomes one that has no usage. */
function tenantWithin(principal: Principal, tenantId: string | null): string {
  if (principal.tenantId === null) return tenantId ?? nobody;
  return tenantId === null || tenantId === principal.tenantId ? principal.tenantId : nobody;
}

function windowBefore(question: UsageQuestion): UsageQuestion {
  const { from, to } = question;
  const wants = { ...question.wants, points: false };
  const window = { from: from - (to - from), to: from, bucket: "TOTAL" } as const;
  // Where groups are cut off after all, the smallest.
  return { ...question, ...window, orderBy: "COUNT_DESC", limit: previousLimit, wants, mayNotBeKept: true };
}

/**
 * The question's filter, narrowed to the groups that its answer shows. Those have passed the filter already, so their values are
 * within its lists. Not by tags: a call that the filter has found by one tag counts in the groups of its others, too.
 */
function filterOfShown({ groupBy, filter }: UsageQuestion, { series }: UsageAnswer): UsageFilter {
  const narrowed: Record<string, readonly string[]> = {};
  for (const dimension of groupBy) {
    const by = narrowedBy[dimension];
    if (!by) continue;
    const values = new Set(series.map(({ group }) => group[by.field]));
    // Calls without a value cannot be listed.
    if ([...values].every((value) => typeof value === "string")) narrowed[by.list] = [...values] as string[];
  }
  return { ...filter, ...narrowed };
}

/** The field of a group that has a dimension, and the list of a filter that narrows it. */
const narrowedBy: Readonly<
  Record<UsageDimension, { readonly field: keyof UsageGroup; readonly list: keyof UsageFilter } | null>
> = {
  KEY: { field: "keyId", list: "keyIds" },
  USER: { field: "userId", list: "userIds" },
  API: { field: "api", list: "apis" },
  CODE: { field: "code", list: "codes" },
  TAG: null,
};

const noUsage: Metrics = { count: 0, valid: 0, cost: 0, byCode: {}, meters: {}, latencyMs: null };

function isSame(a: UsageGroup, b: UsageGroup): boolean {
  return a.keyId === b.keyId && a.userId === b.userId && a.api === b.api && a.code === b.code && a.tag === b.tag;
}

function once<Result>(work: () => Promise<Result>): () => Promise<Result> {
  let result: Promise<Result> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
