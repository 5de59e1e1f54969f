import type { Repeatable } from "../client/retry.js";

/**
 * When each kind of operation may be sent again after an attempt whose outcome is not known. Every method of a resource
 * names its kind; a new one decides here.
 */
export const repeatability = {
  /** Reading changes nothing. */
  read: "always",
  /**
   * Verifying changes no key. An attempt whose answer was lost may have been counted, so that a repetition counts
   * twice; that is the smaller harm, because whoever verifies has a request of their own waiting.
   */
  verify: "always",
  /** The idempotencyKey makes the server answer a repetition as it answered the first attempt. */
  keyed: "always",
  /**
   * Disable, revoke, delete, suspend: a repetition finds it done and changes nothing. If somebody has opened the access
   * again in the meantime, it is closed once more, which errs to the safe side.
   */
  close: "always",
  /**
   * Enable, resume, restore: also idempotent, but not safe. Between the lost answer and the repetition somebody may
   * have closed the access, say for a leaked key; a late repetition would open it again behind their back.
   */
  open: "if-not-done",
  /**
   * Updates: a repetition would overwrite what somebody else has changed in the meantime, and leave a second entry in
   * the audit log.
   */
  update: "if-not-done",
} as const satisfies Record<string, Repeatable>;
