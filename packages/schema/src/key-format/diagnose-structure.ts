import { checksumOf } from "./checksum.js";
import type { MalformedKey } from "./format-result.js";
import { bodyWidth, checksumWidth, markerWidth, maxPrefixWidth, minPrefixWidth, shownWidth } from "./layout.js";

const head = /^[a-z0-9]{2,12}_(?:live|test)_/;
const endsInMarker = /^([a-z0-9]{2,12})_(?:l|li|liv|live|t|te|tes|test)?$/;
const beginsWithMarker = /^_?(?:live|test)_/;
const anyPrefixAndMarker = /^([a-z0-9]*)_(?:live|test)_/;
const anyWord = /^([a-z0-9]{2,12})_([0-9A-Za-z]*)/;

/** How many missing characters need not be those at the end. */
const maxLost = 2;

/** Words that people expect to find as a marker. Only these are named in a hint, so that it never repeats the text. */
const wrongMarkers: readonly string[] = [
  "prod",
  "production",
  "dev",
  "development",
  "stage",
  "staging",
  "sandbox",
  "demo",
  "local",
  "testing",
];

/**
 * Names what is wrong with the structure of a text that has only digits, Latin letters and underscores.
 *
 * @param text at most 512 characters, not a well-formed key.
 */
export function diagnoseStructure(text: string): MalformedKey {
  const found = head.exec(text)?.[0];
  return found === undefined ? diagnoseHead(text) : diagnoseBody(text, found);
}

/** Prefix or environment marker cannot be read. */
function diagnoseHead(text: string): MalformedKey {
  if (head.test(text.toLowerCase())) {
    const position = text.search(/[A-Z]/);
    const hint =
      text === text.toUpperCase()
        ? "The whole key was changed to upper case. Upper and lower case differ in a key: copy it again as it was issued."
        : "Prefix and environment of a key are in lower case. Keyboards and forms like to capitalise a first letter: change it back.";
    return { ok: false, problem: "illegal-character", hint, position };
  }

  const cut = endsInMarker.exec(text)?.[1];
  if (cut !== undefined) return tooShort(text, cut.length);

  if (beginsWithMarker.test(text))
    return foreign("The beginning of the key is missing: before the environment stands a prefix.", 0);

  const prefix = anyPrefixAndMarker.exec(text)?.[1];
  if (prefix !== undefined) {
    return foreign(
      `A key's prefix has ${minPrefixWidth} to ${maxPrefixWidth} characters; here it has ${prefix.length}.`,
      0,
    );
  }

  const words = anyWord.exec(text);
  if (words) return wrongMarker(words[1] ?? "", words[2] ?? "");

  return foreign(
    "A key begins with its prefix and _live_ or _test_; this text does not. It is of another system, or its beginning is missing.",
  );
}

function wrongMarker(prefix: string, word: string): MalformedKey {
  const known = wrongMarkers.includes(word.toLowerCase()) ? `; ${word.toLowerCase()} is no environment` : "";
  const hint = `After the prefix must follow live or test${known}. Copy the key again, or get one of the right environment.`;
  return foreign(hint, prefix.length + 1);
}

/** Prefix and marker are fine; what follows is not. */
function diagnoseBody(text: string, found: string): MalformedKey {
  const shown = text.slice(0, found.length + shownWidth);
  const start = /_[0-9A-Za-z]{4}$/.test(shown) ? { start: shown } : {};
  const surplus = text.length - found.length - bodyWidth;

  if (text.includes(found, found.length)) {
    const hint = "The key stands here more than once. Paste it only once.";
    return { ok: false, problem: "too-long", hint, by: Math.max(surplus, 1), ...start };
  }
  const underscore = text.indexOf("_", found.length);
  if (underscore >= 0) {
    const hint = `At position ${underscore} (counted from 0) stands an underscore, but a key has none after its environment. Copy the key again, alone.`;
    return { ok: false, problem: "illegal-character", hint, position: underscore, ...start };
  }
  if (surplus < 0) return { ...tooShort(text, found.length - markerWidth), ...start };
  if (surplus > 0) return { ...tooLong(text, surplus), ...start };
  return { ok: false, problem: "checksum", hint: checksumHint(text.slice(found.length)), ...start };
}

function tooShort(text: string, prefixWidth: number): MalformedKey {
  const by = prefixWidth + markerWidth + bodyWidth - text.length;
  // So few are as likely to be missing from its middle, where somebody has typed it.
  const why = by <= maxLost ? "it was not copied whole, or something in it is missing" : "its end was cut off";
  const hint = `The key is ${count(by)} too short: ${why}. Copy the whole key again.`;
  return { ok: false, problem: "too-short", hint, by };
}

function tooLong(text: string, by: number): MalformedKey {
  const position = text.length - by;
  const hint = isComplete(text.slice(0, position))
    ? `The first ${position} characters are a complete key. Remove the ${count(by)} after it.`
    : `The key is ${count(by)} too long. Copy the key again, without what stands in or around it.`;
  return { ok: false, problem: "too-long", hint, position, by };
}

function isComplete(text: string): boolean {
  return text.endsWith(checksumOf(text.slice(0, -checksumWidth)));
}

/** 49 random digits that lack one case altogether are, for all practical purposes, never random. */
function checksumHint(body: string): string {
  if (body === body.toLowerCase()) {
    return "The whole key was changed to lower case. Upper and lower case differ in a key: copy it again as it was issued.";
  }
  if (body === body.toUpperCase()) {
    return "The key was changed to upper case. Upper and lower case differ in a key: copy it again as it was issued.";
  }
  return "At least one character is wrong. Copy the key instead of typing it: 0 and O, and 1, I and l are easily confused.";
}

function foreign(hint: string, position?: number): MalformedKey {
  return { ok: false, problem: "foreign-format", hint, ...(position !== undefined && { position }) };
}

function count(characters: number): string {
  return characters === 1 ? "1 character" : `${characters} characters`;
}
