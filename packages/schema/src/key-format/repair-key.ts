import { base62Alphabet } from "../base62.js";
import { checksumOf } from "./checksum.js";
import { bodyWidth, checksumWidth, maxKeyLength } from "./layout.js";
import { keyPattern, parseKey } from "./parse-key.js";

/** What was wrong with the text of a key. */
export const keyRepairs = {
  SURROUNDED: {
    description:
      "Something stands around or within the key: quotes, spaces, a line break, a scheme such as Bearer, a name.",
  },
  RECASED: { description: "Prefix and environment were written in upper case." },
  OTHER_SEPARATORS: {
    description: "Other characters than one underscore each stand between prefix, environment and the rest, or none.",
  },
  MISSING_PREFIX: { description: "The prefix is missing, or prefix and environment are." },
  WRONG_CHARACTER: { description: "One character is another one." },
  SWAPPED_CHARACTERS: { description: "Two neighbouring characters changed places." },
  MISSING_CHARACTER: { description: "One character is missing." },
  SURPLUS_CHARACTER: { description: "There is one character too many." },
} as const satisfies Record<string, { readonly description: string }>;

export type KeyRepair = keyof typeof keyRepairs;

/** The well-formed key that a text was probably meant to be. */
export interface RepairedKey {
  /** The key itself: a secret, as the text was. */
  readonly text: string;
  readonly repair: KeyRepair;
  /** Where the wrong character, or the first of two, stands in the key, counted from 0; null where none does. */
  readonly position: number | null;
}

/** No more of a text is looked at than this: longer than any line in which a key stands. */
const readLimit = 4_096;

// The quantifiers are bounded and do not nest, so no text makes these patterns slow.
const scheme = /^\W{0,4}(?:authorization\W{0,9})?(?:bearer|basic|token|apikey)[\s:]{1,9}/i;
const nameBefore = /^\W{0,4}[\w-]{1,64}\W{0,4}[:=]/;
const notOfKeys = /[^0-9A-Za-z_]/g;
const head = /^[a-z0-9]{2,12}_(?:live|test)_/;
const headAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz_";
const looselyJoined = new RegExp(
  `(?<![0-9A-Za-z])([0-9a-z]{2,12})[^0-9A-Za-z]{0,4}(live|test)[^0-9A-Za-z]{0,4}([0-9A-Za-z]{${bodyWidth}})(?![0-9A-Za-z])`,
  "i",
);
const withoutPrefix = new RegExp(`^_?(?:(live|test)_)?([0-9A-Za-z]{${bodyWidth}})$`, "i");
const wholeKey = new RegExp(`[a-z0-9]{2,12}_(?:live|test)_[0-9A-Za-z]{${bodyWidth}}`);

/** The keys that stand in a text, such as a line of a program, each once: what a secret scanner finds in it. */
export function keysIn(text: string): readonly string[] {
  const found = text.slice(0, readLimit).match(new RegExp(keyPattern, "g")) ?? [];
  return [...new Set(found)].filter((each) => parseKey(each).ok);
}

/**
 * Finds the key that a text was meant to be, where one thing at most is wrong with it besides what stands around it. It needs nothing but
 * the text: the checksum tells the right key from thousands of others. Whoever has all but one character of a key has the key.
 *
 * Takes a few milliseconds at most: for diagnosis, not for verification.
 *
 * @param prefixes with which keys begin that may be meant: only with these a missing prefix is found.
 * @returns null for a well-formed key, and where nothing fits or more than one thing does: a text with several keys is none of them.
 */
export function repairKey(text: string, prefixes: readonly string[] = []): RepairedKey | null {
  if (parseKey(text).ok) return null;
  const read = text.slice(0, readLimit);
  const bare = bareOf(read);
  const [only, ...others] = keysIn(read);
  if (others.length > 0) return null;
  const plain = only ?? wholeKey.exec(bare)?.[0];
  if (plain !== undefined && parseKey(plain).ok) return { text: plain, repair: "SURROUNDED", position: null };
  const lowered = bare.replace(/^[0-9A-Za-z]{2,12}_(?:live|test)_/i, (found) => found.toLowerCase());
  if (lowered !== bare && parseKey(lowered).ok) return { text: lowered, repair: "RECASED", position: null };
  const byCharacter = lowered.length <= maxKeyLength + 1 ? repairCharacter(lowered) : null;
  return byCharacter ?? repairHead(read, bare, prefixes);
}

