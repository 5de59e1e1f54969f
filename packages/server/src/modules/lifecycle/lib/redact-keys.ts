import { keyPattern, startOf } from "@keyplane/schema";

/** Also within a word: what hides a secret must not depend on what stands around it. */
const keys = new RegExp(keyPattern.replaceAll("\\b", ""), "g");

/** A text with every key in it cut to what people may see: where a key was found, the key itself may stand, too. */
export function redactKeys(text: string): string {
  return text.replace(keys, (key) => `${startOf(key)}…`);
}
