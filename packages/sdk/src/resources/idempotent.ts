import type { IdempotentRequestOptions } from "../client/options.js";
import { createUuid } from "../client/uuid.js";

/**
 * The input with an idempotencyKey: that of the input, else that of the call, else a new UUID. Made once for a call, so
 * that all its attempts share it.
 */
export function withIdempotencyKey<Input extends { readonly idempotencyKey?: string | null | undefined }>(
  input: Input,
  options: IdempotentRequestOptions | undefined,
): Input & { readonly idempotencyKey: string } {
  return { ...input, idempotencyKey: input.idempotencyKey ?? options?.idempotencyKey ?? createUuid() };
}
