import type { UsageRecording } from "./usage.recording.js";

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;
/** How many keys are told at most, those with most calls. */
const maxKeys = 1_000;

/**
 * The keys that usage of a tenant's last day names, whether they exist or not.
 *
 * @throws KeyplaneError UNAVAILABLE while the store of usage is away.
 */
export async function usedKeyIds(recording: UsageRecording, tenantId: string, now: number): Promise<string[]> {
  const question = {
    tenantId,
    // Whole hours, which are counted already: single calls would be read one by one.
    from: Math.floor(now / hourMs) * hourMs - dayMs,
    to: Math.ceil((now + 1) / hourMs) * hourMs,
    bucket: "TOTAL",
    timeZone: "UTC",
    groupBy: ["KEY"],
    filter: {},
    limit: maxKeys,
    orderBy: "COUNT_DESC",
    wants: { points: false, latency: false, meters: false },
    mayNotBeKept: true,
  } as const;
  const { series } = await recording.ask("report", { question, now });
  return series.flatMap(({ group }) => group.keyId ?? []);
}
