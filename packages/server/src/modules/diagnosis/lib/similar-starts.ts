const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Prefix, environment and the four characters that are shown of a key, in whatever case. */
const anyStart = /([0-9a-z]{2,12})_(live|test)_([0-9a-z]{4})/i;
/** The same with a mistake in prefix or environment: three parts of about their lengths. */
const nearStart = /([0-9a-z]{1,13})[_-]([a-z]{2,6})_([0-9a-z]{4})/gi;
const environments = ["live", "test"] as const;
/** How many characters may be missing, surplus or other ones. */
const maxMistakes = 2;
const readLimit = 512;

/**
 * The visible starts that a mistyped one may have been meant to be: the same in another case, with one of its four characters
 * another one, with two neighbours swapped, or of the other environment; or with a mistake in prefix or environment. A few hundred at most, to
 * be looked up in an index.
 *
 * @param text as it was presented. @param prefixes with which keys begin. @returns the nearest first: what can be read as a start itself,
 * if any; nothing where no start can be read.
 */
export function similarStarts(text: string, prefixes: readonly string[] = []): string[] {
  return [...new Set([...withOtherCharacters(text), ...withOtherHead(text, prefixes)])];
}

/** Where one or two characters of prefix or environment are mistyped, and the others are right. */
function withOtherHead(text: string, prefixes: readonly string[]): string[] {
  for (const [, prefix = "", environment = "", shown = ""] of text.slice(0, readLimit).matchAll(nearStart)) {
    const nearEnvironments = environments.filter((each) => isNear(environment.toLowerCase(), each));
    if (nearEnvironments.length === 0) continue;
    const nearPrefixes = prefixes.filter((each) => isNear(prefix.toLowerCase(), each));
    return nearPrefixes.flatMap((near) => nearEnvironments.map((each) => `${near}_${each}_${shown}`));
  }
  return [];
}

/** Whether one word may be the other one mistyped: half of it must be right. */
function isNear(typed: string, meant: string): boolean {
  return mistakesBetween(typed, meant) <= Math.min(maxMistakes, Math.floor(meant.length / 2));
}

/** By Damerau and Levenshtein: characters that are missing, surplus, other ones, or changed places. For short words. */
function mistakesBetween(typed: string, meant: string): number {
  const distance = (i: number, j: number): number => {
    if (i === 0 || j === 0) return i + j;
    const isSame = typed[i - 1] === meant[j - 1];
    const least =
      Math.min(rows[i - 1]?.[j] ?? 0, rows[i]?.[j - 1] ?? 0, (rows[i - 1]?.[j - 1] ?? 0) - (isSame ? 1 : 0)) + 1;
    const isSwapped = i > 1 && j > 1 && typed[i - 1] === meant[j - 2] && typed[i - 2] === meant[j - 1];
    return isSwapped ? Math.min(least, (rows[i - 2]?.[j - 2] ?? 0) + 1) : least;
  };
  const rows: number[][] = [];
  for (let i = 0; i <= typed.length; i++) {
    const row: number[] = [];
    rows.push(row);
    for (let j = 0; j <= meant.length; j++) row.push(distance(i, j));
  }
  return rows[typed.length]?.[meant.length] ?? 0;
}

function withOtherCharacters(text: string): string[] {
  const found = anyStart.exec(text.slice(0, readLimit));
  if (!found) return [];
  const [, prefix = "", environment = "", shown = ""] = found;
  const starts = new Set<string>();
  const add = (characters: string, marker = environment.toLowerCase()): void => {
    starts.add(`${prefix.toLowerCase()}_${marker}_${characters}`);
  };
  add(shown);
  for (const characters of casesOf(shown)) add(characters);
  for (let place = 0; place < shown.length; place++) {
    const [before, after] = [shown.slice(0, place), shown.slice(place + 1)];
    for (const digit of digits) add(`${before}${digit}${after}`);
    if (after !== "") add(`${before}${after[0]}${shown[place]}${after.slice(1)}`);
  }
  add(shown, environment.toLowerCase() === "live" ? "test" : "live");
  return [...starts];
}

function casesOf(text: string): string[] {
  return [...text].reduce<string[]>(
    (texts, character) => {
      const cases = new Set([character.toLowerCase(), character.toUpperCase()]);
      return texts.flatMap((each) => [...cases].map((one) => each + one));
    },
    [""],
  );
}