/** Where prefix or environment are missing, or are not parted as they should be. */
function repairHead(text: string, bare: string, prefixes: readonly string[]): RepairedKey | null {
  const [, prefix, environment, rest] = looselyJoined.exec(text) ?? [];
  if (prefix && environment) {
    const joined = `${prefix}_${environment}`.toLowerCase();
    const whole = `${joined}_${rest}`;
    if (parseKey(whole).ok) return { text: whole, repair: "OTHER_SEPARATORS", position: null };
  }
  const [, marker, body] = withoutPrefix.exec(bare) ?? [];
  if (body === undefined) return null;
  const markers = marker === undefined ? ["live", "test"] : [marker.toLowerCase()];
  const candidates = prefixes.flatMap((each) => markers.map((one) => `${each}_${one}_${body}`));
  const [found, ...others] = candidates.filter((candidate) => parseKey(candidate).ok);
  return found === undefined || others.length > 0 ? null : { text: found, repair: "MISSING_PREFIX", position: null };
}

/** The text without what is known to stand around keys, and without every character that no key has. */
function bareOf(text: string): string {
  const unnamed = text.replace(scheme, "");
  const value = unnamed === text ? text.replace(nameBefore, "").replace(scheme, "") : unnamed;
  return value.replace(notOfKeys, "");
}

function repairCharacter(text: string): RepairedKey | null {
  let found: RepairedKey | null = null;
  for (const candidate of candidatesFor(text)) {
    if (candidate.text === found?.text || !head.test(candidate.text) || !hasChecksum(candidate.text)) continue;
    if (found !== null) return null;
    found = candidate;
  }
  return found !== null && parseKey(found.text).ok ? found : null;
}

/** Every text of which this one is the mistyped one: first with the mistake in what is random, then in prefix and environment. */
function* candidatesFor(text: string): Iterable<RepairedKey> {
  const start = head.exec(text)?.[0].length;
  const whole = start === undefined ? 0 : text.length - start;
  if (start !== undefined && whole === bodyWidth) yield* replaced(text, start, text.length, base62Alphabet);
  if (start !== undefined && whole === bodyWidth - 1) yield* inserted(text, start, text.length, base62Alphabet);
  if (start !== undefined && whole === bodyWidth + 1) yield* removed(text, start, text.length);
  const end = text.length - bodyWidth;
  // The last underscore and the character behind it.
  if (end > 0 && text[end] === "_") yield swappedAt(text, end - 1);
  if (end < 1 || text.slice(end).includes("_")) return;
  const lowered = text.slice(0, end).toLowerCase() + text.slice(end);
  yield* replaced(lowered, 0, end, headAlphabet);
  yield* inserted(lowered, 0, end, headAlphabet);
  yield* removed(lowered, 0, end);
}

function* replaced(text: string, from: number, to: number, alphabet: string): Iterable<RepairedKey> {
  for (let position = from; position < to; position++) {
    const [before, after] = [text.slice(0, position), text.slice(position + 1)];
    for (const character of alphabet) {
      yield { text: `${before}${character}${after}`, repair: "WRONG_CHARACTER", position };
    }
    if (after !== "") yield swappedAt(text, position);
  }
}

/** With the character there and the one behind it in each other's place. */
function swappedAt(text: string, position: number): RepairedKey {
  const swapped = `${text.slice(0, position)}${text[position + 1]}${text[position]}${text.slice(position + 2)}`;
  return { text: swapped, repair: "SWAPPED_CHARACTERS", position };
}

function* inserted(text: string, from: number, to: number, alphabet: string): Iterable<RepairedKey> {
  for (let position = from; position <= to; position++) {
    for (const character of alphabet) {
      const whole = `${text.slice(0, position)}${character}${text.slice(position)}`;
      yield { text: whole, repair: "MISSING_CHARACTER", position };
    }
  }
}

function* removed(text: string, from: number, to: number): Iterable<RepairedKey> {
  for (let position = from; position < to; position++) {
    const whole = `${text.slice(0, position)}${text.slice(position + 1)}`;
    yield { text: whole, repair: "SURPLUS_CHARACTER", position };
  }
}

function hasChecksum(text: string): boolean {
  return text.endsWith(checksumOf(text.slice(0, -checksumWidth)));
}
