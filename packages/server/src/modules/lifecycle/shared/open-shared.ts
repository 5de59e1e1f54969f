import type { Db, KeyFinding } from "../../../platform/database/index.js";
import type { SharedEvidence } from "../findings/finding-evidence.js";
import { placesInWords } from "./shared-mail.js";

/** That a key counts as shared, and nobody has resolved it. */
export interface OpenShared {
  readonly finding: KeyFinding;
  /** From how many places it was used, as the end of a sentence about it. */
  readonly words: string;
}

/** The finding SHARED of a key that was open at a moment; null when there was none. */
export async function findOpenShared(db: Db, keyId: string, at: Date): Promise<OpenShared | null> {
  const finding = await db.keyFinding.findFirst({
    where: { keyId, kind: "SHARED", firstAt: { lte: at }, OR: [{ resolvedAt: null }, { resolvedAt: { gt: at } }] },
    orderBy: [{ firstAt: "desc" }, { id: "asc" }],
  });
  if (!finding) return null;
  return { finding, words: placesInWords(finding.evidence as SharedEvidence) };
}
