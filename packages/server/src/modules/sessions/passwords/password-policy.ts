import type { InputIssue } from "../../../platform/errors.js";
import { normalize } from "./password-hasher.js";

/** Characters, as Unicode code points. NIST SP 800-63B-4 asks for 15 where the password is all that is asked for. */
export const minPasswordLength = 15;
export const maxPasswordLength = 256;
/** No more of a password is estimated: the work grows with its square, and what begins strong is strong. */
const estimatedCharacters = 100;
/** On zxcvbn's scale of 0 to 4: 3 takes more than 10^8 guesses. */
const minScore = 3;

/** So many characters must be other than words that belong to the account. */
const minBeyondContext = 8;

/** How hard a password is to guess, and what would help. */
export interface PasswordStrength {
  /** 0: at once, 4: hardly ever. Less than 3 is refused. */
  readonly score: number;
  readonly warning: string | null;
  readonly suggestions: readonly string[];
}

type Estimate = (password: string, contextWords: readonly string[]) => PasswordStrength;

let estimator: Promise<Estimate> | undefined;

/** Made when first needed: the dictionaries take some megabytes, and most requests set no password. */
async function createEstimator(): Promise<Estimate> {
  const [{ ZxcvbnFactory }, common, english] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
    import("@zxcvbn-ts/language-en"),
  ]);
  const zxcvbn = new ZxcvbnFactory({
    translations: english.translations,
    graphs: common.adjacencyGraphs,
    dictionary: { ...common.dictionary, ...english.dictionary },
    maxLength: estimatedCharacters,
  });
  return (password, contextWords) => {
    const { score, feedback } = zxcvbn.check(password, [...contextWords]);
    return { score, warning: feedback.warning || null, suggestions: feedback.suggestions };
  };
}

/** How hard a password is to guess for somebody who knows the context. */
export async function passwordStrength(password: string, context: readonly string[]): Promise<PasswordStrength> {
  estimator ??= createEstimator();
  const estimate = await estimator;
  return estimate([...normalize(password)].slice(0, estimatedCharacters).join(""), contextWords(context));
}

/**
 * What is wrong with a new password, by NIST SP 800-63B-4, section 3.1.1.2: too short, or one that attackers try first, which are
 * common ones, sequences, and those made of words that belong to the account. No rule asks for digits or signs.
 *
 * @param context words that belong to the account: names, the e-mail address, the tenant.
 * @param path the field of the input.
 */
export async function passwordIssues(
  password: string,
  context: readonly string[],
  path: readonly string[],
): Promise<InputIssue[]> {
  // A sign that is many when normalized still is one that somebody typed.
  const length = Math.min([...password].length, [...normalize(password)].length);
  if (length < minPasswordLength) {
    const message = `Take at least ${minPasswordLength} characters; this has ${length}. Several words in a row are easy to keep in mind.`;
    return [{ path, message }];
  }
  if (beyondContext(password, context) < minBeyondContext) {
    const message = "Most of this are words that belong to your account, which are tried first. Take other words.";
    return [{ path, message }];
  }
  const { score, warning, suggestions } = await passwordStrength(password, context);
  if (score >= minScore) return [];
  const why = [warning, ...suggestions].filter(Boolean).map((text) => (/[.!?]$/.test(text ?? "") ? text : `${text}.`));
  const message = ["This is easy to guess.", ...why, "Take other words, or more of them."].join(" ");
  return [{ path, message }];
}

/** How many characters there are besides words that belong to the account: an estimate takes a row of them for a good password. */
function beyondContext(password: string, context: readonly string[]): number {
  const words = contextWords(context).sort((a, b) => b.length - a.length);
  const rest = words.reduce((text, word) => text.replaceAll(word, ""), normalize(password).toLowerCase());
  return [...rest].length;
}

/** The words of names and addresses, each by itself, too; and ours. */
function contextWords(context: readonly string[]): string[] {
  const words = context.flatMap((text) => [text, ...text.split(/[^\p{L}\p{N}]+/u)]);
  return [...new Set(["keyplane", ...words].map((word) => word.toLowerCase()).filter((word) => word.length >= 3))];
}
