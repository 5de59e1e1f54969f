import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type * as Results from "../change-results.js";
import type { IdempotentRequestOptions, RequestOptions } from "../client/options.js";
import { PaginatedList } from "../client/paginated-list.js";
import type { Send } from "../client/transport.js";
import type { Key, KeyDetails, KeyDiagnosis, Verdict } from "../entities.js";
import { withIdempotencyKey } from "./idempotent.js";
import { repeatability } from "./repeatability.js";

/** Which keys to list. What is left out does not matter. */
export interface ListKeysArguments {
  /** Those of this tenant. Default: all that the token may see. */
  readonly tenantId?: string | undefined;
  /** Those that fit; deleted keys only with `deleted: true`. */
  readonly filter?: Inputs.KeyFilter | undefined;
  /** Default: CREATED_AT_DESC, newest first. */
  readonly orderBy?: Inputs.KeyOrder | undefined;
  /** How many keys to read at a time, 1 to 100. Default: 100. */
  readonly pageSize?: number | undefined;
}

/**
 * API keys. Expected refusals are answered as data; every method throws a KeyplaneError for anything else. Each needs
 * the permission that the schema names for its operation.
 */
export class Keys {
  readonly #send: Send;

  /** @internal */
  constructor(send: Send) {
    this.#send = send;
  }

  /**
   * Says whether a key is valid for a call, and if not, exactly why. A refused key is an answer (`valid: false` and a
   * `code`), not an error.
   *
   * @param input the key exactly as it was presented, and what the call needs.
   * @throws KeyplaneError when there is no verdict: do not let the call in then.
   */
  async verify(input: Inputs.VerifyKeyInput, options?: RequestOptions): Promise<Verdict> {
    return (await this.#send(documents.VerifyKeyDocument, { input }, repeatability.verify, options)).verifyKey;
  }

  /** One key, deleted ones included; null when there is none with this id that the token may see. */
  async get(id: string, options?: RequestOptions): Promise<KeyDetails | null> {
    return (await this.#send(documents.GetKeyDocument, { id }, repeatability.read, options)).key;
  }

  /** The keys that the token may see: `for await (const key of keyplane.keys.list())`. */
  list({ pageSize, ...filter }: ListKeysArguments = {}, options?: RequestOptions): PaginatedList<Key> {
    return new PaginatedList(async (page) => {
      const variables = { ...filter, ...page };
      return (await this.#send(documents.ListKeysDocument, variables, repeatability.read, options)).keys;
    }, pageSize);
  }

  /** Creates a key for a user. The answer holds the secret, which is shown this once and kept nowhere. */
  async create(input: Inputs.CreateKeyInput, options?: IdempotentRequestOptions): Promise<Results.CreateKeyResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.CreateKeyDocument, variables, repeatability.keyed, options)).createKey;
  }

  /**
   * Gives a key a new secret. Its id stays, and the old secret works on for `overlapMs` milliseconds (default 0: it
   * stops at once; null: as the tenant's policy says).
   */
  async rotate(input: Inputs.RotateKeyInput, options?: IdempotentRequestOptions): Promise<Results.RotateKeyResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.RotateKeyDocument, variables, repeatability.keyed, options)).rotateKey;
  }

  /** Gives a key to another user of its tenant, with a new secret. The old secret stops at once. */
  async reissue(input: Inputs.ReissueKeyInput, options?: IdempotentRequestOptions): Promise<Results.ReissueKeyResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.ReissueKeyDocument, variables, repeatability.keyed, options)).reissueKey;
  }

  /**
   * Says exactly which check refuses a key, now or at a past moment, since when and by whom, and which mutations mend it: send a
   * remedy with `keyplane.request`. Changes nothing, charges nothing and leaves no usage. Another tenant's key answers as an unknown one.
   *
   * @param input the text exactly as it was presented, or the key's id or visible start, and the call that it was refused for.
   */
  async diagnose(input: Inputs.DiagnoseKeyInput, options?: RequestOptions): Promise<KeyDiagnosis> {
    return (await this.#send(documents.DiagnoseKeyDocument, { input }, repeatability.read, options)).diagnoseKey;
  }

  /**
   * Mends a key with an invalid user in one go: identifies the user, verifies that they exist or creates them, updates their
   * details, reissues the key to them and tests the new secret. All of it or nothing; with `dryRun: true` only the plan.
   */
  async resolveInvalidUser(
    input: Inputs.ResolveInvalidUserInput,
    options?: IdempotentRequestOptions,
  ): Promise<Results.ResolveInvalidUserResult> {
    const variables = { input: withIdempotencyKey(input, options) };
    return (await this.#send(documents.ResolveInvalidUserDocument, variables, repeatability.keyed, options))
      .resolveInvalidUser;
  }

  /** Changes what the input names; what it leaves out stays. */
  async update(input: Inputs.UpdateKeyInput, options?: RequestOptions): Promise<Results.UpdateKeyResult> {
    return (await this.#send(documents.UpdateKeyDocument, { input }, repeatability.update, options)).updateKey;
  }

  /** Refuses a key until it is enabled again. */
  async disable(input: Inputs.DisableKeyInput, options?: RequestOptions): Promise<Results.DisableKeyResult> {
    return (await this.#send(documents.DisableKeyDocument, { input }, repeatability.close, options)).disableKey;
  }

  /** Ends a disablement. */
  async enable(input: Inputs.EnableKeyInput, options?: RequestOptions): Promise<Results.EnableKeyResult> {
    return (await this.#send(documents.EnableKeyDocument, { input }, repeatability.open, options)).enableKey;
  }

  /** Ends a quarantine: accepts the key as it stands. Find out first who changed it. */
  async release(input: Inputs.ReleaseKeyInput, options?: RequestOptions): Promise<Results.ReleaseKeyResult> {
    return (await this.#send(documents.ReleaseKeyDocument, { input }, repeatability.open, options)).releaseKey;
  }

  /**
   * Revokes a key for good. Once this answers, the server that answered refuses the key. Revoking again changes
   * nothing.
   */
  async revoke(input: Inputs.RevokeKeyInput, options?: RequestOptions): Promise<Results.RevokeKeyResult> {
    return (await this.#send(documents.RevokeKeyDocument, { input }, repeatability.close, options)).revokeKey;
  }

  /** Refuses a key and takes it out of every list. `restore` brings it back within 30 days. */
  async delete(input: Inputs.DeleteKeyInput, options?: RequestOptions): Promise<Results.DeleteKeyResult> {
    return (await this.#send(documents.DeleteKeyDocument, { input }, repeatability.close, options)).deleteKey;
  }

  /** Brings a deleted key back as it was, within 30 days. */
  async restore(input: Inputs.RestoreKeyInput, options?: RequestOptions): Promise<Results.RestoreKeyResult> {
    return (await this.#send(documents.RestoreKeyDocument, { input }, repeatability.open, options)).restoreKey;
  }
}
