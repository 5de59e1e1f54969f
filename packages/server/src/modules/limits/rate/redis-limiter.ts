import type { RateLimitState } from "@keyplane/schema";
import { createClient } from "@redis/client";
import type { Clock } from "../../../platform/clock.js";
import type { CountedRule } from "../../../platform/limited.js";
import type { Logger } from "../../../platform/logger.js";
import type { SharedCharge, SharedLimiter } from "../take.js";
import { amountOf, type MemoryLimiter } from "./memory-limiter.js";
import { giveBackScript, takeScript } from "./redis-script.js";

/**
 * What happens to calls under rate limits while Redis is away: each server counts for itself, they are let in uncounted, or they are
 * refused.
 */
export type WithoutRedis = "local" | "allow" | "refuse";

/** How long a call waits for Redis, in milliseconds; and for how long nobody asks it after it has not answered. */
const usualPatienceMs = 250;
const pauseMs = 1_000;
/** What a call that is refused because Redis is away is told to wait, in milliseconds. */
const refusedForMs = 1_000;
/** Between two attempts to connect, in milliseconds. */
const longestReconnectMs = 2_000;
/** One line a minute tells as much as thousands. */
const warnEveryMs = 60_000;
const keyPrefix = "keyplane:rate:";

/** What the script answers: so much for each limit. */
type Answer = readonly (number | string)[];
const answersOfEach = 6;

/** Counts rate limits in Redis, for all servers together. */
export class RedisLimiter implements SharedLimiter {
  readonly #client: ReturnType<typeof createClient>;
  readonly #clock: Clock;
  readonly #ownTime: boolean;
  readonly #without: WithoutRedis;
  readonly #memory: MemoryLimiter;
  readonly #logger: Logger;
  readonly #patienceMs: number;
  #sha: string | null = null;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  #warnedAt = Number.NEGATIVE_INFINITY;

