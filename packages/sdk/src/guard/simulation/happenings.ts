import type { MemoryKey, MemoryPlane } from "../../testing/memory-plane.js";
import type { Dice } from "./dice.js";
import type { Network } from "./network.js";
import type { Plan } from "./plan.js";
import type { VirtualTime } from "./virtual-time.js";

/** What things can happen to. */
export interface World {
  readonly plan: Plan;
  readonly plane: MemoryPlane;
  readonly network: Network;
  readonly time: VirtualTime;
  readonly keys: readonly MemoryKey[];
  readonly addKey: () => void;
  readonly verify: (key: MemoryKey) => void;
  /** Binds something to a key. */
  readonly bind: (key: MemoryKey) => void;
  /** Nobody can go on from before what has happened so far. */
  readonly forget: () => void;
}

/** Something happens: to keys, to the network, to a server, to the clock. */
export function happen(dice: Dice, world: World): void {
  const { plan, plane, network, time, keys } = world;
  const key = dice.one(keys);
  const server = dice.one(network.servers);
  const { weather } = network;
  const slowest = plan.serverClock === "fast" ? 300 : 6_000;
  const possible: readonly [number, () => void][] = [
    [3, () => plane.revokeKey(key.id)],
    [3, () => plane.disableKey(key.id)],
    [4, () => plane.enableKey(key.id)],
    [2, () => plane.disableUser(key.ownerId)],
    [3, () => plane.enableUser(key.ownerId)],
    [1, () => plane.suspendTenant()],
    [2, () => plane.resumeTenant()],
    [2, () => plane.deleteKey(key.id)],
    [3, () => plane.restoreKey(key.id)],
    [2, () => plane.updateKey(key.id, { scopes: [] })],
    [3, () => plane.updateKey(key.id, { scopes: ["read"] })],
    [1, () => void plane.rotateKey(key.id, dice.one([0, 5_000]))],
    [3, world.addKey],
    [2, () => world.bind(key)],
    [
      4,
      () =>
        soonAfter(
          () => world.verify(key),
          () => plane.revokeKey(key.id),
        ),
    ],
    // Nobody hears of it, and the key is presented again when what is known of it is about as old as it may be.
    [
      4,
      () => {
        plane.revokeKey(key.id);
        if (dice.happens(0.5)) weather.isCut = true;
        else for (const each of network.servers) each.stall(plan.serverClock === "fast" ? 0 : 30_000);
        setTimeout(() => world.verify(key), dice.between(18_000, 26_000));
      },
    ],
    // Soon after one another, so that an answer about the first is overtaken by the news of the second.
    [
      4,
      () =>
        soonAfter(
          () => plane.enableKey(key.id),
          () => plane.disableKey(key.id),
        ),
    ],
    [
      2,
      () =>
        soonAfter(
          () => plane.enableUser(key.ownerId),
          () => plane.disableUser(key.ownerId),
        ),
    ],
    [
      3,
      () =>
        (weather.delay = dice.one([
          [1, 10],
          [1, 300],
          [Math.min(50, slowest), slowest],
        ] as const)),
    ],
    [2, () => (weather.loss = dice.one([0, 0.1, 0.5]))],
    [1, () => (weather.refusal = dice.one([0, 0.3]))],
    [2, () => (weather.isCut = !weather.isCut)],
    [1, () => (weather.holdsStreams = !weather.holdsStreams)],
    [3, () => (weather.recordsDelay = dice.one([0, 2_500]))],
    [1, () => (weather.losesRecords = !weather.losesRecords)],
    [3, () => network.heal()],
    [3, () => network.halfOpen()],
    [2, () => plan.serverClock !== "fast" && server.stall(dice.between(500, 30_000))],
    [2, () => server.kill()],
    [2, () => (server.isUp = true)],
    [1, () => time.jump(dice.one([plan.isSaved ? 0 : -3_600_000, plan.isSaved ? 0 : -5_000, 5_000, 3_600_000]))],
    [2, () => time.sleep(dice.one([1_000, 15_000, 60_000]))],
    [1, world.forget],
    [20, () => {}],
  ];
  function soonAfter(first: () => void, second: () => void): void {
    first();
    setTimeout(second, dice.between(0, 2_000));
  }
  let left = dice.between(
    0,
    possible.reduce((sum, [weight]) => sum + weight, 0),
  );
  for (const [weight, act] of possible) {
    left -= weight;
    if (left < 0) return act();
  }
}
