import {
  type AddressRules,
  type ApiGrantRecord,
  type ApiRecord,
  type Environment,
  effectiveScopes,
  type KeyRecord,
  type RotationOverdue,
  type ScopeBounds,
  type TenantStatus,
  type UserStatus,
} from "@keyplane/schema";

/** Whether only the server can decide, because limits are counted there: of one key, or of all of an owner or a tenant. */
interface Decided {
  readonly isServerDecided: boolean;
}

/** What a verifier must know of a tenant. */
export type TenantRecord = KeyRecord["tenant"] & Decided;

/** What a verifier must know of an owner. */
export type OwnerRecord = NonNullable<KeyRecord["owner"]> & Decided;

/** What a verifier must know of a key with all of its secrets, superseded ones included. */
export interface KeyLine extends Decided {
  readonly key: KeyRecord["key"];
  readonly secrets: readonly { readonly hash: string; readonly state: KeyRecord["secret"] }[];
}

/** What one line of records says. */
export type RecordLine =
  | { readonly type: "tenant"; readonly tenant: TenantRecord }
  | { readonly type: "owner"; readonly owner: OwnerRecord }
  | { readonly type: "key"; readonly line: KeyLine }
  | { readonly type: "end"; readonly keys: number };

/** This is no line of records. It comes from something that is no Keyplane server, or from a file that was changed. */
export class RecordLineError extends Error {}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads one line of `POST /v1/verification-records`, or of a snapshot on disk. What is left out is null, or an empty list.
 * Types of lines that this version does not know are answered with null: a newer server may have more.
 *
 * @throws RecordLineError
 */
export function parseRecordLine(text: string): RecordLine | null {
  let fields: Fields;
  try {
    fields = JSON.parse(text) as Fields;
  } catch {
    throw new RecordLineError("A line of records is not JSON.");
  }
  switch (fields["type"]) {
    case "key":
      return { type: "key", line: keyOf(fields) };
    case "owner":
      return { type: "owner", owner: ownerOf(fields) };
    case "tenant":
      return { type: "tenant", tenant: tenantOf(fields) };
    case "end":
      return { type: "end", keys: numberOf(fields, "keys") ?? 0 };
    default:
      return null;
  }
}

/** The line that says the same. */
export function formatRecordLine(line: RecordLine): string {
  switch (line.type) {
    case "key": {
      const { key: known, secrets, isServerDecided } = line.line;
      const { scopeBounds, ...key } = known;
      // As the server writes it: whoever does not know of bounds must not take the others for scopes that can be used.
      const bounded = scopeBounds && { scopes: key.scopes, ...scopeBounds };
      const scopes = effectiveScopes(known);
      const written = secrets.map(({ hash, state }) => withoutNothing({ hash, ...state }));
      return JSON.stringify({
        ...withoutNothing({ type: "key", ...key, scopes, bounded, decidedBy: deciderOf(isServerDecided) }),
        secrets: written,
      });
    }
    case "owner":
      return partyLine("owner", line.owner);
    case "tenant":
      return partyLine("tenant", line.tenant);
    case "end":
      return JSON.stringify(line);
  }
}

function partyLine(type: "owner" | "tenant", { isServerDecided, ...state }: OwnerRecord | TenantRecord): string {
  return JSON.stringify(withoutNothing({ type, ...state, decidedBy: deciderOf(isServerDecided) }));
}

function deciderOf(isServerDecided: boolean): "SERVER" | null {
  return isServerDecided ? "SERVER" : null;
}

/** Not deeper: in somebody's metadata, a null means what they meant by it. */
function withoutNothing(fields: Fields): Fields {
  const isSomething = (value: unknown): boolean => value !== null && !(Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => isSomething(value)));
}

function keyOf(fields: Fields): KeyLine {
  const { secrets, metadata } = fields;
  const bounded = boundedOf(fields);
  if (!Array.isArray(secrets)) throw new RecordLineError("A key has no secrets.");
  return {
    key: {
      id: textOf(fields, "id"),
      tenantId: textOf(fields, "tenantId"),
      ownerId: textOf(fields, "ownerId"),
      name: textOf(fields, "name"),
      environment: textOf(fields, "environment") as Environment,
      scopes: bounded ? bounded.scopes : textsOf(fields, "scopes"),
      scopeBounds: bounded === null ? null : bounded.scopeBounds,
      metadata: typeof metadata === "object" && metadata !== null ? (metadata as Record<string, unknown>) : {},
      allowedIps: textsOf(fields, "allowedIps"),
      deniedIps: textsOf(fields, "deniedIps"),
      ...(fields["grants"] == null ? {} : { grants: listOf(fields, "grants", grantOf) }),
      expiresAt: numberOf(fields, "expiresAt"),
      revokedAt: numberOf(fields, "revokedAt"),
      revokedReason: textOrNull(fields, "revokedReason"),
      disabledAt: numberOf(fields, "disabledAt"),
      disabledReason: textOrNull(fields, "disabledReason"),
      deletedAt: numberOf(fields, "deletedAt"),
      ...given(fields, "quarantinedAt"),
      ...given(fields, "issuedAt"),
      ...given(fields, "rotateEveryMs"),
      ...overdueOf(fields),
    },
    secrets: (secrets as Fields[]).map((secret) => ({
      hash: textOf(secret, "hash"),
      state: {
        start: textOf(secret, "start"),
        supersededAt: numberOf(secret, "supersededAt"),
        stopsAt: numberOf(secret, "stopsAt"),
      },
    })),
    isServerDecided: fields["decidedBy"] === "SERVER",
  };
}

