import type { Environment, KeyRecord } from "@keyplane/schema";
import type { KeyEvent } from "../entities.js";

/** What a new key of the in-memory control plane is like. What is left out has a sensible value. */
export interface MemoryKeyOptions {
  /** Whose it is. Default: a user who is made with it. */
  readonly ownerId?: string | undefined;
  readonly name?: string | undefined;
  readonly environment?: Environment | undefined;
  readonly scopes?: readonly string[] | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  readonly allowedIps?: readonly string[] | undefined;
  readonly deniedIps?: readonly string[] | undefined;
  readonly expiresAt?: Date | null | undefined;
  /** Whether verifiers must ask the server each time, as for a key whose limits are counted there. Default: false. */
  readonly isServerDecided?: boolean | undefined;
}

/** A key and its secret, which only its maker has. */
export interface MemoryKey {
  readonly id: string;
  readonly secret: string;
  readonly ownerId: string;
  readonly tenantId: string;
}

/** A key as the plane keeps it. Times are epoch milliseconds. */
export interface StoredKey {
  readonly state: KeyRecord["key"];
  /** The newest last. */
  readonly secrets: readonly { readonly text: string; readonly state: KeyRecord["secret"] }[];
  readonly isServerDecided: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A user who is made with the plane. What is left out has a sensible value. */
export interface MemoryUserOptions {
  readonly id?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
  readonly externalId?: string | null | undefined;
}

/** An event at its place, counted from 1. */
export interface PlacedKeyEvent extends KeyEvent {
  readonly place: number;
}

/** Which records are asked for, as `POST /v1/verification-records` reads it. */
export interface RecordsAsked {
  readonly hashes?: readonly string[];
  readonly keyIds?: readonly string[];
  readonly tenantId?: string;
}
