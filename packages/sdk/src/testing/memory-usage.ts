import { parseKey } from "@keyplane/schema";
import type { UsageEventInput, VerifyKeyInput } from "../_generated/schema-types.js";
import type { UsageEvent, Verdict } from "../entities.js";
import type { MemoryPlane } from "./memory-plane.js";

/** A call that was counted. */
export type TestUsage = Omit<UsageEvent, "countedAt">;

type Recorded = Omit<UsageEventInput, "id" | "at">;

/** What was counted, each call once. */
export class MemoryUsage {
  readonly #plane: MemoryPlane;
  readonly #events = new Map<string, TestUsage>();

  constructor(plane: MemoryPlane) {
    this.#plane = plane;
  }

  /** By their ids, in the order in which they came. */
  get events(): ReadonlyMap<string, TestUsage> {
    return this.#events;
  }

  /** Takes a report, as `recordUsage` does. What has the form that the SDK sees to is not looked at again. */
  report(events: readonly UsageEventInput[]): Record<string, unknown> {
    const rejected: Record<string, unknown>[] = [];
    for (const [index, event] of events.entries()) {
      const { id, keyId, tenantId } = event;
      const isOfKey = keyId != null && !this.#isAt(keyId, tenantId);
      if (isOfKey || (tenantId != null && !this.#plane.tenant(tenantId))) {
        rejected.push({ index, eventId: id, code: "NOT_FOUND", message: unknownPlace });
      } else if (!this.#events.has(id)) {
        this.#add(id, event, event.at ?? new Date(this.#plane.now()).toISOString(), "SDK");
      }
    }
    return { __typename: "RecordUsagePayload", accepted: events.length - rejected.length, rejected };
  }

  /** Counts a verification that the control plane itself has answered. */
  verified(input: VerifyKeyInput, { code, key, tenantId, requestId }: Verdict): void {
    const { api, cost, tags, meters, ip, userAgent } = input;
    const { start } = parseKey(input.key);
    const event = { keyId: key?.id, tenantId, code, api, cost, tags, meters, ip, userAgent, start, latencyMs: 0 };
    this.#add(requestId, event as Recorded, new Date(this.#plane.now()).toISOString(), "SERVER");
  }

  #isAt(keyId: string, tenantId: string | null | undefined): boolean {
    const key = this.#plane.key(keyId);
    return key !== undefined && (tenantId == null || tenantId === key.state.tenantId);
  }

  #add(id: string, event: Recorded, at: string, source: "SDK" | "SERVER"): void {
    const key = this.#plane.key(event.keyId ?? "");
    const code = event.code ?? "VALID";
    const valid = code === "VALID";
    this.#events.set(id, {
      id,
      at: new Date(at).toISOString(),
      tenantId: key?.state.tenantId ?? event.tenantId ?? null,
      keyId: event.keyId ?? null,
      userId: key?.state.ownerId ?? null,
      code,
      valid,
      api: event.api ?? null,
      // A refused call costs nothing.
      cost: valid ? (event.cost ?? 1) : 0,
      tags: [...new Set(event.tags)].sort(),
      meters: valid ? [...(event.meters ?? [])] : [],
      latencyMs: event.latencyMs ?? null,
      ip: event.ip ?? null,
      userAgent: event.userAgent ?? null,
      start: event.start ?? null,
      source,
    });
  }
}

const unknownPlace =
  "No key or tenant with this id exists where you may look. Check keyId, tenantId and the token that you use.";
