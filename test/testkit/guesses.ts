/** More unknown keys than any address may present before it is held up. */
const maxGuesses = 2_000;

/** Presents unknown keys until whoever presents them is held up. */
export async function guessUntilHeldUp(present: () => Promise<{ readonly code: string }>): Promise<void> {
  for (let guess = 0; guess < maxGuesses; guess++) if ((await present()).code === "RATE_LIMITED") return;
  throw new Error(`nobody was held up after ${maxGuesses} unknown keys`);
}
