import { abortedBy } from "../../client/deadline.js";
import type { Fetch } from "../../client/options.js";
import type { Runtime } from "../../client/runtime.js";
import { type MemoryKey, MemoryPlane } from "../../testing/memory-plane.js";
import type { Guard, GuardVerdict } from "../guard.js";
import { followBarely } from "./bare-follower.js";
import { Dice } from "./dice.js";
import { Disk } from "./disk.js";
import { GuardedProcess } from "./guarded-process.js";
import { happen } from "./happenings.js";
import { Network } from "./network.js";
import { type Plan, planOf, ratesOfServers } from "./plan.js";
import { Truth } from "./truth.js";
import { VirtualTime } from "./virtual-time.js";

/** For how long things go wrong, and how long the guard then has to find its way back. */
const stormMs = 60_000;
const calmMs = 90_000;
const keyCount = 4;

/** What a test wants otherwise. */
export interface Sabotage {
  /** Takes a safeguard away, as far as the network is concerned. */
  readonly fetch?: (fetch: Fetch) => Fetch;
  /** What is decided already of each schedule, so that it is one in which the safeguard counts. */
  readonly plan?: Partial<Plan>;
}

/**
 * One run of a guard and a bare follower on a network that the seed decides. Whatever happens to the network, the servers and
 * the clock:
 *
 * - no key is accepted later than `maxStalenessMs` and a second after it was refused, but where `allow-known` asks for it;
 * - no key is accepted by a guard that has heard of its revocation;
 * - for no call is the server asked for a verdict twice, because it charges limits each time;
 * - of events, none is missed, none comes twice, and none out of order, but where the follower was told to read again;
 * - what is bound to a key is closed when the key is refused, and only then;
 * - when all is well again, guard and control plane agree.
 *
 * @returns what was broken, in words; empty when nothing was.
 */
export async function runSchedule(seed: number, sabotage: Sabotage = {}): Promise<string[]> {
  const dice = new Dice(seed);
  const plan = { ...planOf(dice), ...sabotage.plan };
  const time = new VirtualTime();
  time.install();
  const broken: string[] = [];
  let current: GuardedProcess | undefined;
  const ending = new AbortController();
  try {
    const plane = new MemoryPlane({ now: () => time.now + 1_800_000_000_000, random: (count) => dice.bytes(count) });
    let floor = 0;
    const network = new Network(plane, time, dice, () => floor, ratesOfServers[plan.serverClock]);
    const truth = new Truth(plane, () => time.now);
    const keys: MemoryKey[] = [];
    const addKey = (): void => {
      const key = plane.createKey({ scopes: ["read"], isServerDecided: dice.happens(0.2) });
      keys.push(key);
      truth.add(key);
    };
    for (let count = 0; count < keyCount; count++) addKey();
    const stopNoting = plane.onChange(() => truth.note());

    const runtime: Runtime = { now: () => Date.now(), random: dice.random, sleep };
    const fetch = (sabotage.fetch ?? ((same: Fetch) => same))(network.fetch);
    const options = { url: "http://keyplane.test", token: "token", fetch };
    const disk = new Disk();
    const begin = (): GuardedProcess =>
      new GuardedProcess({ plan, truth, now: () => time.now, broken, disk, runtime, ...options });
    const forget = (): void => {
      floor = plane.events.length;
    };
    followBarely(plane, { ...options, timeoutMs: 3_000 }, runtime, ending.signal, broken);

    current = begin();
    for (const until = time.now + stormMs; time.now < until && broken.length === 0; ) {
      const running: GuardedProcess = current;
      const bind = (key: MemoryKey): void => running.bind(key);
      const verify = (key: MemoryKey): void => void running.verify(key);
      happen(dice, { plan, plane, network, time, keys, addKey, verify, bind, forget });
      // Many at the same moment now and then: they share answers.
      for (let calls = dice.happens(0.2) ? 4 : 1; calls > 0; calls--) void running.verify(dice.one(keys));
      await time.advance(dice.happens(0.7) ? dice.between(0, 400) : dice.between(400, 12_000));
      if (plan.isSaved && dice.happens(0.1)) {
        const ended = running.end(dice.happens(0.7));
        await time.advance(dice.between(0, 15_000));
        await ended;
        current = begin();
      }
    }
    network.heal();
    await time.advance(calmMs);
    current.checkBound();
    if (broken.length === 0) broken.push(...(await disagreements(current.guard, plane, keys, time)));
    stopNoting();
  } finally {
    ending.abort();
    const closing = current?.end(false);
    await time.advance(10_000);
    await closing;
    time.uninstall();
  }
  return broken;
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
