import { randomUUID } from "node:crypto";
import type { Target } from "../usage.js";
import { post, sendLoad } from "../verify/load.js";
import type { Population } from "../verify/seed.js";

const batchSizes = [100, 1_000, 10_000];
const connections = 4;
const durationMs = 2_000;
const preparedEvents = 400_000;

const document =
  "mutation Record($input: RecordUsageInput!) { recordUsage(input: $input) { ... on RecordUsagePayload { accepted } } }";

/** How many reported events a second the server takes: checked, on disk and acknowledged; and how many of them it counts. */
export async function measureReports(
  population: Population,
  target: Target,
  countAll: () => Promise<unknown>,
): Promise<string[]> {
  const lines = [`recordUsage over HTTP, ${connections} connections, ${durationMs} ms each`];
  for (const size of batchSizes) {
    // More than can be sent: a repetition would be cheaper to count.
    const requests = Array.from({ length: Math.ceil(preparedEvents / size) }, () => {
      const events = Array.from({ length: size }, (_, index) => ({
        id: randomUUID(),
        at: new Date().toISOString(),
        keyId: population.keys[index % population.keys.length]?.id,
        latencyMs: 1.25,
        ip: "203.0.113.7",
      }));
      return post("/graphql", target.rootToken, { query: document, variables: { input: { events } } });
    });
    const expect = `"accepted":${size}`;
    const { answers, perSecond, wrong } = await sendLoad({
      port: target.port,
      requests,
      expect,
      connections,
      durationMs,
    });
    if (wrong > 0) throw new Error(`${wrong} of ${answers} answers did not say ${expect}`);
    const startedAt = performance.now();
    await countAll();
    const seconds = (durationMs + performance.now() - startedAt) / 1_000;
    const [accepted, counted] = [perSecond * size, (answers * size) / seconds];
    lines.push(
      `  batches of ${String(size).padEnd(6)} ${String(Math.round(accepted)).padStart(7)} events/s accepted, ${Math.round(counted)} events/s counted`,
    );
  }
  return lines;
}
