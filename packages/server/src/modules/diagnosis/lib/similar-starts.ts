const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Prefix, environment and the four characters that are shown of a key, in whatever case. */
const anyStart = /([0-9a-z]{2,12})_(live|test)_([0-9a-z]{4})/i;
const readLimit = 512;

/**
 * The visible starts that a mistyped one may have been meant to be: the same in another case, with one of its four characters
 * another one, with two neighbours swapped, or of the other environment. A few hundred at most, to be looked up in an index.
 *
 * @param text as it was presented. @returns nothing where no start can be read.
 */
export function similarStarts(text: string): string[] {
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
