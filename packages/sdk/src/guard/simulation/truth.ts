import { decide, type KeyRecord, parseKey } from "@keyplane/schema";
import type { MemoryKey, MemoryPlane } from "../../testing/memory-plane.js";

/** What a key's validity consists of: read at different moments, each is within the bound for itself. */
const partsOfValidity = ["key", "owner", "tenant"] as const;
type Part = (typeof partsOfValidity)[number];

/** From when on each part allowed the key, or refused it. */
type History = Record<Part, { readonly from: number; readonly allows: boolean }[]>;

/** What was true of each key, and when. */
export class Truth {
  readonly #plane: MemoryPlane;
  readonly #now: () => number;
  readonly #histories = new Map<MemoryKey, History>();
  /** The ids of keys that were refused at some time, whatever the call. */
  readonly #refused = new Set<string>();

  constructor(plane: MemoryPlane, now: () => number) {
    this.#plane = plane;
    this.#now = now;
  }

  add(key: MemoryKey): void {
    this.#histories.set(key, { key: [], owner: [], tenant: [] });
    this.note();
  }

  /** To be called after each change, and when a time may have come. */
  note(): void {
    for (const [key, history] of this.#histories) {
      const allows = this.#allowances(key.secret);
      for (const part of partsOfValidity) {
        if (history[part].at(-1)?.allows !== allows[part])
          history[part].push({ from: this.#now(), allows: allows[part] });
      }
      if (this.isRefused(key.id)) this.#refused.add(key.id);
    }
  }

  /** Whether nobody is accepted with the key's present secret. */
  isRefused(keyId: string): boolean {
    const record = this.#plane.recordOfKey(keyId) as KeyRecord;
    const format = { ok: true, prefix: "", environment: record.key.environment, start: "" } as const;
    return !decide(record, { format }, this.#plane.now()).valid;
  }

  wasEverRefused(keyId: string): boolean {
    return this.#refused.has(keyId);
  }

  /** Why a key must not be accepted now by whoever may be behind by so much; null: it may. */
  whyNotAcceptable(key: MemoryKey, behindMs: number): string | null {
    const history = this.#histories.get(key) as History;
    const now = this.#now();
    for (const part of partsOfValidity) {
      const changes = history[part];
      // Some stretch in which it was allowed must reach into the time that the guard may be behind.
      const reaches = changes.some(
        ({ allows }, index) => allows && (changes[index + 1]?.from ?? Number.POSITIVE_INFINITY) >= now - behindMs,
      );
      if (!reaches) return `${Math.round(now - (changes.at(-1)?.from ?? 0))} ms after its ${part} was refused`;
    }
    return null;
  }

  /** What each part of a key's validity says at this moment. */
  #allowances(secret: string): Record<Part, boolean> {
    const record = this.#plane.recordOf(secret) as KeyRecord;
    const { tenant, owner } = record;
    const alone: KeyRecord = {
      ...record,
      tenant: { ...tenant, status: "ACTIVE" },
      owner: owner && { ...owner, status: "ACTIVE" },
    };
    return {
      key: decide(alone, { format: parseKey(secret), scopes: ["read"] }, this.#plane.now()).valid,
      owner: owner?.status === "ACTIVE",
      tenant: tenant.status === "ACTIVE",
    };
  }
}