/** What a key was given, and what bounds it, where its owner's role or its team allows not any scope. */
function boundedOf(fields: Fields): { scopes: readonly string[]; scopeBounds: ScopeBounds } | null {
  const bounded = fields["bounded"];
  if (bounded == null) return null;
  if (typeof bounded !== "object") throw new RecordLineError("What bounds a key is no object.");
  const of = bounded as Fields;
  return { scopes: textsOf(of, "scopes"), scopeBounds: { role: boundOf(of, "role"), team: boundOf(of, "team") } };
}

/** null allows any scope, an empty list none. */
function boundOf(fields: Fields, name: string): readonly string[] | null {
  return fields[name] == null ? null : textsOf(fields, name);
}

function ownerOf(fields: Fields): OwnerRecord {
  return {
    id: textOf(fields, "id"),
    tenantId: textOf(fields, "tenantId"),
    name: textOf(fields, "name"),
    email: textOf(fields, "email"),
    externalId: textOrNull(fields, "externalId"),
    status: textOf(fields, "status") as UserStatus,
    since: numberOf(fields, "since"),
    reason: textOrNull(fields, "reason"),
    isServerDecided: fields["decidedBy"] === "SERVER",
    ...addressRulesOf(fields),
  };
}

function tenantOf(fields: Fields): TenantRecord {
  return {
    id: textOf(fields, "id"),
    status: textOf(fields, "status") as TenantStatus,
    since: numberOf(fields, "since"),
    reason: textOrNull(fields, "reason"),
    isServerDecided: fields["decidedBy"] === "SERVER",
    ...addressRulesOf(fields),
    ...(fields["apis"] == null ? {} : { apis: listOf(fields, "apis", apiOf) }),
    ...given(fields, "rotateEveryMs"),
    ...overdueOf(fields),
  };
}

/** What happens to an overdue key, where something is said of it. */
function overdueOf(fields: Fields): { readonly rotationOverdue?: RotationOverdue } {
  if (fields["rotationOverdue"] == null) return {};
  return { rotationOverdue: textOf(fields, "rotationOverdue") as RotationOverdue };
}

/** Lists that are left out are left out here, too: nearly all owners and tenants have none. */
function addressRulesOf(fields: Fields): AddressRules {
  const { allowedIps, deniedIps } = fields;
  return {
    ...(allowedIps === undefined ? {} : { allowedIps: textsOf(fields, "allowedIps") }),
    ...(deniedIps === undefined ? {} : { deniedIps: textsOf(fields, "deniedIps") }),
  };
}

function apiOf(fields: Fields): ApiRecord {
  return {
    id: textOf(fields, "id"),
    slug: textOf(fields, "slug"),
    name: textOf(fields, "name"),
    isOpen: fields["isOpen"] === true,
    isDeleted: fields["isDeleted"] === true,
    ...(fields["isLimited"] === true ? { isLimited: true } : {}),
    versions: listOf(fields, "versions", (version) => ({
      name: textOf(version, "name"),
      deprecatedAt: numberOf(version, "deprecatedAt"),
      retiredAt: numberOf(version, "retiredAt"),
    })),
  };
}

/** A status that this version does not know gives no access. */
function grantOf(fields: Fields): ApiGrantRecord {
  return { apiId: textOf(fields, "apiId"), status: textOf(fields, "status") as ApiGrantRecord["status"] };
}

function listOf<Item>(fields: Fields, name: string, itemOf: (item: Fields) => Item): readonly Item[] {
  const value = fields[name];
  if (!Array.isArray(value) || !value.every((item) => typeof item === "object" && item !== null)) {
    throw new RecordLineError(`The ${name} of a record are no list.`);
  }
  return value.map((item) => itemOf(item as Fields));
}

/** A number that is left out is left out here, too: a server that knows nothing of it sends none. */
function given<Name extends string>(fields: Fields, name: Name): { readonly [Key in Name]?: number } {
  const value = numberOf(fields, name);
  return (value === null ? {} : { [name]: value }) as { readonly [Key in Name]?: number };
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new RecordLineError(`A record has no ${name}.`);
  return value;
}

function textOrNull(fields: Fields, name: string): string | null {
  return fields[name] == null ? null : textOf(fields, name);
}

/** A time that cannot be read must refuse the key, never let it live on: `decide` takes a NaN for reached. */
function numberOf(fields: Fields, name: string): number | null {
  const value = fields[name];
  if (value == null) return null;
  if (typeof value !== "number") throw new RecordLineError(`The ${name} of a record is no number.`);
  return value;
}

const none: readonly string[] = Object.freeze([]);

function textsOf(fields: Fields, name: string): readonly string[] {
  const value = fields[name];
  if (value === undefined) return none;
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    throw new RecordLineError(`The ${name} of a record are no list of texts.`);
  }
  return value;
}
