import { type ErrorCode, type VerdictCode, verdictCodes } from "@keyplane/schema";
import { z } from "zod";
import type { Clock } from "../../platform/clock.js";
import { InvalidInputError } from "../../platform/errors.js";
import { idSchema } from "../../platform/validation.js";
import { authorize, canSee, type Principal } from "../auth/index.js";
import {
  addressOf,
  apiSchema,
  costSchema,
  eventIdSchema,
  holdsNoKey,
  ipSchema,
  metersOf,
  metersSchema,
  tagsOf,
  tagsSchema,
  usageLimits,
  userAgentSchema,
} from "./usage.input.js";
import { maxAheadMs, maxLatenessMs, type UsageEvent } from "./usage-event.js";

/** How many events are checked before other work gets its turn. */
const checkedAtOnce = 500;

const reportedEventSchema = z.object({
  id: eventIdSchema,
  at: z.date().nullish(),
  tenantId: idSchema.nullish(),
  keyId: idSchema.nullish(),
  code: z.enum(Object.keys(verdictCodes) as [VerdictCode, ...VerdictCode[]]).nullish(),
  api: apiSchema.nullish(),
  cost: costSchema.nullish(),
  tags: tagsSchema.nullish(),
  meters: metersSchema.nullish(),
  latencyMs: z
    .number()
    .min(0, "Give a latency of at least 0 milliseconds.")
    .max(86_400_000, "Give a latency of at most a day.")
    .nullish(),
  ip: ipSchema.nullish(),
  userAgent: userAgentSchema.nullish(),
  start: z
    .string()
    .regex(/^[A-Za-z0-9_]{1,24}$/, "Give only the visible start of a key, e.g. kp_live_3fQz; never the key.")
    .nullish(),
});

type ReportedEvent = z.output<typeof reportedEventSchema>;

/** To which tenant, user and team a key belongs. */
interface KeyPlace {
  readonly tenantId: string;
  readonly ownerId: string;
  readonly teamId: string | null;
}

/** An event that was not taken, and why. The others of its batch were. */
export interface RejectedEvent {
  readonly index: number;
  readonly id: string | null;
  readonly code: ErrorCode;
  readonly message: string;
}

export interface RecordedUsage {
  /** How many events were taken; those that were taken before are among them and change no count. */
  readonly accepted: number;
  readonly rejected: readonly RejectedEvent[];
}

/**
 * Whose keys are, by id; ids without a key are left out.
 *
 * @param isVisible whether the caller may know of a key: one that it may not must take as long as one that there is not.
 */
export type FindKeyOwners = (
  ids: ReadonlySet<string>,
  isVisible: (key: KeyPlace) => boolean,
) => Promise<ReadonlyMap<string, KeyPlace>>;

/** Which of these tenants exist. */
export type FindTenants = (ids: ReadonlySet<string>) => Promise<ReadonlySet<string>>;

export type RecordUsage = (
  principal: Principal,
  input: { readonly events: readonly unknown[] },
) => Promise<RecordedUsage>;

/**
 * Makes the function that takes reports of usage. What it has taken is on disk and is counted once, however often it is
 * sent. An event that cannot be taken is rejected alone, so that it cannot hold up the others for ever.
 *
 * @throws ForbiddenError without `usage:record`; InvalidInputError for too many events; LimitReachedError when there is no
 * room for them at the moment: send them again later.
 */
