export { lostAfterMs } from "./lib/lease-times.js";
export { type Limiting, type LimitsStatus, openLimiting } from "./limiter.js";
export type { LimitReads, PeekedLimits } from "./limits.reads.js";
export type { Limits } from "./limits.service.js";
export type { WithoutRedis } from "./rate/redis-limiter.js";
export { isExceeded, type LimitStates, type Take } from "./take.js";
