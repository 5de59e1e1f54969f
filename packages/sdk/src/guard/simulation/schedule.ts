import { decide, type KeyRecord, parseKey } from "@keyplane/schema";
import { abortedBy } from "../../client/deadline.js";
import type { Fetch } from "../../client/options.js";
import { resolveOptions } from "../../client/resolve-options.js";
import type { Runtime } from "../../client/runtime.js";
import { type MemoryKey, MemoryPlane } from "../../testing/memory-plane.js";
import { createGuardWith } from "../create-guard.js";
import { Follower } from "../follower.js";
import type { Guard, GuardVerdict } from "../guard.js";
import { createGuardServer } from "../server.js";
import { SteadyClock } from "../steady-clock.js";
import { Dice } from "./dice.js";
import { Network } from "./network.js";
import { VirtualTime } from "./virtual-time.js";

/** What the guard promises, in milliseconds; a second more is allowed to what is on its way. */
const maxStalenessMs = 20_000;
const graceMs = 1_000;
/** For how long things go wrong, and how long the guard then has to find its way back. */
const stormMs = 60_000;
const calmMs = 90_000;
const keyCount = 4;

/** What a key's validity consists of: read at different moments, each is within the bound for itself. */
const partsOfValidity = ["key", "owner", "tenant"] as const;

/** From when on each part allowed the key, or refused it. */
type History = Record<(typeof partsOfValidity)[number], { readonly from: number; readonly allows: boolean }[]>;

/**
 * One run of a guard and a bare follower on a network that the seed decides. Whatever happens to the network, the servers and
 * the clock:
 *
 * - no key is accepted later than `maxStalenessMs` and a second after it was refused;
 * - of events, none is missed, none comes twice, and none out of order, but where the follower was told to read again;
 * - when all is well again, guard and control plane agree.
 *
 * @param sabotage takes a safeguard away, as far as the network is concerned.
 * @returns what was broken, in words; empty when nothing was.
 */
export async function runSchedule(
  seed: number,
  sabotage: (fetch: Fetch) => Fetch = (fetch) => fetch,
): Promise<string[]> {
  const dice = new Dice(seed);
  const time = new VirtualTime();
  time.install();
  const broken: string[] = [];
  let guard: Guard | undefined;
  const ending = new AbortController();
  try {
    const plane = new MemoryPlane({ now: () => time.now + 1_800_000_000_000, random: (count) => dice.bytes(count) });
    let floor = 0;
    const network = new Network(plane, time, dice, () => floor);
    const keys: MemoryKey[] = [];
    const histories = new Map<string, History>();
    const addKey = (): void => {
      const key = plane.createKey({ scopes: ["read"] });
      keys.push(key);
      histories.set(key.id, { key: [], owner: [], tenant: [] });
      note();
    };
    const note = (): void => {
      for (const { id, secret } of keys) {
        const history = histories.get(id) as History;
        const now = allowances(plane, secret);
        for (const part of partsOfValidity) {
          if (history[part].at(-1)?.allows !== now[part]) history[part].push({ from: time.now, allows: now[part] });
        }
      }
    };
    for (let count = 0; count < keyCount; count++) addKey();
    const stopNoting = plane.onChange(note);

    const runtime: Runtime = { now: () => Date.now(), random: dice.random, sleep };
    const options = { url: "http://keyplane.test", token: "token", fetch: sabotage(network.fetch) };
    const mode = dice.one(["lazy", "full"] as const);
    guard = createGuardWith({ ...options, mode, maxStalenessMs, usage: false }, runtime);
    followBarely(plane, { ...options, timeoutMs: 3_000 }, runtime, ending.signal, broken);

    const verify = async (key: MemoryKey): Promise<void> => {
      const verdict = await (guard as Guard).verify(key.secret, { scopes: ["read"] });
      note(); // a time may have come
      const problem = problemOf(verdict, histories.get(key.id) as History, time.now);
      if (problem) broken.push(`${mode}, at ${Math.round(time.now)}: ${problem}`);
    };

    for (const until = time.now + stormMs; time.now < until && broken.length === 0; ) {
      happen(dice, { plane, network, time, keys, addKey, forget: () => (floor = plane.events.length) });
      // Many at the same moment now and then: they share answers.
      for (let calls = dice.happens(0.2) ? 4 : 1; calls > 0; calls--) void verify(dice.one(keys));
      await time.advance(dice.happens(0.7) ? dice.between(0, 400) : dice.between(400, 12_000));
    }
    network.heal();
    await time.advance(calmMs);
    if (broken.length === 0) broken.push(...(await disagreements(guard, plane, keys, time)));
    stopNoting();
  } finally {
    ending.abort();
    const closing = guard?.close();
    await time.advance(10_000);
    await closing;
    time.uninstall();
  }
  return broken;
}

