import { KeyplaneError } from "../../client/errors.js";
import type { Fetch } from "../../client/options.js";
import type { Runtime } from "../../client/runtime.js";
import type { MemoryKey } from "../../testing/memory-plane.js";
import { createGuardWith } from "../create-guard.js";
import type { Guard } from "../guard.js";
import type { Disk } from "./disk.js";
import { driftingStreamMs, type Plan } from "./plan.js";
import type { Truth } from "./truth.js";

/** What the guard promises, in milliseconds; a second more is allowed to what is on its way. */
const maxStalenessMs = 20_000;
const graceMs = 1_000;

/** Calls are told apart by a tag, which only a question to `verifyKey` repeats: usage is not recorded here. */
const callTag = /"tags":\["(call \d+)"\]/;

/** A process with a guard, and what must hold of all that it says. */
export class GuardedProcess {
  readonly guard: Guard;
  readonly #plan: Plan;
  readonly #truth: Truth;
  readonly #now: () => number;
  readonly #broken: string[];
  /** When it heard of a key's revocation. */
  readonly #heard = new Map<string, number>();
  readonly #bound = new Map<string, { isClosed: boolean }[]>();
  #isAlive = true;
  #calls = 0;
  /** The calls that the server was asked to charge. */
  readonly #charged = new Set<string>();

  constructor(deps: {
    plan: Plan;
    truth: Truth;
    now: () => number;
    broken: string[];
    disk: Disk;
    runtime: Runtime;
    url: string;
    token: string;
    fetch: Fetch;
  }) {
    const { plan, url, token, fetch, disk } = deps;
    this.#plan = plan;
    this.#truth = deps.truth;
    this.#now = deps.now;
    this.#broken = deps.broken;
    const { mode, onUnavailable, maxKeys } = plan;
    const snapshotFile = plan.isSaved ? "/guard.ndjson" : undefined;
    const options = {
      url,
      token,
      fetch: this.#chargingOnce(fetch),
      mode,
      onUnavailable,
      maxKeys,
      maxStalenessMs,
      usage: false,
      snapshotFile,
    } as const;
    this.guard = createGuardWith(options, deps.runtime, {
      files: disk.seenBy(() => this.#isAlive),
      ...(plan.serverClock === "drifting" && { longestStreamMs: driftingStreamMs }),
    });
    // Whatever the network does, it is told as what it is.
    this.guard.on("error", (error) => {
      if (!(error instanceof KeyplaneError)) this.#broken.push(`the guard told of ${error.stack ?? error.message}`);
    });
    this.guard.on("revoked", ({ type, keyId }) => {
      if (type === "REVOKED" && keyId !== null && !this.#heard.has(keyId)) this.#heard.set(keyId, this.#now());
    });
  }

  async verify(key: MemoryKey): Promise<void> {
    const usage = { tags: [`call ${++this.#calls}`] };
    const { valid, source } = await this.guard.verify(key.secret, { scopes: ["read"], usage });
    this.#truth.note(); // a time may have come
    // Events that are told late may refuse a key for a moment, until those after them have come.
    if (!valid) return;
    const says = (what: string): void =>
      void this.#broken.push(`${JSON.stringify(this.#plan)}: accepted (${source}) ${what}`);
    const heardAt = this.#heard.get(key.id);
    if (heardAt !== undefined && heardAt < this.#now()) says("after its revocation was heard of");
    // What was known last counts, as it was asked for.
    if (source === "stale" && this.#plan.onUnavailable === "allow-known") return;
    const why = this.#truth.whyNotAcceptable(key, maxStalenessMs + graceMs);
    if (why !== null) says(why);
  }

  bind(key: MemoryKey): void {
    const bound = { isClosed: false };
    this.#bound.set(key.id, [...(this.#bound.get(key.id) ?? []), bound]);
    this.guard.bind(key.id, () => {
      bound.isClosed = true;
      this.#truth.note();
      if (!this.#truth.wasEverRefused(key.id)) this.#broken.push("something was closed whose key was never refused");
    });
  }

  /** To be asked when all has been well for long enough. */
  checkBound(): void {
    for (const [keyId, bound] of this.#bound) {
      if (this.#truth.isRefused(keyId) && bound.some(({ isClosed }) => !isClosed))
        this.#broken.push(`${JSON.stringify(this.#plan)}: something is open whose key is refused`);
    }
  }

  /** Whatever is lost or overtaken, the server is asked once at most for each call: it charges limits for each question. */
  #chargingOnce(fetch: Fetch): Fetch {
    return (url, init) => {
      const [, call] = callTag.exec(init.body ?? "") ?? [];
      if (call !== undefined && this.#charged.has(call)) this.#broken.push(`the server was asked twice about ${call}`);
      if (call !== undefined) this.#charged.add(call);
      return fetch(url, init);
    };
  }

  /** Ends the process. @param saves whether it is given the time to. */
  async end(saves: boolean): Promise<void> {
    this.#isAlive = saves;
    await this.guard.close();
    this.#isAlive = false;
  }
}
