import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8 from giving objects a place among the old ones when they are made. It does so, for as long as a process lives, with those of every
 * place in the code whose objects once outlived several collections, as they do where a thousand requests wait at a time. They are garbage a moment later, but
 * all that they refer to then outlives the collections of young garbage, too: each takes five times as long, and a verification a quarter longer.
 * `pnpm bench verify` has keys whose first calls wait.
 */
export function keepGarbageYoung(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
