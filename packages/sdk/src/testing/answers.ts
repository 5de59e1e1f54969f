import { createId, type KeyStatus, permissions } from "@keyplane/schema";
import * as documents from "../_generated/documents.js";
import type * as Inputs from "../_generated/schema-types.js";
import type { Key, KeyDetails, KeyEvent } from "../entities.js";
import { Management } from "./management.js";
import type { MemoryKeyOptions, MemoryPlane, PlacedKeyEvent, StoredKey } from "./memory-plane.js";
import type { MemoryUsage } from "./memory-usage.js";
import { conflict, notFound, RefusedByPlane } from "./refusal.js";

/** Answers the data of one document. */
type Answer = (variables: never) => Record<string, unknown>;

/** A wrong argument of a query: refused as a whole. */
export class WrongArgumentError extends Error {}

/** Something that only a real server does: refused as a whole, so that no test passes on what would not happen. */
export class NotInMemoryError extends Error {}

/** How many events a page has at most. */
const pageSize = 100;

/** What the in-memory control plane answers to documents of the SDK, by their text. Add a document here. */
export function createAnswers(plane: MemoryPlane, usage: MemoryUsage): ReadonlyMap<string, Answer> {
  const management = new Management(plane);
  const viewerId = createId("ManagementToken");
  const once = createOnce();

  /** A mutation: its payload, or why it is refused. */
  const change =
    <Input>(name: string, act: (input: Input) => { id: string; secret?: string }): Answer =>
    ({ input }: { input: Input & { readonly idempotencyKey?: string | null } }) => {
      try {
        const { id, secret } = once(name, input, () => act(input));
        const key = shownKey(management.key(id), plane.now(), viewerId);
        const payload = `${name[0]?.toUpperCase()}${name.slice(1)}Payload`;
        return { [name]: { __typename: payload, key, ...(secret === undefined ? {} : { secret }) } };
      } catch (error) {
        if (!(error instanceof RefusedByPlane)) throw error;
        return { [name]: error.toData() };
      }
    };
  /** A change of one key for a reason. */
  const status = (name: "disableKey" | "enableKey" | "deleteKey" | "restoreKey"): Answer =>
    change<Inputs.DisableKeyInput>(name, ({ id, reason }) => {
      management[name](id, reason ?? null);
      return { id };
    });

  const answers: [string, Answer][] = [
    [
      documents.ViewerDocument,
      () => ({
        viewer: {
          id: viewerId,
          name: "In memory",
          role: "ADMIN",
          customRoleId: null,
          seesWholeTenant: true,
          permissions: Object.keys(permissions).map((name) => name.toUpperCase().replace(/\W/g, "_")),
          tenantId: null,
          userId: null,
          expiresAt: null,
        },
      }),
    ],
    [
      documents.VerifyKeyDocument,
      ({ input }: { input: Inputs.VerifyKeyInput }) => {
        const verdict = plane.verify(input);
        usage.verified(input, verdict);
        return { verifyKey: verdict };
      },
    ],
    [
      documents.RecordUsageDocument,
      ({ input }: { input: Inputs.RecordUsageInput }) => ({ recordUsage: usage.report(input.events) }),
    ],
    [
      documents.GetKeyDocument,
      ({ id }: { id: string }) => {
        const key = plane.key(id);
        return { key: key ? shownDetails(key, plane.now(), viewerId) : null };
      },
    ],
    [
      documents.CreateKeyDocument,
      change<Inputs.CreateKeyInput>("createKey", ({ tenantId, ownerId, ...input }) => {
        refuseTeam(input);
        refuseRotationPolicy(input);
        return management.createKey(tenantId, ownerId, optionsOf(input));
      }),
    ],
    [
      documents.UpdateKeyDocument,
      change<Inputs.UpdateKeyInput>("updateKey", ({ id, ...changes }) => {
        refuseTeam(changes);
        refuseRotationPolicy(changes);
        const never = changes.expiresAt === null ? { expiresAt: null } : {};
        management.updateKey(id, { ...optionsOf(changes), ...never });
        return { id };
      }),
    ],
    [
      documents.RotateKeyDocument,
      change<Inputs.RotateKeyInput>("rotateKey", ({ id, overlapMs, activateOnFirstUse }) => {
        if (activateOnFirstUse) throw new NotInMemoryError("secrets that wait for their first use");
        return management.rotateKey(id, overlapMs ?? 0);
      }),
    ],
    [
      documents.ReissueKeyDocument,
      change<Inputs.ReissueKeyInput>("reissueKey", ({ id, ownerId }) => management.reissueKey(id, ownerId)),
    ],
    [
      documents.RevokeKeyDocument,
      change<Inputs.RevokeKeyInput>("revokeKey", ({ id, reason }) => {
        management.revokeKey(id, reason);
        return { id };
      }),
    ],
    [documents.DisableKeyDocument, status("disableKey")],
    [documents.EnableKeyDocument, status("enableKey")],
    [documents.DeleteKeyDocument, status("deleteKey")],
    [documents.RestoreKeyDocument, status("restoreKey")],
    [documents.ListKeyEventsDocument, (variables: EventsAsked) => ({ keyEvents: eventPage(plane, variables) })],
  ];
  return new Map(answers);
}

/** There are no teams here. */
function refuseTeam({ teamId }: Pick<Inputs.UpdateKeyInput, "teamId">): void {
  if (teamId != null) throw notFound("team");
}

