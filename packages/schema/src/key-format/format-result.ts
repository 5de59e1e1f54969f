import type { Environment } from "../environments.js";

/** The text is a well-formed key. Whether such a key exists, only the control plane knows. */
export interface WellFormedKey {
  readonly ok: true;
  /** The tenant's prefix, e.g. `kp`. */
  readonly prefix: string;
  readonly environment: Environment;
  /** What a person may see of the secret, e.g. `kp_live_3fQz`. */
  readonly start: string;
}

/** What is wrong with a text that is not a well-formed key. */
export type KeyFormatProblem = "empty" | "too-short" | "too-long" | "illegal-character" | "foreign-format" | "checksum";

/** The text is not a well-formed key. */
export interface MalformedKey {
  readonly ok: false;
  readonly problem: KeyFormatProblem;
  /**
   * A sentence for a person: the likely cause and how to mend it. It never repeats the text, except a single offending
   * character, shown as `U+XXXX` unless it is printable ASCII.
   */
  readonly hint: string;
  /** Where the first wrong character stands, 0-based, in UTF-16 code units; absent where no single place is wrong. */
  readonly position?: number;
  /** By how many characters the text is too short or too long. */
  readonly by?: number;
  /** The display start, where prefix, environment and the next four characters could be read; never more than that. */
  readonly start?: string | undefined;
}

/** What {@link parseKey} says of a text. */
export type KeyFormatResult = WellFormedKey | MalformedKey;