export function createRecordUsage(deps: {
  clock: Clock;
  findKeyOwners: FindKeyOwners;
  findTenants: FindTenants;
  recordAll: (events: readonly UsageEvent[]) => Promise<void>;
}): RecordUsage {
  const { clock, findKeyOwners, findTenants, recordAll } = deps;

  /** Whoever is confined to a tenant knows that there is this one; whether there are others is not looked up, which would take its time. */
  async function tenantsOf(principal: Principal, named: readonly string[]): Promise<ReadonlySet<string>> {
    return principal.tenantId === null ? findTenants(new Set(named)) : new Set([principal.tenantId]);
  }

  return async (principal, { events }) => {
    authorize(principal, "usage:record");
    if (events.length > usageLimits.eventsPerReport) {
      const message = `Send at most ${usageLimits.eventsPerReport} events at a time.`;
      throw new InvalidInputError([{ path: ["events"], message }]);
    }
    const now = clock.now();
    const rejected: RejectedEvent[] = [];
    const wellFormed: { readonly index: number; readonly event: ReportedEvent }[] = [];
    for (let index = 0; index < events.length; index++) {
      if (index % checkedAtOnce === checkedAtOnce - 1) await new Promise((resolve) => setImmediate(resolve));
      const parsed = reportedEventSchema.safeParse(events[index]);
      const problem = parsed.success ? timeProblem(parsed.data, now) : wordsOf(parsed.error);
      if (parsed.success && problem === null) wellFormed.push({ index, event: parsed.data });
      else rejected.push({ index, id: idOf(events[index]), code: "INVALID_INPUT", message: problem ?? "" });
    }
    const keyIds = new Set(wellFormed.flatMap(({ event }) => event.keyId ?? []));
    const owners = await findKeyOwners(keyIds, (key) => canSee(principal, key));
    const tenants = await tenantsOf(
      principal,
      wellFormed.flatMap(({ event }) => event.tenantId ?? []),
    );
    const taken: UsageEvent[] = [];
    for (const { index, event } of wellFormed) {
      const place = event.tenantId == null || tenants.has(event.tenantId) ? placeOf(principal, event, owners) : null;
      if (place) taken.push(toUsageEvent(event, place, now));
      else rejected.push({ index, id: event.id, code: "NOT_FOUND", message: unknownPlace });
    }
    await recordAll(taken);
    return { accepted: taken.length, rejected: rejected.sort((a, b) => a.index - b.index) };
  };
}

const unknownPlace =
  "No key or tenant with this id exists where you may look. Check keyId, tenantId and the token that you use.";

function timeProblem({ at }: ReportedEvent, now: number): string | null {
  if (!at) return null;
  if (at.getTime() < now - maxLatenessMs) return "at: This is more than 24 hours ago; usage must arrive within a day.";
  if (at.getTime() > now + maxAheadMs) return "at: This is more than 5 minutes ahead of the server's clock. Set yours.";
  return null;
}

function wordsOf(error: z.ZodError): string {
  return error.issues
    .map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message))
    .join(" ");
}

/** The id of an event that was refused, if it can be told: what holds a key is not handed back. */
function idOf(event: unknown): string | null {
  const id = typeof event === "object" && event !== null && "id" in event ? event.id : null;
  return typeof id === "string" && holdsNoKey(id) ? id.slice(0, usageLimits.eventIdCharacters) : null;
}

interface Place {
  readonly tenantId: string | undefined;
  readonly userId: string | undefined;
}

/** Whose usage an event is; null when the caller may not say so. */
function placeOf(
  principal: Principal,
  { keyId, tenantId }: ReportedEvent,
  owners: Awaited<ReturnType<FindKeyOwners>>,
): Place | null {
  if (keyId == null) {
    // An unknown key belongs to nobody; only the tenant where it was presented can be known.
    const place = tenantId ?? principal.tenantId ?? undefined;
    return principal.tenantId === null || place === principal.tenantId ? { tenantId: place, userId: undefined } : null;
  }
  const owner = owners.get(keyId);
  if (!owner || !canSee(principal, owner)) return null;
  return tenantId == null || tenantId === owner.tenantId ? { tenantId: owner.tenantId, userId: owner.ownerId } : null;
}

function toUsageEvent(event: ReportedEvent, { tenantId, userId }: Place, now: number): UsageEvent {
  const code = event.code ?? "VALID";
  return {
    id: event.id,
    at: event.at?.getTime() ?? now,
    tenantId,
    keyId: event.keyId ?? undefined,
    userId,
    code,
    api: event.api ?? undefined,
    // A refused call costs nothing.
    cost: code === "VALID" ? (event.cost ?? 1) : 0,
    tags: tagsOf(event.tags),
    meters: code === "VALID" ? metersOf(event.meters) : undefined,
    latencyMs: event.latencyMs ?? undefined,
    ip: addressOf(event.ip),
    userAgent: event.userAgent ?? undefined,
    start: event.start ?? undefined,
    source: "SDK",
  };
}