const rotationRules = ["rotateEveryMs", "rotationOverdue", "rotationOverlapMs"] as const;

/** Nor webhooks, nor days by which a key has to be rotated. */
function refuseRotationPolicy({
  rotationWebhookId,
  ...rules
}: Pick<Inputs.UpdateKeyInput, (typeof rotationRules)[number] | "rotationWebhookId">): void {
  if (rotationWebhookId != null) throw notFound("webhook");
  for (const name of rotationRules) if (rules[name] != null) throw new NotInMemoryError(name);
}

/** What is left out of an input, or null, is not given. */
function optionsOf(
  input: Omit<Inputs.UpdateKeyInput, "id"> & Pick<Inputs.CreateKeyInput, "environment">,
): MemoryKeyOptions {
  const { name, environment, scopes, metadata, allowedIps, deniedIps, expiresAt } = input;
  const date = expiresAt == null ? undefined : new Date(expiresAt);
  const given = { name, environment, scopes, metadata, allowedIps, deniedIps, expiresAt: date };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value != null)) as MemoryKeyOptions;
}

/** Who repeats an idempotencyKey gets the first answer. */
function createOnce() {
  const done = new Map<string, { readonly input: string; readonly outcome: { id: string; secret?: string } }>();
  return (
    operation: string,
    { idempotencyKey, ...input }: { readonly idempotencyKey?: string | null },
    act: () => { id: string; secret?: string },
  ): { id: string; secret?: string } => {
    if (idempotencyKey == null) return act();
    const name = `${operation} ${idempotencyKey}`;
    const known = done.get(name);
    const text = JSON.stringify(input);
    if (known && known.input !== text) {
      throw conflict(
        "This idempotencyKey was used with another input. Repeat the first input to get its answer, or use a new idempotencyKey.",
      );
    }
    const outcome = known?.outcome ?? act();
    done.set(name, { input: text, outcome });
    return outcome;
  };
}

/** A key as `keys.get` answers it: no secret waits for its first use in memory. */
export function shownDetails(key: StoredKey, now: number, by: string): KeyDetails {
  return { ...shownKey(key, now, by), pendingSecret: null };
}

/** A key as the API shows it. When it was last used is not kept. */
function shownKey({ state, secrets, createdAt, updatedAt }: StoredKey, now: number, by: string): Key {
  const time = (at: number | null | undefined): string | null => (at == null ? null : new Date(at).toISOString());
  const previous = secrets.at(-2)?.state;
  const {
    expiresAt,
    revokedAt,
    disabledAt,
    deletedAt,
    quarantinedAt,
    scopeBounds: _,
    grants: _grants,
    issuedAt: _issuedAt,
    ...rest
  } = state;
  return {
    ...rest,
    teamId: null,
    status: statusOf(state, now),
    start: secrets.at(-1)?.state.start ?? "",
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
    expiresAt: time(expiresAt),
    lastUsedAt: null,
    rotatedAt: time(previous?.supersededAt),
    rotateEveryMs: null,
    rotationOverdue: null,
    rotationOverlapMs: null,
    rotateBy: null,
    rotationWebhookId: null,
    previousSecretExpiresAt: time(previous?.stopsAt),
    disabledAt: time(disabledAt),
    revokedAt: time(revokedAt),
    revokedBy: revokedAt === null ? null : by,
    quarantinedAt: time(quarantinedAt),
    quarantinedReason: null,
    deletedAt: time(deletedAt),
  };
}

function statusOf({ revokedAt, expiresAt, quarantinedAt, disabledAt }: StoredKey["state"], now: number): KeyStatus {
  if (revokedAt !== null) return "REVOKED";
  if (expiresAt !== null && now >= expiresAt) return "EXPIRED";
  if (quarantinedAt != null) return "QUARANTINED";
  return disabledAt === null ? "ACTIVE" : "DISABLED";
}

interface EventsAsked {
  readonly tenantId?: string | null;
  readonly types?: readonly string[] | null;
  readonly keyIds?: readonly string[] | null;
  readonly first?: number | null;
  readonly after?: string | null;
  readonly counted: boolean;
}

function eventPage({ events }: MemoryPlane, { tenantId, types, keyIds, first, after, counted }: EventsAsked) {
  const place = after == null ? 0 : Number(/^m(\d+)$/.exec(after)?.[1] ?? Number.NaN);
  if (Number.isNaN(place))
    throw new WrongArgumentError("This cursor is not of this list. Leave after out to begin anew.");
  const fits = (event: PlacedKeyEvent): boolean =>
    (tenantId == null || event.tenantId === tenantId) &&
    (types == null || types.includes(event.type)) &&
    (keyIds == null || (event.keyId !== null && keyIds.includes(event.keyId)));
  const all = events.filter(fits);
  const rest = all.filter((event) => event.place > place);
  const nodes = rest.slice(0, Math.min(first ?? pageSize, pageSize)).map(shownEvent);
  return {
    ...(counted ? { totalCount: all.length } : {}),
    pageInfo: { endCursor: nodes.at(-1)?.cursor ?? null, hasNextPage: rest.length > nodes.length },
    nodes,
  };
}

/** An event as readers are told it. */
export function shownEvent({ place: _place, ...event }: PlacedKeyEvent): KeyEvent {
  return event;
}
