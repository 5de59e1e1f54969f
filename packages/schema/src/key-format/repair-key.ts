import { base62Alphabet } from "../base62.js";
import { checksumOf } from "./checksum.js";
import { bodyWidth, checksumWidth, maxKeyLength } from "./layout.js";
import { parseKey } from "./parse-key.js";

/** What was wrong with the text of a key. */
export const keyRepairs = {
  SURROUNDED: {
    description:
      "Something stands around or within the key: quotes, spaces, a line break, a scheme such as Bearer, a name.",
  },
  RECASED: { description: "Prefix and environment were written in upper case." },
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

/** No more of a text is looked at than this. */
const readLimit = 512;

// The quantifiers are bounded and do not nest, so no text makes these patterns slow.
const scheme = /^\W{0,4}(?:authorization\W{0,9})?(?:bearer|basic|token|apikey)[\s:]{1,9}/i;
const nameBefore = /^\W{0,4}[\w-]{1,64}\W{0,4}[:=]/;
const notOfKeys = /[^0-9A-Za-z_]/g;
const head = /^[a-z0-9]{2,12}_(?:live|test)_/;
const wholeKey = new RegExp(`[a-z0-9]{2,12}_(?:live|test)_[0-9A-Za-z]{${bodyWidth}}`);

/**
 * Finds the key that a text was meant to be, where one thing at most is wrong with it besides what stands around it. It needs nothing but
 * the text: the checksum tells the right key from thousands of others. Whoever has all but one character of a key has the key.
 *
 * Takes up to a millisecond or two: for diagnosis, not for verification.
 *
 * @returns null for a well-formed key, and where nothing fits or more than one thing does.
 */
export function repairKey(text: string): RepairedKey | null {
  if (parseKey(text).ok) return null;
  const bare = bareOf(text.slice(0, readLimit));
  const plain = wholeKey.exec(bare)?.[0];
  if (plain !== undefined && parseKey(plain).ok) return { text: plain, repair: "SURROUNDED", position: null };
  const lowered = bare.replace(/^[0-9A-Za-z]{2,12}_(?:live|test)_/i, (found) => found.toLowerCase());
  if (lowered !== bare && parseKey(lowered).ok) return { text: lowered, repair: "RECASED", position: null };
  return lowered.length <= maxKeyLength + 1 ? repairCharacter(lowered) : null;
}

/** The text without what is known to stand around keys, and without every character that no key has. */
function bareOf(text: string): string {
  const unnamed = text.replace(scheme, "");
  const value = unnamed === text ? text.replace(nameBefore, "").replace(scheme, "") : unnamed;
  return value.replace(notOfKeys, "");
}

function repairCharacter(text: string): RepairedKey | null {
  const start = head.exec(text)?.[0].length;
  if (start === undefined) return null;
  const repairs: Readonly<Record<number, () => Iterable<RepairedKey>>> = {
    [bodyWidth]: () => replaced(text, start),
    [bodyWidth - 1]: () => inserted(text, start),
    [bodyWidth + 1]: () => removed(text, start),
  };
  let found: RepairedKey | null = null;
  for (const candidate of repairs[text.length - start]?.() ?? []) {
    if (candidate.text === found?.text || !hasChecksum(candidate.text)) continue;
    if (found !== null) return null;
    found = candidate;
  }
  return found !== null && parseKey(found.text).ok ? found : null;
}

function* replaced(text: string, start: number): Iterable<RepairedKey> {
  for (let position = start; position < text.length; position++) {
    const [before, after] = [text.slice(0, position), text.slice(position + 1)];
    for (const digit of base62Alphabet) {
      yield { text: `${before}${digit}${after}`, repair: "WRONG_CHARACTER", position };
    }
    if (after === "") continue;
    const swapped = `${before}${after[0]}${text[position]}${after.slice(1)}`;
    yield { text: swapped, repair: "SWAPPED_CHARACTERS", position };
  }
}

function* inserted(text: string, start: number): Iterable<RepairedKey> {
  for (let position = start; position <= text.length; position++) {
    for (const digit of base62Alphabet) {
      const whole = `${text.slice(0, position)}${digit}${text.slice(position)}`;
      yield { text: whole, repair: "MISSING_CHARACTER", position };
    }
  }
}

function* removed(text: string, start: number): Iterable<RepairedKey> {
  for (let position = start; position < text.length; position++) {
    const whole = `${text.slice(0, position)}${text.slice(position + 1)}`;
    yield { text: whole, repair: "SURPLUS_CHARACTER", position };
  }
}

function hasChecksum(text: string): boolean {
  return text.endsWith(checksumOf(text.slice(0, -checksumWidth)));
}
