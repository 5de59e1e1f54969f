import type { Verdict } from "../../entities.js";
import { safe, shown } from "../output/text.js";

/** A verdict for people. */
export function verdictLines(verdict: Omit<Verdict, "rateLimits" | "quota" | "api">): string[] {
  const { valid, code, message, hint, docsUrl, key, owner, missingScopes } = verdict;
  const lines = [`${valid ? "valid" : "refused"}  ${code}  ${safe(message)}`];
  if (hint !== null) lines.push(`Hint:    ${safe(hint)}`);
  if (key) lines.push(`Key:     ${safe(key.name)} (${key.id}), ${safe(key.start)}…`);
  if (owner) lines.push(`Owner:   ${safe(owner.name)} <${safe(owner.email)}> (${owner.id})`);
  if (missingScopes.length > 0) lines.push(`Lacks:   ${shown(missingScopes)}`);
  if (!valid) lines.push(`Read on: ${docsUrl}`);
  return lines;
}
