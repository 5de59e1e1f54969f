import { createId } from "@keyplane/schema";
import type { Transaction } from "../../platform/database/index.js";
import type { FindingKind, FindingOutcome } from "./finding-kinds.js";
import { countFound, insertFinding } from "./integrity.store.js";

/** How many findings of a run are kept; more are only counted. */
const maxFindings = 10_000;

/** What a check has found. */
export interface Finding {
  readonly kind: FindingKind;
  readonly outcome: FindingOutcome;
  /** In words for an operator. */
  readonly detail: string;
  readonly tenantId?: string | null;
  readonly keyId?: string | null;
  readonly userId?: string | null;
}

/** Keeps what was found, and counts it, in the transaction that deals with it. */
export type Note = (tx: Transaction, finding: Finding) => Promise<void>;

/** @param now when something is found. */
export function notesOf(runId: string, now: () => Date): Note {
  return async (tx, finding) => {
    const found = await countFound(tx, runId, finding.outcome);
    if (found > maxFindings) return;
    await insertFinding(tx, { ...finding, id: createId("IntegrityFinding"), runId, createdAt: now() });
  };
}