  /** @param deps.ownTime whether Redis' clock counts, which all servers have in common, or `clock`, which a test moves. */
  constructor(deps: {
    url: string;
    without: WithoutRedis;
    memory: MemoryLimiter;
    clock: Clock;
    ownTime: boolean;
    logger: Logger;
    patienceMs?: number | undefined;
  }) {
    this.#patienceMs = deps.patienceMs ?? usualPatienceMs;
    this.#clock = deps.clock;
    this.#ownTime = deps.ownTime;
    this.#without = deps.without;
    this.#memory = deps.memory;
    this.#logger = deps.logger;
    this.#client = createClient({
      url: deps.url,
      disableOfflineQueue: true,
      socket: { connectTimeout: 5_000, reconnectStrategy: (tries) => Math.min(50 * 2 ** tries, longestReconnectMs) },
    });
    this.#client.on("error", (error: unknown) => this.#warn(error));
  }

  /** Connects. Resolves at once or after a moment, also where Redis is away: it is tried again until it is there. */
  async connect(): Promise<void> {
    const connecting = this.#client.connect().catch((error: unknown) => this.#warn(error));
    await withPatience(connecting, 2_000).catch((error: unknown) => this.#warn(error));
  }

  get isReady(): boolean {
    return this.#client.isReady && performance.now() >= this.#pausedUntil;
  }

  async take(rules: readonly CountedRule[], cost: number): Promise<SharedCharge> {
    const amount = (rule: CountedRule): number => amountOf(rule, cost);
    const answer = await this.#run(rules, amount, true);
    // What this process counts by itself while Redis is away stays charged: it begins anew with Redis anyway.
    if (!answer) return { states: this.#takeWithout(rules, cost), giveBack: async () => {} };
    const states = toStates(rules, answer);
    const isCharged = !states.some(({ exceeded }) => exceeded);
    return { states, giveBack: async () => (isCharged ? this.#giveBack(rules, amount, answer) : undefined) };
  }

  async look(rules: readonly CountedRule[], cost?: number): Promise<readonly RateLimitState[]> {
    const amount = (rule: CountedRule): number => (cost === undefined ? 0 : amountOf(rule, cost));
    const answer = await this.#run(rules, amount, false);
    if (answer) return toStates(rules, answer);
    return cost === undefined
      ? this.#memory.stand(rules, this.#clock.now())
      : this.#whileAway(rules, () => this.#memory.peek(rules, cost, this.#clock.now()));
  }

  close(): void {
    this.#client.destroy();
  }

  /** @returns null when Redis is away. */
  async #run(
    rules: readonly CountedRule[],
    amount: (rule: CountedRule) => number,
    charges: boolean,
  ): Promise<Answer | null> {
    if (!this.isReady) return null;
    const args = [this.#ownTime ? "" : String(this.#clock.now()), charges ? "1" : "0"];
    for (const rule of rules) args.push(...argumentsOf(rule, amount(rule)));
    try {
      return await withPatience(this.#evaluate(keysOf(rules), args), this.#patienceMs);
    } catch (error) {
      this.#pausedUntil = performance.now() + pauseMs;
      this.#warn(error);
      return null;
    }
  }

  /** Sent before anything else that is asked from now on. Where Redis does not take it, the limit is a little stricter for a window. */
  async #giveBack(rules: readonly CountedRule[], amount: (rule: CountedRule) => number, answer: Answer): Promise<void> {
    const charges = rules.map((_, index) => answer.slice(index * answersOfEach + 4, (index + 1) * answersOfEach));
    const args = rules.flatMap((rule, index) => [
      ...argumentsOf(rule, amount(rule)),
      ...(charges[index] ?? []).map(String),
    ]);
    try {
      await this.#client.eval(giveBackScript, { keys: keysOf(rules), arguments: args });
    } catch (err) {
      this.#logger.debug({ err }, "a charge of a rate limit could not be given back in Redis");
    }
  }

  async #evaluate(keys: string[], args: string[]): Promise<Answer> {
    const options = { keys, arguments: args };
    this.#sha ??= await this.#client.scriptLoad(takeScript);
    try {
      return (await this.#client.evalSha(this.#sha, options)) as unknown as Answer;
    } catch (error) {
      // Redis was started anew, or somebody has flushed its scripts.
      if (!(error as Error).message.startsWith("NOSCRIPT")) throw error;
      return (await this.#client.eval(takeScript, options)) as unknown as Answer;
    }
  }

  #takeWithout(rules: readonly CountedRule[], cost: number): readonly RateLimitState[] {
    return this.#whileAway(rules, () => this.#memory.take(rules, cost, this.#clock.now()));
  }

  /** What is said while Redis is away. */
  #whileAway(rules: readonly CountedRule[], ofMemory: () => readonly RateLimitState[]): readonly RateLimitState[] {
    if (this.#without === "local") return ofMemory();
    const now = this.#clock.now();
    const exceeded = this.#without === "refuse";
    return rules.map(({ name, limit, target }) => ({
      name,
      limit,
      target,
      remaining: exceeded ? 0 : limit,
      resetAt: now + refusedForMs,
      retryAt: now + (exceeded ? refusedForMs : 0),
      exceeded,
    }));
  }

  #warn(err: unknown): void {
    if (performance.now() - this.#warnedAt < warnEveryMs) return;
    this.#warnedAt = performance.now();
    this.#logger.warn({ err, withoutRedis: this.#without }, "Redis is away; see KEYPLANE_RATE_LIMITS_WITHOUT_REDIS");
  }
}

function keysOf(rules: readonly CountedRule[]): string[] {
  return rules.map(({ countedAs }) => keyPrefix + countedAs);
}

function argumentsOf({ limit, windowMs, burst }: CountedRule, amount: number): string[] {
  return [String(limit), String(windowMs), String(burst ?? -1), String(amount)];
}

function toStates(rules: readonly CountedRule[], answer: Answer): readonly RateLimitState[] {
  return rules.map(({ name, limit, target }, index) => {
    const from = index * answersOfEach;
    const [exceeded = 1, remaining = 0, resetAt = 0, retryAt = 0] = answer.slice(from, from + 4).map(Number);
    return { name, limit, remaining, resetAt, retryAt: retryAt < 0 ? null : retryAt, exceeded: exceeded !== 0, target };
  });
}

async function withPatience<Result>(work: Promise<Result>, ms: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Redis has not answered within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
