import { askedApi, type KeyRecord } from "@keyplane/schema";
import type { OwnerRecord, TenantRecord } from "./record-lines.js";

/** When an answer's request was sent, and in which epoch. */
export interface Reading {
  readonly sentAt: number;
  readonly epoch: number;
}

/** An owner or a tenant, shared by all keys of theirs. */
export interface HeldParty<Record> {
  state: Record;
  /** When the request was sent whose answer this is, by the guard's clock. */
  readAt: number;
  /** As of when this was true, where something is known to have changed since; Infinity otherwise. */
  asOfChange: number;
  /** How many keys are theirs. */
  keys: number;
}

/** A key in memory. */
export interface HeldKey {
  state: KeyRecord["key"];
  owner: HeldParty<OwnerRecord> | null;
  tenant: HeldParty<TenantRecord>;
  secrets: readonly HeldSecret[];
  readAt: number;
  epoch: number;
  asOfChange: number;
  isServerDecided: boolean;
  granted: Granted;
}

/**
 * Whether only the server can decide about a key: because of limits of its own, of its owner, of its tenant, or of the API that the
 * call asks for.
 */
export function isServerDecided({ isServerDecided: ofKey, owner, tenant }: HeldKey, api?: string): boolean {
  if (ofKey || tenant.state.isServerDecided || owner?.state.isServerDecided) return true;
  return api !== undefined && (askedApi(tenant.state.apis ?? [], [], api)?.isLimited ?? false);
}

/** A secret in memory: what a presented key's hash leads to. */
export interface HeldSecret {
  /** In hexadecimal. */
  readonly hash: string;
  readonly state: KeyRecord["secret"];
  readonly key: HeldKey;
  /** Whether it was used since somebody last looked for a key to forget. */
  isUsed: boolean;
}

/** What a verdict says of every key of a tenant that can use the same scopes: one object for all of them, so that it is near. */
export interface Granted {
  readonly tenantId: string;
  readonly scopes: readonly string[];
  /** Its number among those that are shared; null: it is not. */
  readonly number: number | null;
}