function problemOf({ valid, source }: GuardVerdict, history: History, now: number): string | null {
  // Events that are told late may refuse a key for a moment, until those after them have come.
  if (!valid) return null;
  const earliest = now - maxStalenessMs - graceMs;
  for (const part of partsOfValidity) {
    const changes = history[part];
    // Some stretch in which it was allowed must reach into the time that the guard may be behind.
    const reaches = changes.some(
      ({ allows }, index) => allows && (changes[index + 1]?.from ?? Number.POSITIVE_INFINITY) >= earliest,
    );
    const since = Math.round(now - (changes.at(-1)?.from ?? 0));
    if (!reaches) return `accepted (${source}) ${since} ms after its ${part} was refused`;
  }
  return null;
}

/** What each part of a key's validity says at this moment. */
function allowances(plane: MemoryPlane, secret: string): Record<(typeof partsOfValidity)[number], boolean> {
  const record = plane.recordOf(secret) as KeyRecord;
  const { tenant, owner } = record;
  const alone: KeyRecord = {
    ...record,
    tenant: { ...tenant, status: "ACTIVE" },
    owner: owner && { ...owner, status: "ACTIVE" },
  };
  return {
    key: decide(alone, { format: parseKey(secret), scopes: ["read"] }, plane.now()).valid,
    owner: owner?.status === "ACTIVE",
    tenant: tenant.status === "ACTIVE",
  };
}

async function disagreements(
  guard: Guard,
  plane: MemoryPlane,
  keys: readonly MemoryKey[],
  time: VirtualTime,
): Promise<string[]> {
  const found: string[] = [];
  const { state } = guard.status();
  if (state !== "current") found.push(`a minute and a half after all was well, the guard is ${state}`);
  const verdicts = keys.map((key) => guard.verify(key.secret, { scopes: ["read"] }));
  await time.advance(5_000);
  for (const [index, { secret }] of keys.entries()) {
    const { code, message } = (await verdicts[index]) as GuardVerdict;
    const truth = plane.verify({ key: secret, scopes: ["read"] });
    if (code !== truth["code"])
      found.push(`in the end the guard says ${code} (${message}), and the truth is ${String(truth["code"])}`);
  }
  return found;
}

/** Follows the events alone, and looks at nothing but their order. */
function followBarely(
  plane: MemoryPlane,
  options: Parameters<typeof resolveOptions>[0],
  runtime: Runtime,
  signal: AbortSignal,
  broken: string[],
): void {
  const clock = new SteadyClock();
  let place: number | null = null;
  const listener = {
    onConnected: () => {},
    onInterrupted: () => {},
    onCurrent: () => {},
    onResync: () => {
      place = null;
    },
    onEvent: ({ cursor }: { readonly cursor: string }) => {
      const next = Number(cursor.slice(1));
      if (place !== null && next !== place + 1)
        broken.push(`after event ${place} came ${next} of ${plane.events.length}`);
      place = next;
    },
  };
  const server = createGuardServer(resolveOptions(options), runtime, undefined);
  const deps = { ...server, listener, clock, runtime, tenantId: undefined, transport: "auto", cursor: null } as const;
  new Follower({ ...deps, pollWaitMs: 5_000, renewsToken: false }).run(signal).catch((error: unknown) => {
    if (!signal.aborted) broken.push(`the follower ended: ${String(error)}`);
  });
}

/** Something happens: to keys, to the network, to a server, to the clock. */
function happen(
  dice: Dice,
  world: {
    readonly plane: MemoryPlane;
    readonly network: Network;
    readonly time: VirtualTime;
    readonly keys: readonly MemoryKey[];
    readonly addKey: () => void;
    readonly forget: () => void;
  },
): void {
  const { plane, network, time, keys } = world;
  const key = dice.one(keys);
  const server = dice.one(network.servers);
  const { weather } = network;
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
    // Soon after one another, so that an answer about the first is overtaken by the news of the second.
    [
      4,
      () =>
        thenSoon(
          () => plane.enableKey(key.id),
          () => plane.disableKey(key.id),
        ),
    ],
    [
      2,
      () =>
        thenSoon(
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
          [50, 6_000],
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
    [2, () => server.stall(dice.between(500, 30_000))],
    [2, () => server.kill()],
    [2, () => (server.isUp = true)],
    [1, () => time.jump(dice.one([-3_600_000, -5_000, 5_000, 3_600_000]))],
    [2, () => time.sleep(dice.one([1_000, 15_000, 60_000]))],
    [1, world.forget],
    [20, () => {}],
  ];
  function thenSoon(first: () => void, second: () => void): void {
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

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortedBy(signal));
    const giveUp = (): void => reject(abortedBy(signal));
    signal?.addEventListener("abort", giveUp, { once: true });
    setTimeout(() => {
      signal?.removeEventListener("abort", giveUp);
      resolve();
    }, ms);
  });
}
