/**
 * Characters that no key has, and how they usually come into one.
 *
 * Add it here: the first entry that fits wins, so put the narrower one first, and add a vector to
 * `vectors/key-format.json`.
 */
interface Culprit {
  /** Names the character: "At position 3 stands U+0020, …". */
  readonly what: string;
  readonly mend: string;
  /** `char` is one whole code point; `rest` is the text from it on. */
  readonly fits: (char: string, rest: string) => boolean;
}

const culprits: readonly Culprit[] = [
  {
    what: "a sign that the copy is masked or shortened",
    mend: "What lists and logs show is not the whole key; copy the key from where it was stored when it was created.",
    fits: (char, rest) => /^[…•●*]/u.test(char) || rest.startsWith("..."),
  },
  {
    what: "a quotation mark",
    mend: "Send the key without quotation marks.",
    fits: (char) => /["'`´“”„‘’‚«»]/u.test(char),
  },
  {
    what: "a line break",
    mend: "Remove it; a file or a shell command often adds one at the end, and a terminal where it wraps a line.",
    fits: (char) => /[\n\r\u0085\u2028\u2029]/u.test(char),
  },
  {
    what: "an invisible character",
    mend: "Copy the key from a plain text source, or delete and retype the place; editors and web pages add such characters.",
    fits: (char) => /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]/u.test(char),
  },
  { what: "white space", mend: "Remove it, or trim the text before sending it.", fits: (char) => /\s/u.test(char) },
  {
    what: "the beginning of a URL-encoded character",
    mend: "Decode the text once before sending it, or do not encode it: a key needs no encoding.",
    fits: (_, rest) => /^%[0-9A-Fa-f]{2}/.test(rest),
  },
  {
    what: "a sign that a placeholder was not filled in",
    mend: "Put the key itself in the place of the placeholder.",
    fits: (char) => /[${}<>[\]]/.test(char),
  },
  {
    what: "a backslash, as in a text that is still escaped",
    mend: "Send the text without escape sequences.",
    fits: (char) => char === "\\",
  },
  {
    what: "a separator, as between several values",
    mend: "Send one key and nothing else.",
    fits: (char) => /[,;|&]/.test(char),
  },
  {
    what: "a dash",
    mend: "A key has underscores between its parts, and no dashes; programs for writing replace them.",
    fits: (char) => /[-\u2010-\u2015\u2212]/u.test(char),
  },
  {
    what: "a letter of another script that looks like a Latin one",
    mend: "Copy the key from a plain text source; this letter was put in by a keyboard, an OCR program or a person.",
    fits: (char) =>
      /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\uff01-\uff5e\u{1d400}-\u{1d7ff}]/u.test(
        char,
      ),
  },
];

const unknownCulprit: Culprit = { what: "a character that no key has", mend: "Copy the key again.", fits: () => true };

/** Says which character stands at `position`, where it is likely to come from, and how to mend it. */
export function describeIllegalCharacter(text: string, position: number): string {
  const rest = text.slice(position);
  const char = String.fromCodePoint(rest.codePointAt(0) ?? 0);
  const { what, mend } = culprits.find(({ fits }) => fits(char, rest)) ?? unknownCulprit;
  return `At position ${position} (counted from 0) stands ${show(char)}, ${what}. ${mend}`;
}

/** Printable ASCII as it is, all else as its number: a look-alike shown as itself would explain nothing. */
function show(char: string): string {
  if (/^[!-~]$/.test(char)) return char;
  return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}
