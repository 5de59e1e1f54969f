import type { Decision, DiagnosisFindingCode, KeyRepair } from "@keyplane/schema";
import type { Key } from "../../platform/database/index.js";
import type { OpenShared } from "../lifecycle/index.js";
import type { DiagnoseKeyInput } from "./diagnosis.input.js";
import type { Rows } from "./diagnosis.store.js";
import type { Presented } from "./presented.js";

/** Something that a diagnosis has found besides its checks. */
export interface Finding {
  readonly code: DiagnosisFindingCode;
  readonly message: string;
  /** The key that it is about, if it is another one than the diagnosis itself; else null. */
  readonly key: Key | null;
}

const repairWords: Readonly<Record<KeyRepair, (position: number | null) => string>> = {
  SURROUNDED: () => "Without what stands around or within the key",
  RECASED: () => "With prefix and environment in lower case",
  WRONG_CHARACTER: (position) => `With another character at position ${position} (counted from 0)`,
  MISSING_CHARACTER: (position) => `With a character more at position ${position} (counted from 0)`,
  SURPLUS_CHARACTER: (position) => `Without the character at position ${position} (counted from 0)`,
};

/** What is found about a text that is no key that the caller may see. */
export function findingsOfText(
  { repaired, similar }: Presented,
  repairedDecision: Decision | null,
  isStart: boolean,
): Finding[] {
  if (repaired) {
    const { by, secret } = repaired;
    const verdict =
      repairedDecision === null ? "" : ` Its verdict would be ${repairedDecision.code}: ${repairedDecision.message}`;
    const message = `${repairWords[by.repair](by.position)}, this is the key “${secret.key.name}” (${secret.start}…). Copy it again, alone and unchanged.${verdict}`;
    return [{ code: "KEY_TEXT_REPAIRED", message, key: secret.key }];
  }
  return similar.map(({ key, start }) =>
    isStart
      ? {
          code: "AMBIGUOUS_START",
          message: `Several keys begin like this: “${key.name}” (${key.id}) is one. Ask again with its id.`,
          key,
        }
      : {
          code: "SIMILAR_KEY",
          message: `The key “${key.name}” ${beginning(key, start)}: it may have been meant. Copy its whole secret again; if it is lost, rotate the key.`,
          key,
        },
  );
}

/** How a secret of a key begins, and how its newest does where that is another one. */
export function beginning(key: Key, start: string): string {
  return start === key.start
    ? `begins with ${start}`
    : `had a secret that begins with ${start} and was replaced (its newest begins with ${key.start})`;
}

/** What is found about a key that there is. */
export function findingsOfKey(rows: Rows | null, owner: DiagnoseKeyInput["owner"], at: number): Finding[] {
  if (rows === null) return [];
  const { supersededAt, stopsAt } = rows.secret;
  const findings: Finding[] = [];
  if (supersededAt !== null && stopsAt !== null && stopsAt.getTime() > at) {
    const message = `This secret was rotated away at ${supersededAt.toISOString()} and works until ${stopsAt.toISOString()} only. Deploy the new one before.`;
    findings.push({ code: "OLD_SECRET_IN_USE", message, key: null });
  }
  const differences = differencesOf(rows, owner);
  if (differences.length > 0) {
    const message = `Your system holds other details of the owner than Keyplane: ${differences.join("; ")}. Mend the one that is out of date.`;
    findings.push({ code: "OWNER_OUTDATED", message, key: null });
  }
  return findings;
}

/** The details that differ, in words. */
function differencesOf({ owner }: Rows, expected: DiagnoseKeyInput["owner"]): string[] {
  return Object.entries(outdatedDetails(owner, expected)).map(
    ([name, value]) => `${name} is “${value}” there and “${String(owner?.[name as "email"] ?? "")}” here`,
  );
}

/** What a caller's own system holds of an owner where that differs. */
export function outdatedDetails(
  owner: Rows["owner"],
  expected: DiagnoseKeyInput["owner"],
): { email?: string; name?: string; externalId?: string } {
  if (!owner || owner.status === "DELETED" || !expected) return {};
  const { email, name, externalId } = expected;
  return {
    ...(email !== undefined && email.trim().toLowerCase() !== owner.email ? { email } : {}),
    ...(name !== undefined && name.trim() !== owner.name ? { name } : {}),
    ...(externalId !== undefined && externalId !== owner.externalId ? { externalId } : {}),
  };
}

/** What is said of a key that counts as shared. */
export function sharedKey(shared: OpenShared | null): Finding[] {
  if (shared === null) return [];
  const { finding, words } = shared;
  const message = `The key ${words}, which is more than the tenant's lifecycle policy allows: somebody else may have it, too. Found at ${finding.firstAt.toISOString()}, and not resolved (${finding.id}).`;
  return [{ code: "KEY_SHARED", message, key: null }];
}

/** What is said where the state of then is not known for sure. */
export function incomplete(unsure: readonly string[]): Finding[] {
  if (unsure.length === 0) return [];
  const message = `What was kept of ${unsure.join(", ")} at that moment is not known for sure: audit records are missing. The verdict is of the nearest state that is known.`;
  return [{ code: "HISTORY_INCOMPLETE", message, key: null }];
}
