export { type Attempt, createIdempotency, type Idempotency, type Outcome } from "./idempotency.service.js";
