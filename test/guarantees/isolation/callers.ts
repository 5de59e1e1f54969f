import { type Permission, permissions, permissionsOf, type Role, roles } from "@keyplane/schema";
import type { AnyField } from "../../testkit/any-call.js";
import { type Caller, minute, ok, type World } from "../../testkit/index.js";
import { everyHolder, type Someone } from "./holders.js";
import type { FullTenant } from "./story.js";

export type { Someone } from "./holders.js";

const roleNames = Object.keys(roles) as Role[];

function permissionsIn(role: Role, isConfined: boolean): ReadonlySet<Permission> {
  return new Set(permissionsOf(role).filter((each) => !isConfined || !permissions[each].installationOnly));
}

const tokenOf = ({ token }: Caller): string => token ?? "";

/**
 * Each role in a tenant, as a program and for a person, and on the whole installation; all whose permissions are others than a role's;
 * and all who are nobody.
 */
export async function everyone(world: World, { ids, secret }: FullTenant): Promise<Someone[]> {
  const tenantId = ids.Tenant;
  const known: Someone[] = [];
  for (const role of roleNames) {
    const person = await world.user(tenantId, { role });
    const [program, whole, forPerson] = await Promise.all([
      world.caller(role, { tenantId }),
      world.caller(role),
      world.caller(role, { tenantId, userId: person.id }),
    ]);
    const within = permissionsIn(role, true);
    const signedIn = await world.user(tenantId, { role });
    const { accessToken } = await world.signIn(signedIn);
    known.push({
      who: `a person who has signed in, ${role}`,
      token: accessToken,
      permissions: within,
      tenantId,
      userId: signedIn.id,
      hasSession: true,
      seesOnlyOwn: role !== "ADMIN",
    });
    known.push(
      { who: `a tenant's ${role}`, token: tokenOf(program), permissions: within, tenantId, userId: null },
      {
        who: `a person, ${role}`,
        token: tokenOf(forPerson),
        permissions: within,
        tenantId,
        userId: person.id,
        seesOnlyOwn: role !== "ADMIN",
      },
      {
        who: `the installation's ${role}`,
        token: tokenOf(whole),
        permissions: permissionsIn(role, false),
        tenantId: null,
        userId: null,
      },
    );
  }
  // A token never does more than its user may.
  const guest = await world.user(tenantId, { role: "ADMIN" });
  const above = await world.caller("ADMIN", { tenantId, userId: guest.id });
  ok(await world.root.user("updateUser", { id: guest.id, role: "GUEST" }));
  known.push({
    who: "ADMIN's token of a GUEST",
    token: tokenOf(above),
    permissions: permissionsIn("GUEST", true),
    tenantId,
    userId: guest.id,
    seesOnlyOwn: true,
  });
  // First, because they move the clock.
  const nobodies = await everyNobody(world, secret);
  return [...known, ...(await everyHolder(world, tenantId)), ...nobodies];
}

/** Everybody whose token opens nothing. */
async function everyNobody(world: World, secret: string): Promise<Someone[]> {
  const create = async (input: Record<string, unknown>) =>
    ok(await world.root.createToken({ name: "token", role: "ADMIN", ...input }));
  const revoked = await create({});
  ok(await world.root.revokeToken({ id: revoked.managementToken.id }));
  const expired = await create({ expiresAt: world.clock.in(minute) });
  world.clock.advance(minute);
  const { tenant: suspended } = await world.tenant();
  const ofSuspended = await create({ tenantId: suspended.id });
  ok(await world.root.tenant("suspendTenant", { id: suspended.id }));
  const { tenant } = await world.tenant();
  const [disabled, deleted] = [
    await world.user(tenant.id, { role: "ADMIN" }),
    await world.user(tenant.id, { role: "ADMIN" }),
  ];
  const [ofDisabled, ofDeleted] = [await create({ userId: disabled.id }), await create({ userId: deleted.id })];
  ok(await world.root.user("disableUser", { id: disabled.id }));
  ok(await world.root.user("deleteUser", { id: deleted.id }));
  const root = tokenOf(world.root);
  const tokens: Record<string, string | null> = {
    "nobody, without a token": null,
    "nobody, with an empty one": "",
    "nobody, with an unknown one": "keyplane_live_0000000000000000000000000000000000000000000000000",
    "nobody, with an API key": secret,
    "nobody, with a token in another case": root.toUpperCase(),
    "nobody, with a token and more": `${root}x`,
    "nobody, with two tokens": `${root}, Bearer ${root}`,
    "nobody, with a revoked token": revoked.secret,
    "nobody, with an expired token": expired.secret,
    "nobody, of a suspended tenant": ofSuspended.secret,
    "nobody, for a disabled user": ofDisabled.secret,
    "nobody, for a deleted user": ofDeleted.secret,
  };
  return Object.entries(tokens).map(([who, token]) => ({ who, token, permissions: null }));
}

/** What a field declares that its caller must have; written by the same option that enforces it. */
export function accessOf({ field }: AnyField): unknown {
  return field.extensions["access"];
}

/** What makes things that are the whole tenant's: who sees only their own may not, whatever their role says. */
const ofWholeTenant: readonly string[] = [
  "Mutation.createOAuthClient",
  "Mutation.createTrustedIssuer",
  "Mutation.createManagementToken",
  "Mutation.createWebhook",
];

/** Whether a declared access lets somebody in. */
export function mayCall(name: string, access: unknown, someone: Someone): boolean {
  const { permissions: held, token, hasSession, seesOnlyOwn } = someone;
  if (seesOnlyOwn && ofWholeTenant.includes(name)) return false;
  // A token that opens nothing is told of, whatever is asked with it.
  if (access === "anyone") return held !== null || token === null;
  if (held === null) return false;
  if (access === "known") return true;
  if (access === "session") return hasSession === true;
  if (typeof access === "object" && access !== null && "ownSessionOr" in access) {
    return hasSession === true || held.has(access.ownSessionOr as Permission);
  }
  if (typeof access === "object" && access !== null && "permission" in access) {
    // One that does only for the caller's own does not for what everybody is asked about here, which is nobody's.
    return held.has(access.permission as Permission);
  }
  throw new Error(
    `${name} declares the access ${JSON.stringify(access)}: say in mayCall whom that lets in, so that it is tested`,
  );
}
