import type { VerdictCode } from "@keyplane/schema";
import { builder } from "../../graphql/builder.js";
import { VerdictCodeEnum } from "../../graphql/enums.js";
import type { Metrics, Percentiles } from "./reports/questions.js";

const PercentilesType = builder.objectRef<Percentiles>("Percentiles").implement({
  description: "How a quantity is spread, within 1 % of the exact value: half of the calls took at most `p50`.",
  fields: (t) => ({
    p50: t.exposeFloat("p50", { description: "The median." }),
    p90: t.exposeFloat("p90", { description: "90 % are at most this." }),
    p95: t.exposeFloat("p95", { description: "95 % are at most this." }),
    p99: t.exposeFloat("p99", { description: "99 % are at most this." }),
    count: t.exposeFloat("count", { description: "Of how many calls it is known." }),
  }),
});

interface CodeCount {
  readonly code: VerdictCode;
  readonly count: number;
}

export const CodeCountType = builder.objectRef<CodeCount>("CodeCount").implement({
  description: "How many calls had one outcome.",
  fields: (t) => ({
    code: t.expose("code", { type: VerdictCodeEnum, description: "The outcome." }),
    count: t.exposeFloat("count", { description: "How many." }),
  }),
});

interface MeterValue {
  readonly name: string;
  readonly value: number;
}

export const MeterType = builder.objectRef<MeterValue>("Meter").implement({
  description: "A named quantity: tokens, bytes, money in its smallest unit.",
  fields: (t) => ({
    name: t.exposeString("name", { description: "Which quantity." }),
    value: t.exposeFloat("value", { description: "How much, a whole number." }),
  }),
});

export const MeterInput = builder.inputType("MeterInput", {
  description: "A named quantity of a call. Sums are exact up to 9007199254740991.",
  fields: (t) => ({
    name: t.string({ required: true, description: "A lower-case letter and up to 31 of a-z, 0-9 and _: `tokens`." }),
    value: t.float({ required: true, description: "A whole number, 0 to 1000000000000; money in its smallest unit." }),
  }),
});

export const codeCounts = (byCode: Readonly<Partial<Record<VerdictCode, number>>>): CodeCount[] =>
  Object.entries(byCode).map(([code, count]) => ({ code: code as VerdictCode, count }));

export const meterValues = (meters: Readonly<Record<string, number>> = {}): MeterValue[] =>
  Object.entries(meters).map(([name, value]) => ({ name, value }));

export const UsageMetricsType = builder.objectRef<Metrics>("UsageMetrics").implement({
  description: "What calls add up to.",
  fields: (t) => ({
    count: t.exposeFloat("count", { description: "All calls." }),
    valid: t.exposeFloat("valid", { description: "Those that were accepted." }),
    refused: t.float({ description: "Those that were refused.", resolve: ({ count, valid }) => count - valid }),
    cost: t.exposeFloat("cost", { description: "What the accepted calls cost; a refused one costs nothing." }),
    byCode: t.field({
      type: [CodeCountType],
      description: "The calls by outcome; outcomes that did not occur are left out.",
      resolve: ({ byCode }) => codeCounts(byCode),
    }),
    meters: t.field({
      type: [MeterType],
      description: "The sums of the calls' own quantities.",
      resolve: ({ meters }) => meterValues(meters),
    }),
    latencyMs: t.expose("latencyMs", {
      type: PercentilesType,
      nullable: true,
      description: "How long calls took, in milliseconds; null when no call says.",
    }),
  }),
});
