export { type Attempt, createIdempotency, type Idempotency, type Outcome } from "./idempotency.service.js";
export { createSecretBox, type SecretBox } from "./secret-box.js";
