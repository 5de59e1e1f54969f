import { base62Alphabet } from "../base62.js";
import type { Environment } from "../environments.js";
import { crc32 } from "./crc32.js";
import { diagnoseFormat } from "./diagnose-format.js";
import type { KeyFormatResult, WellFormedKey } from "./format-result.js";
import { bodyWidth, checksumWidth, markerWidth, maxPrefixWidth, minPrefixWidth, shownWidth } from "./layout.js";
import { hasPrefixForm, managementTokenPrefix, reservedKeyPrefixes } from "./prefix.js";

/**
 * The source of a regular expression that finds keys in text, for secret scanners. A match is a candidate; `parseKey`
 * confirms it by its checksum, which leaves no false alarms worth mentioning (one in 2^32).
 */
export const keyPattern = "\\b[a-z0-9]{2,12}_(?:live|test)_[0-9A-Za-z]{49}\\b";

/** Value of a base62 digit plus one, by character code; 0 for everything that is not a digit. */
const digitPlusOne = new Uint8Array(128);
for (let value = 0; value < base62Alphabet.length; value++) digitPlusOne[base62Alphabet.charCodeAt(value)] = value + 1;

/**
 * Reads the text of an API key without any I/O, and names what is wrong with it if it is none.
 *
 * A correct key takes well under a microsecond or two; the work for any text, however long, is bounded. Management
 * tokens are refused: they are no API keys. Whether the environment is the expected one, `decide` says.
 *
 * The checksum only tells typing errors from keys. It proves nothing: anybody can compute it.
 */
export function parseKey(text: string): KeyFormatResult {
  const key = readWellFormed(text);
  if (key === null || reservedKeyPrefixes.includes(key.prefix)) return diagnoseFormat(text, "api-key");
  return key;
}

/** Reads the text of a management token as `parseKey` reads an API key: same format, with the prefix `keyplane`. */
export function parseManagementToken(text: string): KeyFormatResult {
  const key = readWellFormed(text);
  if (key?.prefix !== managementTokenPrefix) return diagnoseFormat(text, "management-token");
  return key;
}

/** Whether a text is a well-formed secret with this prefix, by form and checksum alone. */
export function isSecretOf(text: string, prefix: string): boolean {
  return readWellFormed(text)?.prefix === prefix;
}

/** The path of every correct key: one look at each character, no regular expression on the body, three allocations. */
function readWellFormed(text: string): WellFormedKey | null {
  const prefixWidth = text.length - markerWidth - bodyWidth;
  if (prefixWidth < minPrefixWidth || prefixWidth > maxPrefixWidth) return null;

  const environment = environmentAt(text, prefixWidth);
  if (environment === null) return null;
  const prefix = text.slice(0, prefixWidth);
  if (!hasPrefixForm(prefix)) return null;

  const bodyStart = prefixWidth + markerWidth;
  const checksumStart = text.length - checksumWidth;
  let checksum = 0;
  for (let index = bodyStart; index < text.length; index++) {
    const digit = digitPlusOne[text.charCodeAt(index)]; // undefined beyond ASCII
    if (!digit) return null;
    if (index >= checksumStart) checksum = checksum * 62 + digit - 1;
  }
  if (checksum !== crc32(text, checksumStart)) return null;
  return { ok: true, prefix, environment, start: text.slice(0, bodyStart + shownWidth) };
}

function environmentAt(text: string, index: number): Environment | null {
  if (text.startsWith("_live_", index)) return "LIVE";
  if (text.startsWith("_test_", index)) return "TEST";
  return null;
}
