import type { VerdictCode } from "@keyplane/schema";
import { BadUserInputError } from "../../../platform/errors.js";
import { Accumulator, type Allowance } from "./accumulator.js";
import type { Contribution } from "./contribution.js";
import { byValues } from "./group-order.js";
import type { ReportLimits } from "./limits.js";
import {
  type Series,
  type UsageAnswer,
  type UsageDimension,
  type UsageFilter,
  type UsageGroup,
  type UsageOrder,
  type UsageQuestion,
  usageGroupFields,
} from "./questions.js";

/** What a fold needs to know of a question. */
export type Grouping = Pick<UsageQuestion, "groupBy" | "filter" | "limit" | "orderBy" | "wants">;

/** A series while it is added up: the values of its group in the order of `groupBy`, and its numbers. */
interface Group {
  readonly values: readonly (string | null)[];
  readonly numbers: Accumulator;
}

/** Which values of a dimension a filter names, where each may be named. */
const listed: Readonly<Record<UsageDimension, (filter: UsageFilter) => readonly string[] | undefined>> = {
  KEY: (filter) => filter.keyIds,
  USER: (filter) => filter.userIds,
  API: (filter) => filter.apis,
  CODE: (filter) => filter.codes,
  TAG: () => undefined,
};

/** Adds contributions up into series, by group and bucket. Filters are the reader's business. */
export class Fold {
  readonly #question: Grouping;
  readonly #buckets: number;
  readonly #limits: ReportLimits;
  readonly #allowance: Allowance;
  readonly #groups = new Map<string, Group>();
  readonly #total: Accumulator;

  /**
   * @param buckets how many the window has.
   * @throws BadUserInputError, as `add` does, when the question has more series or numbers than the limits allow.
   */
  constructor(question: Grouping, buckets: number, limits: ReportLimits) {
    this.#question = question;
    this.#buckets = question.wants.points ? buckets : 0;
    this.#limits = limits;
    this.#allowance = allowanceOf(limits);
    this.#total = new Accumulator(0, this.#allowance);
    // Whoever asks about these keys by key wants to see those without any usage, too. Likewise users, APIs and codes.
    const [only, ...others] = question.groupBy;
    if (only && others.length === 0) for (const value of listed[only](question.filter) ?? []) this.#group([value]);
    if (question.groupBy.length === 0) this.#group([]);
  }

  /** Counts one row or event. @throws BadUserInputError */
  add(contribution: Contribution): void {
    if (contribution.count.length === 0) return;
    this.#total.add(contribution);
    for (const values of this.#valuesOf(contribution)) this.#group(values).numbers.add(contribution);
  }

  /** @param starts the beginning of each bucket. */
  answer(starts: Float64Array): UsageAnswer {
    const { groupBy, limit, orderBy, wants } = this.#question;
    const series = [...this.#groups.values()].sort(comparison(orderBy)).slice(0, limit);
    return {
      starts,
      series: series.map(
        ({ values, numbers }): Series => ({
          group: groupOf(groupBy, values),
          totals: numbers.metrics(),
          columns: wants.points ? numbers.columns(wants.latency) : null,
        }),
      ),
      totalSeries: this.#groups.size,
      totals: this.#total.metrics(),
    };
  }

  #group(values: readonly (string | null)[]): Group {
    const name = JSON.stringify(values);
    let group = this.#groups.get(name);
    if (!group) {
      this.#checkRoom(this.#groups.size + 1);
      group = { values, numbers: new Accumulator(this.#buckets, this.#allowance) };
      this.#groups.set(name, group);
    }
    return group;
  }

  /** The values of the groups that a contribution belongs to: one, or one for each tag. */
  #valuesOf(contribution: Contribution): (string | null)[][] {
    const { groupBy } = this.#question;
    const { tags } = contribution;
    const unwound = groupBy.includes("TAG") && tags.length > 0 ? tags : untagged;
    return unwound.map((tag) => groupBy.map((dimension) => valueIn(dimension, contribution, tag)));
  }

  #checkRoom(series: number): void {
    const { series: most, points } = this.#limits;
    if (series > most) throw tooMuch(`more than ${number(most)} series`);
    if (series * this.#buckets > points) throw tooMuch(`more than ${number(points)} points, series times buckets`);
  }
}

const untagged = [null];

function valueIn(dimension: UsageDimension, contribution: Contribution, tag: string | null): string | null {
  const field = usageGroupFields[dimension];
  return field === "tag" ? tag : contribution[field];
}

function allowanceOf(limits: ReportLimits): Allowance {
  let columnNumbers = 0;
  let latencyNumbers = 0;
  return {
    column(buckets) {
      columnNumbers += buckets;
      if (columnNumbers > limits.columnNumbers) throw tooMuch(`more than ${number(limits.columnNumbers)} numbers`);
    },
    latencies(count) {
      latencyNumbers += count;
      if (latencyNumbers > limits.latencyNumbers) {
        throw tooMuch(`more than ${number(limits.latencyNumbers)} different latencies; leaving out latencyMs helps`);
      }
    },
  };
}

function tooMuch(what: string): BadUserInputError {
  return new BadUserInputError(
    `groupBy: The answer would have ${what}. Narrow the filter, group by less, or ask for wider buckets or a shorter window.`,
  );
}

function number(value: number): string {
  return value.toLocaleString("en");
}

function groupOf(groupBy: readonly UsageDimension[], values: readonly (string | null)[]): UsageGroup {
  return Object.fromEntries(
    groupBy.map((dimension, index) => [usageGroupFields[dimension], values[index] as VerdictCode]),
  );
}

function comparison(order: UsageOrder): (a: Group, b: Group) => number {
  const measured = (measure: (numbers: Accumulator) => number) => (a: Group, b: Group) =>
    measure(b.numbers) - measure(a.numbers) || byValues(a, b);
  switch (order) {
    case "COUNT_DESC":
      return measured(({ count }) => count);
    case "COUNT_ASC":
      return measured(({ count }) => -count);
    case "REFUSED_DESC":
      return measured(({ count, valid }) => count - valid);
    case "COST_DESC":
      return measured(({ cost }) => cost);
    case "GROUP_ASC":
      return byValues;
  }
}
