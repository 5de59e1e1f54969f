import { randomUUID } from "node:crypto";
import { createId, type IdKind, type Role } from "@keyplane/schema";
import { hash } from "@node-rs/argon2";
import { Caller } from "./caller.js";
import { hour, type TestClock } from "./clock.js";
import type { TestServer } from "./server.js";

/** The password of everybody whom `world.signIn` signs in. */
export const testPassword = "quiet lantern over nine harbours";
let passwordHash: Promise<string> | undefined;

/** What a story is told with: every name in it is new, so that all stories can share one server. */
export class World {
  /** ADMIN of the whole installation. */
  readonly root: Caller;
  /** Nobody: a caller without a token. */
  readonly anonymous: Caller;

  constructor(readonly server: TestServer) {
    this.root = this.#callerOf(server.rootToken);
    this.anonymous = new Caller(server.url, null);
  }

  get url(): string {
    return this.server.url;
  }

  get clock(): TestClock {
    return this.server.clock;
  }

  /** A name that no other test has. */
  unique(prefix = "t"): string {
    return `${prefix}-${randomUUID().slice(0, 18)}`;
  }

  /** A well-formed id of something that does not exist. */
  missingId(kind: IdKind): string {
    return createId(kind);
  }

  /** A tenant and a caller who is its administrator. */
  async tenant(policy?: Record<string, unknown>) {
    const { tenant } = ok(
      await this.root.tenant("createTenant", { slug: this.unique(), name: "Tenant", ...(policy ? { policy } : {}) }),
    );
    return { tenant, admin: await this.caller("ADMIN", { tenantId: tenant.id }) };
  }

  /** A caller with a new management token. */
  async caller(role: Role, input: Record<string, unknown> = {}): Promise<Caller> {
    const { secret } = ok(await this.root.createToken({ name: this.unique("token"), role, ...input }));
    return this.#callerOf(secret);
  }

  async user(tenantId: string, input: Record<string, unknown> = {}) {
    const email = `${this.unique("user")}@example.com`;
    return ok(await this.root.user("createUser", { tenantId, email, name: "User", ...input })).user;
  }

  /** Gives a user a password, as if they had set it. The hash is made once: making it is slow on purpose. */
  async givePassword(userId: string): Promise<void> {
    passwordHash ??= hash(testPassword);
    const row = { userId, hash: await passwordHash, changedAt: new Date(this.clock.now()) };
    const { prisma } = this.server.keyplane.database;
    await prisma.userPassword.upsert({ where: { userId }, create: row, update: row });
  }

  /** A caller with a token that the story got by itself. */
  as(token: string): Caller {
    return this.#callerOf(token);
  }

  /** A user with a password, who signs in. */
  async signIn(user: { readonly id: string; readonly email: string }) {
    await this.givePassword(user.id);
    const signedIn = ok(await this.anonymous.account("signIn", { email: user.email, password: testPassword }));
    return { ...signedIn, caller: this.#callerOf(signedIn.accessToken) };
  }

  /** A custom role that may read unless `input` says otherwise. */
  async role(tenantId: string, input: Record<string, unknown> = {}) {
    const name = this.unique("role");
    const permissions = ["TENANTS_READ", "USERS_READ", "KEYS_READ"];
    return ok(await this.root.role("createRole", { tenantId, name, permissions, ...input })).role;
  }

  /** A team with these members. */
  async team(tenantId: string, memberIds: readonly string[] = [], input: Record<string, unknown> = {}) {
    const { team } = ok(await this.root.team("createTeam", { tenantId, name: this.unique("team"), ...input }));
    for (const userId of memberIds) ok(await this.root.team("addTeamMember", { teamId: team.id, userId }));
    return team;
  }

  /** A caller who acts for a user. */
  userCaller(user: { readonly id: string }, role: Role = "DEVELOPER", input: Record<string, unknown> = {}) {
    return this.caller(role, { userId: user.id, ...input });
  }

  async key(tenantId: string, ownerId: string, input: Record<string, unknown> = {}) {
    const { key, secret } = ok(await this.root.keySecret("createKey", { tenantId, ownerId, name: "Key", ...input }));
    return { key, secret: secret as string };
  }

  /** A tenant with an administrator, a user and its key: where most stories begin. */
  async tenantWithKey(options: { policy?: Record<string, unknown>; key?: Record<string, unknown> } = {}) {
    const { tenant, admin } = await this.tenant(options.policy);
    const owner = await this.user(tenant.id);
    const { key, secret } = await this.key(tenant.id, owner.id, options.key);
    return { tenant, admin, owner, key, secret };
  }

  /** Presents a key several times; `more` is what verifyKey takes besides it. @returns the last verdict. */
  async verify(secret: string, times = 1, more: Record<string, unknown> = {}) {
    // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is missing
    let verdict: any;
    for (let time = 0; time < times; time++) verdict = await this.root.verify(secret, more);
    return verdict;
  }

  /** What the server's metrics say, by name. */
  async metrics(): Promise<Map<string, number>> {
    const headers = { authorization: `Bearer ${this.server.rootToken}` };
    const text = await (await fetch(`${this.url}/metrics`, { headers })).text();
    const samples = new Map<string, number>();
    for (const [, sample = "", name = "", value] of text.matchAll(/^((\w+)(?:\{[^}]*\})?) (\S+)$/gm)) {
      for (const each of new Set([sample, name])) samples.set(each, (samples.get(each) ?? 0) + Number(value));
    }
    return samples;
  }

  /** Resolves when all that was used is counted, and tells whether that was so already. */
  async counted(): Promise<"at once" | "late"> {
    for (let round = 0; ; round++) {
      const metrics = await this.metrics();
      const of = (name: string) => metrics.get(`keyplane_usage_${name}_total`) ?? 0;
      if (of("recorded") <= of("counted") + of("duplicates")) return round === 0 ? "at once" : "late";
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #callerOf(token: string): Caller {
    return new Caller(this.url, token, () => this.counted());
  }

  /** A window for questions about usage, as long around the present as `ms`: `{ tenantId, from, to }`. */
  around(tenantId: string, ms = hour): { tenantId: string; from: string; to: string } {
    return { tenantId, from: this.clock.in(-ms), to: this.clock.in(ms) };
  }
}

/** The payload of a mutation that must succeed. */
export function ok<Result extends { __typename: string }>(result: Result): Result {
  if ("code" in result) throw new Error(`expected success, got ${JSON.stringify(result)}`);
  return result;
}
