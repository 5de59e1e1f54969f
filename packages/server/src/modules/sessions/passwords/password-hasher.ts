import { availableParallelism } from "node:os";
import { hash, verify } from "@node-rs/argon2";
import { KeyplaneError } from "../../../platform/errors.js";
import { Turns } from "../../../platform/turns.js";

/** What one hash costs. */
export interface HashCost {
  /** KiB. */
  readonly memoryCost: number;
  readonly timeCost: number;
  readonly parallelism: number;
}

/** OWASP's minimum for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane. */
export const hashCost: HashCost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

// The library's enum is a `const enum`, which no module compiled by itself can read.
const argon2id = 2;

/**
 * How many run at once. They run on libuv's threads, of which there are four, and files and DNS need some, too.
 */
const atOnce = Math.min(2, availableParallelism());
/** How many wait at most: about two seconds of work. Whoever comes then is told to come back. */
const maxWaiting = 100;

export type PasswordHasher = ReturnType<typeof createPasswordHasher>;

/** Hashes and verifies passwords with argon2id (RFC 9106), off the event loop, and only so many at a time. */
export function createPasswordHasher(cost: HashCost = hashCost) {
  const turns = new Turns(atOnce);
  let running = 0;
  let decoy: Promise<string> | undefined;

  async function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    if (running >= atOnce + maxWaiting) {
      throw new KeyplaneError("UNAVAILABLE", "Too many people sign in at this moment. Try again in a few seconds.");
    }
    running++;
    try {
      return await turns.take(work);
    } finally {
      running--;
    }
  }

  const make = (password: string): Promise<string> =>
    inTurn(() => hash(normalize(password), { ...cost, algorithm: argon2id as never }));

  return {
    /** The hash of a password, with its salt and cost (PHC string). */
    hash: make,

    /**
     * Whether a password is the one that was hashed. Without a hash the answer is no, after the same work: how long it takes does
     * not tell whether there is an account.
     */
    async verify(hashed: string | null, password: string): Promise<boolean> {
      decoy ??= make("the password of nobody");
      const against = hashed ?? (await decoy);
      const isRight = await inTurn(() => verify(against, normalize(password)));
      return isRight && hashed !== null;
    },

    /** Whether a hash was made with less work than is asked for now. */
    needsRehash(hashed: string): boolean {
      const [, m, t, p] = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$/.exec(hashed) ?? [];
      return (
        m === undefined || Number(m) < cost.memoryCost || Number(t) < cost.timeCost || Number(p) < cost.parallelism
      );
    },
  };
}

/** The same letters give the same bytes, however a keyboard composes them (NIST SP 800-63B-4, section 3.1.1.2). */
export function normalize(password: string): string {
  return password.normalize("NFKC");
}
