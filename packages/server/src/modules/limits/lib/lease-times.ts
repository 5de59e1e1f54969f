/** How often a server that holds leases of quotas says that it lives, in milliseconds. */
export const saysEveryMs = 30_000;

/** A server that could not say so for so long uses none of its leases any more, in milliseconds. One attempt may fail: the second one after it comes too late. */
export const usesForMs = 3 * saysEveryMs;

/**
 * A server that was not heard of for so long is lost, in milliseconds: others may drop its leases. Well after it has ceased to use them, so that
 * neither a database that was slow to hear it nor clocks that run unevenly let both happen at once.
 */
export const lostAfterMs = 4 * usesForMs;
