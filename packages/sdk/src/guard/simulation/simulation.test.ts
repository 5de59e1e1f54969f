import { expect, test } from "vitest";
import type { Fetch } from "../../client/options.js";
import { failure } from "../../testing/responses.js";
import { runSchedule } from "./schedule.js";

/** How many schedules are run: TEST_SIMULATION_SCHEDULES sets another number. */
const schedules = Number(process.env["TEST_SIMULATION_SCHEDULES"] ?? 500);
const firstSeed = Number(process.env["TEST_SIMULATION_SEED"] ?? 1);

test(
  "no revoked key is accepted late, no event is lost, and all agree in the end, whatever the network does",
  async () => {
    for (let seed = firstSeed; seed < firstSeed + schedules; seed++) {
      expect(await runSchedule(seed), `TEST_SIMULATION_SEED=${seed} TEST_SIMULATION_SCHEDULES=1`).toEqual([]);
    }
  },
  60_000 + schedules * 300,
);

/** Refuses the token for ten seconds of each twenty, in the first minute: as of a tenant that is suspended and resumed. */
function refusingTheToken(fetch: Fetch): Fetch {
  const begunAt = performance.now();
  return async (url, init) => {
    const ms = performance.now() - begunAt;
    const isRefused = ms < 60_000 && ms % 20_000 > 10_000;
    return isRefused ? failure(401, "UNAUTHENTICATED", "The tenant of this token is suspended.") : fetch(url, init);
  };
}

test(
  "all of that holds of a guard whose token is refused now and then, too",
  async () => {
    for (let seed = firstSeed; seed < firstSeed + schedules / 5; seed++) {
      expect(await runSchedule(seed, { fetch: refusingTheToken }), `TEST_SIMULATION_SEED=${seed}`).toEqual([]);
    }
  },
  60_000 + schedules * 60,
);
