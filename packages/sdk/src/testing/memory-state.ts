import { createId, decide, docsPages, type Environment, type KeyRecord, parseKey } from "@keyplane/schema";
import type { KeyEvent, Verdict } from "../entities.js";
import { toGuardVerdict } from "../guard/guard-verdict.js";
import {
  formatRecordLine,
  type KeyLine,
  type OwnerRecord,
  type RecordLine,
  type TenantRecord,
} from "../guard/record-lines.js";
import { askedApiOf } from "../guard/request.js";
import type { PlacedKeyEvent, RecordsAsked, StoredKey } from "./memory-plane-types.js";
import { SecretHashes } from "./secret-hashes.js";

/** What the in-memory control plane holds, and what can be read of it: tenants, users, keys and the log of what happens to them. */
export class MemoryState {
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly events: PlacedKeyEvent[] = [];
  protected readonly tenants: Map<string, TenantRecord> = new Map<string, TenantRecord>();
  protected readonly users: Map<string, OwnerRecord> = new Map<string, OwnerRecord>();
  protected readonly keys: Map<string, StoredKey> = new Map<string, StoredKey>();
  /** To which key a secret belongs. */
  protected readonly bySecret: Map<string, string> = new Map<string, string>();
  protected readonly hashes: SecretHashes = new SecretHashes();
  readonly #listeners = new Set<() => void>();

  constructor(now: () => number) {
    this.now = now;
  }

  /** Calls back after each change. @returns stops it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  key(id: string): StoredKey | undefined {
    return this.keys.get(id);
  }

  user(id: string): OwnerRecord | undefined {
    return this.users.get(id);
  }

  tenant(id: string): TenantRecord | undefined {
    return this.tenants.get(id);
  }

  /** How many keys there are. */
  get size(): number {
    return this.keys.size;
  }

  /** What `decide` must know of a key's present secret; null when there is no such key. */
  recordOfKey(id: string): KeyRecord | null {
    return this.recordOf(this.keys.get(id)?.secrets.at(-1)?.text ?? "");
  }

  /** Whether a superseded secret stopped after a moment, up to now. Nobody is told of that. */
  hasStoppedSince(after: number): boolean {
    const now = this.now();
    const isStopped = (at: number | null): boolean => at !== null && at > after && at <= now;
    return [...this.keys.values()].some(({ secrets }) => secrets.some(({ state }) => isStopped(state.stopsAt)));
  }

  /** What `decide` must know of a presented key; null when there is none. */
  recordOf(presented: string): KeyRecord | null {
    const stored = this.keyWith(presented);
    const secret = stored?.secrets.find(({ text }) => text === presented);
    if (!stored || !secret) return null;
    const { state: key } = stored;
    return {
      secret: secret.state,
      key,
      owner: this.users.get(key.ownerId) ?? null,
      tenant: this.existingTenant(key.tenantId),
    };
  }

  /** The verdict on a presented key, as `verifyKey` answers it. */
  verify(input: {
    readonly key: string;
    readonly scopes?: readonly string[] | null | undefined;
    readonly environment?: Environment | null | undefined;
    readonly ip?: string | null | undefined;
    readonly api?: string | null | undefined;
  }): Verdict {
    const format = parseKey(input.key);
    const record = format.ok ? this.recordOf(input.key) : null;
    const asked = {
      scopes: input.scopes ?? undefined,
      environment: input.environment ?? undefined,
      ip: input.ip ?? undefined,
    };
    const now = this.now();
    const api = askedApiOf(record, input.api);
    const decision = decide(record, { format, ...asked, api }, now);
    const about = { requestId: createId("Request"), source: "server", ageMs: 0, docs: docsPages() } as const;
    const { source: _source, ageMs: _ageMs, ...verdict } = toGuardVerdict(decision, record, about, api && { api, now });
    return verdict;
  }

  /** The lines of an answer with records. */
  records({ hashes, keyIds, tenantId }: RecordsAsked): string[] {
    const chosen = new Set<StoredKey>();
    const add = (stored: StoredKey | undefined): void => void (stored && chosen.add(stored));
    if (hashes) for (const hash of hashes) add(this.keyWith(this.hashes.secretOf(hash)));
    else if (keyIds) for (const id of keyIds) add(this.keys.get(id));
    else for (const stored of this.keys.values()) if (!tenantId || stored.state.tenantId === tenantId) add(stored);
    const lines = new Set<string>();
    const write = (line: RecordLine): void => void lines.add(formatRecordLine(line));
    for (const { state, secrets, isServerDecided } of chosen) {
      write({ type: "tenant", tenant: this.existingTenant(state.tenantId) });
      const owner = this.users.get(state.ownerId);
      if (owner) write({ type: "owner", owner });
      const hashed = secrets.map(({ text, state }) => ({ hash: this.hashes.hashOf(text), state }));
      const line: KeyLine = { key: state, secrets: hashed, isServerDecided };
      write({ type: "key", line });
    }
    write({ type: "end", keys: chosen.size });
    return [...lines];
  }

  protected append(event: Pick<KeyEvent, "type" | "tenantId" | "keyId" | "userId" | "reason">): void {
    const place = this.events.length + 1;
    this.events.push({ ...event, cursor: `m${place}`, occurredAt: new Date(this.now()).toISOString(), place });
    for (const listener of this.#listeners) listener();
  }

  protected keyWith(secret: string | undefined): StoredKey | undefined {
    return this.keys.get(this.bySecret.get(secret ?? "") ?? "");
  }

  protected existingKey(id: string): StoredKey {
    return this.keys.get(id) ?? missing(id);
  }

  protected existingUser(id: string): OwnerRecord {
    return this.users.get(id) ?? missing(id);
  }

  protected existingTenant(id: string): TenantRecord {
    return this.tenants.get(id) ?? missing(id);
  }
}

function missing(id: string): never {
  throw new Error(`There is no ${id} in this control plane.`);
}
