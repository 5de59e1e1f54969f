import { expect, test } from "vitest";
import { runSchedule } from "./schedule.js";

/** How many schedules are run: TEST_SIMULATION_SCHEDULES sets another number, and CI does. */
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
