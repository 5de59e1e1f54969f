/**
 * `pnpm bench shared-keys`: how often keys are found to be shared that are not, and that are, by simulated traffic. It repeats itself:
 * the same seed gives the same figures on every machine.
 */

import { defaultPolicy } from "../../packages/server/src/modules/lifecycle/policy/policy.js";
import { isShared, type SharedLimits } from "../../packages/server/src/modules/lifecycle/shared/shared-rule.js";
import { report } from "./report.js";
import { type Places, placesByHour } from "./shared-keys/count.js";
import { Dice } from "./shared-keys/dice.js";
import { populations } from "./shared-keys/traffic.js";

const seed = Number(process.env.BENCH_SEED ?? 1);
const keyCount = Number(process.env.BENCH_KEYS ?? 300);
const days = 7;
const hourMs = 60 * 60_000;

const all = (networks: number, userAgents: number): SharedLimits => ({
  sharedRule: "ALL",
  sharedMaxAddresses: null,
  sharedMaxNetworks: networks,
  sharedMaxUserAgents: userAgents,
});
const one = (limits: Partial<SharedLimits>): SharedLimits => ({
  sharedRule: "ANY",
  sharedMaxAddresses: null,
  sharedMaxNetworks: null,
  sharedMaxUserAgents: null,
  ...limits,
});

interface Setting {
  readonly name: string;
  readonly windowHours: number;
  readonly limits: SharedLimits;
}

const defaults = { name: "default", windowHours: defaultPolicy.sharedWindowHours, limits: defaultPolicy };
const settings: readonly Setting[] = [
  defaults,
  { ...defaults, name: "6 h", windowHours: 6 },
  { ...defaults, name: "72 h", windowHours: 72 },
  ...(
    [
      [15, 8],
      [20, 10],
      [25, 12],
      [40, 20],
      [60, 30],
    ] as const
  ).map(([networks, userAgents]) => ({
    name: `${networks}+${userAgents}`,
    windowHours: 24,
    limits: all(networks, userAgents),
  })),
  { name: "net 50", windowHours: 24, limits: one({ sharedMaxNetworks: 50 }) },
  { name: "net 500", windowHours: 24, limits: one({ sharedMaxNetworks: 500 }) },
  { name: "agents 30", windowHours: 24, limits: one({ sharedMaxUserAgents: 30 }) },
];

const started = Date.now();
const rows = populations.map(({ name, kind, calls }, index) => {
  const found = settings.map(() => 0);
  const dice = new Dice(seed * 1_000 + index);
  for (let key = 0; key < keyCount; key++) {
    const made = calls(dice, days);
    const byWindow = new Map<number, Places[]>();
    settings.forEach(({ windowHours, limits }, place) => {
      const looks = byWindow.get(windowHours) ?? placesByHour(made, days, windowHours * hourMs);
      byWindow.set(windowHours, looks);
      if (looks.some((places) => isShared(places, limits))) found[place] = (found[place] as number) + 1;
    });
  }
  return { name, kind, found };
});

const percent = (count: number, of: number): string => `${((count / of) * 100).toFixed(1)}%`;
const line = (name: string, figures: readonly string[]): string =>
  `${name.padEnd(54)}${figures.map((figure) => figure.padStart(10)).join("")}`;
const sums = (["OWN", "SHARED"] as const).map((kind) => {
  const of = rows.filter((row) => row.kind === kind);
  const figures = settings.map((_, place) =>
    percent(
      of.reduce((sum, { found }) => sum + (found[place] as number), 0),
      of.length * keyCount,
    ),
  );
  return line(kind === "OWN" ? "FALSE POSITIVES, all of OWN" : "DETECTED, all of SHARED", figures);
});
report("shared-keys", [
  `Seed ${seed}; ${keyCount} keys of each population, ${days} days each; keys found in at least one hourly look, in per cent.`,
  `default: more than ${defaultPolicy.sharedMaxNetworks} networks and more than ${defaultPolicy.sharedMaxUserAgents} user agents in ${defaultPolicy.sharedWindowHours} h; "6 h", "72 h": the same in another window;`,
  `"20+10": more than 20 networks and more than 10 user agents; "net", "agents": one bound alone.`,
  "",
  line(
    "",
    settings.map(({ name }) => name),
  ),
  ...rows.map(({ name, kind, found }) =>
    line(
      `${kind.padEnd(7)}${name}`,
      found.map((count) => percent(count, keyCount)),
    ),
  ),
  "",
  ...sums,
  `(${Math.round((Date.now() - started) / 1_000)} s)`,
]);
