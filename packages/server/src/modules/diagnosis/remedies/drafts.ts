import type { ExaminedCheck, VerdictCode } from "@keyplane/schema";
import type { Db, KeyFinding } from "../../../platform/database/index.js";
import { findGrantsOfKeys } from "../../apis/index.js";
import type { Principal } from "../../auth/index.js";
import type { DiagnoseKeyInput } from "../diagnosis.input.js";
import { findSuccessor, type Rows, takesSecrets } from "../diagnosis.store.js";
import type { Case } from "../examination.js";
import { outdatedDetails, overdueSince, stillHolds } from "../findings.js";
import type { Known } from "../known.js";
import type { Presented } from "../presented.js";
import { readRows } from "../reading.js";
import { readDeletedOwner } from "./deleted-owner.js";
import { keepBounds } from "./keep-bounds.js";
import { withPreconditions } from "./preconditions.js";
import { remediesFor } from "./remedies.js";
import type { Draft } from "./remedy.js";
import { renewal, worksOnWords } from "./renewal.js";
import { unwantedRemedies } from "./unwanted-remedies.js";

/** Whether what was found of a key is something that the tenant's policy does not want. */
const isUnwanted = ({ kind }: KeyFinding): boolean => kind === "IDLE" || kind === "NEVER_EXPIRES";

/** Whether what was found of a key means that others have its secret. */
const isInOtherHands = ({ kind }: KeyFinding): boolean => kind === "LEAKED" || kind === "SHARED";

/**
 * What mends the key that was meant, or else what a key that begins like it needs.
 *
 * @param known what the caller may know of the key: its open findings, and what Keyplane has last written of one that is quarantined.
 */
export async function draftsFor(
  db: Db,
  principal: Principal,
  { rows, circumstances }: Case,
  { format, similar, repaired }: Presented,
  checks: readonly ExaminedCheck[],
  input: DiagnoseKeyInput,
  now: number,
  known: Known,
): Promise<Draft[]> {
  // It mends what the verdict about the text says.
  const wrong = format?.ok !== false ? "NOT_FOUND" : format.problem === "checksum" ? "CHECKSUM_MISMATCH" : "MALFORMED";
  if (rows === null) {
    const [only, ...others] = input.start === undefined ? similar : [];
    return only && others.length === 0 && only.key.revokedAt === null
      ? [rotateMeant(await readRows(db, only), wrong, now)]
      : [];
  }
  const { scopes, environment, ip, owner, cost = 1 } = input;
  const { key } = rows;
  const { open, dangers, written } = known;
  const successor = rows.owner?.status === "ACTIVE" ? null : await findSuccessor(db, rows, principal.userId);
  const inOtherHands = open.filter(isInOtherHands);
  const { rotationWebhookId } = written ?? key;
  const isReceived = rotationWebhookId !== null && (await takesSecrets(db, key.tenantId, rotationWebhookId));
  const sick = keepBounds({
    rows,
    circumstances,
    checks,
    now,
    scopes,
    environment,
    ip,
    cost,
    successor,
    deleted: await readDeletedOwner(db, rows, now),
    written,
    inOtherHands,
    unwanted: open.filter((finding) => isUnwanted(finding) && stillHolds(finding, key, now)),
    dangers,
    grants: (await findGrantsOfKeys(db, [key.id])).filter(({ status }) => status === "GRANTED").length,
    receiverId: isReceived ? rotationWebhookId : null,
    isRotationDue: overdueSince(rows, now) !== null,
    bounding: null,
  });
  const drafts = remediesFor(sick);
  // Whoever has lost the right text needs a new one.
  if (repaired && drafts.length === 0) drafts.push(rotateMeant(rows, wrong, now));
  const outdated = outdatedDetails(rows.owner, owner);
  if (rows.owner && Object.keys(outdated).length > 0) {
    drafts.push({
      code: "VALID",
      mutation: "updateUser",
      input: { id: rows.owner.id, ...outdated },
      title: "Update the owner's details",
      effect: `Keyplane holds what your system does: ${Object.keys(outdated).join(", ")}. Verdicts carry it from now on.`,
    });
  }
  const ready = await withPreconditions(db, sick, drafts);
  return [...ready, ...unwantedRemedies(sick, ready)];
}

function rotateMeant(
  { key, tenant, secret: { start } }: Pick<Rows, "key" | "tenant" | "secret">,
  code: VerdictCode,
  now: number,
): Draft {
  const newest = start === key.start ? "" : ` That one was replaced: the key's newest begins with ${key.start}.`;
  const first = `First copy the key ${start}… again from where it is kept, whole and unchanged: then nothing has to change. Only if its secret is lost, or the copy is refused, too: the answer holds a new one, and the one that exists`;
  return {
    code,
    mutation: "rotateKey",
    title: `Copy the key “${key.name}” anew, or give it a new secret`,
    ...renewal(tenant, key, now, (overlapMs) => `${first} ${worksOnWords(overlapMs)}.${newest}`),
    scopes: key.scopes,
    ownerId: key.ownerId,
  };
}
