import { Keyplane, unwrap } from "@keyplane/sdk";
import { createTestKeyplane, type TestUsage } from "@keyplane/sdk/testing";
import { vi } from "vitest";
import { type TestServer, World } from "../testkit/index.js";

/** A call as a control plane has counted it. */
export type CountedCall = TestUsage;

/** A control plane of either kind: what differs between them is only how users and tenants are made and changed. */
export interface Plane {
  readonly client: Keyplane;
  readonly connection: Pick<ConstructorParameters<typeof Keyplane>[0], "url" | "token" | "fetch">;
  readonly tenantId: string;
  user(name: string): Promise<string>;
  disableUser(id: string): Promise<unknown>;
  enableUser(id: string): Promise<unknown>;
  deleteUser(id: string): Promise<unknown>;
  suspend(): Promise<unknown>;
  resume(): Promise<unknown>;
  advance(ms: number): void;
  inMs(ms: number): string;
  /** Everything that was counted of the tenant, when at least so many calls were. */
  usage(count: number): Promise<readonly CountedCall[]>;
}

/** A new tenant on a real server. */
export async function realPlane(server: TestServer): Promise<Plane> {
  const world = new World(server);
  const connection = { url: server.url, token: server.rootToken };
  const client = new Keyplane(connection);
  const { tenant } = unwrap(await client.tenants.create({ slug: world.unique(), name: "Tenant" }));
  const { id: tenantId } = tenant;
  return {
    client,
    connection,
    tenantId,
    user: async (name) => {
      const email = `${name.toLowerCase()}@${tenant.slug}.example`;
      return unwrap(await client.users.create({ tenantId, name, email })).user.id;
    },
    disableUser: (id) => client.users.disable({ id, reason: "left" }),
    enableUser: (id) => client.users.enable({ id }),
    deleteUser: (id) => client.users.delete({ id }),
    suspend: () => client.tenants.suspend({ id: tenantId, reason: "unpaid" }),
    resume: () => client.tenants.resume({ id: tenantId }),
    advance: (ms) => world.clock.advance(ms),
    inMs: (ms) => world.clock.in(ms),
    usage: async (count) => {
      const events: CountedCall[] = [];
      await vi.waitFor(async () => {
        events.length = 0;
        for await (const event of client.usage.events({ tenantId })) events.push(event);
        if (events.length < count) throw new Error(`only ${events.length} were counted`);
      }, 60_000);
      // The newest are first there, and when each was counted is the real one's own affair.
      return events.map((event) => ({ ...event, countedAt: undefined })).reverse();
    },
  };
}

/** A control plane in memory. */
export async function memoryPlane(): Promise<Plane> {
  const plane = createTestKeyplane();
  const { url, token, fetch } = plane;
  return {
    client: new Keyplane({ url, token, fetch }),
    connection: { url, token, fetch },
    tenantId: plane.tenantId,
    user: async (name) => plane.createUser({ name, email: `${name.toLowerCase()}@t-x.example` }).id,
    disableUser: async (id) => plane.disableUser(id, "left"),
    enableUser: async (id) => plane.enableUser(id),
    deleteUser: async (id) => plane.deleteUser(id),
    suspend: async () => plane.suspendTenant(plane.tenantId, "unpaid"),
    resume: async () => plane.resumeTenant(),
    advance: (ms) => plane.advanceTime(ms),
    inMs: (ms) => new Date(plane.now + ms).toISOString(),
    usage: async () => plane.usage.map((event) => ({ ...event, countedAt: undefined })),
  };
}

/** The same whatever the names and times are: ids are numbered in the order in which they are first met. */
export function normalizer(): (value: unknown) => unknown {
  const names = new Map<string, string>();
  const named = (text: string, kind: string): string => {
    if (!names.has(text)) names.set(text, `${kind}#${names.size}`);
    return names.get(text) ?? "";
  };
  return (value) =>
    JSON.parse(
      JSON.stringify(value, (field, item: unknown) => {
        if (field === "requestId" || field === "cursor" || field === "endCursor" || field === "eventId")
          return undefined;
        // The real one tells it a moment later; in memory nobody does.
        if (field === "lastUsedAt") return undefined;
        if (field === "latencyMs" && item !== null) return "some";
        if (typeof item === "number" && item > 1e12) return "<time>";
        const isObject = typeof item === "object" && item !== null && !Array.isArray(item);
        return isObject ? sorted(item) : item;
      })
        .replaceAll(/\b(kp_(?:live|test)_)[0-9A-Za-z]+/g, "$1…")
        .replaceAll(/\b(key|usr|ten|tok)_[0-9A-Za-z]{24}\b/g, (id, kind) => named(id, kind))
        .replaceAll(/\b[0-9a-f]{64}\b/g, (hash) => named(hash, "hash"))
        .replaceAll(/@t-[\w-]+\.example/g, "@tenant.example")
        // Each leads to its own pages.
        .replaceAll(/https?:\/\/[^/"]+\/docs\//g, "/docs/")
        .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, "<time>"),
    );
}

/** With its fields in the order of their names. */
function sorted(event: object): object {
  return Object.fromEntries(Object.entries(event).sort(([a], [b]) => (a < b ? -1 : 1)));
}
