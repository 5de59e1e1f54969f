import { isCidrOrAddress, matchesCidr, type VerdictCode } from "@keyplane/schema";
import type { Tenant } from "../../../platform/database/index.js";
import { scopeIssues } from "../../keys/index.js";
import { keyScopesOf } from "../../roles/index.js";
import type { Draft } from "./remedy.js";
import type { Sick } from "./sick.js";

/** Scopes that the key lacks, or that its owner's role or its team withholds. */
export function scopeRemedies({ rows: { key, tenant, role, team }, scopes = [] }: Sick): Draft[] {
  const code = "INSUFFICIENT_SCOPE";
  const drafts: Draft[] = [];
  const missing = scopes.filter((scope) => !key.scopes.includes(scope));
  const all = [...new Set([...key.scopes, ...missing])];
  if (missing.length > 0) {
    if (scopeIssues(tenant, missing).length > 0) drafts.push(allowScopes(tenant, scopes, code));
    drafts.push({
      code,
      mutation: "updateKey",
      input: { id: key.id, scopes: all },
      title: "Give the key the missing scopes",
      effect: `The key carries ${missing.join(", ")}, too.`,
      scopes: all,
    });
  }
  for (const [mutation, holder] of [
    ["updateRole", role],
    ["updateTeam", team],
  ] as const) {
    const bound = holder && keyScopesOf(holder);
    if (!holder || bound === null || scopes.every((scope) => bound.includes(scope))) continue;
    const withheld = scopes.filter((scope) => !bound.includes(scope));
    const keyScopes = [...new Set([...bound, ...withheld])];
    const whose = mutation === "updateRole" ? "all whose owners have this role" : "all of this team";
    drafts.push({
      code,
      mutation,
      input: { id: holder.id, keyScopes },
      title: `Let keys of the ${mutation === "updateRole" ? "role" : "team"} “${holder.name}” use the scopes`,
      effect: `Keys that carry ${withheld.join(", ")} can use them: ${whose}.`,
      scopes: keyScopes,
    });
  }
  return drafts;
}

/** Lets keys carry what a call asks for: all of it, however much of it a key carries already. */
export function allowScopes(tenant: Tenant, scopes: readonly string[], code: VerdictCode): Draft {
  const lacking = scopes.filter((scope) => !tenant.allowedScopes.includes(scope));
  return {
    code,
    mutation: "updateTenant",
    input: { id: tenant.id, policy: { allowedScopes: [...tenant.allowedScopes, ...lacking] } },
    title: "Allow the scopes in the tenant's policy",
    effect: `Keys of the tenant may carry ${lacking.join(", ")}, too. It gives them to none yet.`,
  };
}

/** Whose address lists there are, and what changes them. */
const addressLevels = [
  ["key", "updateKey"],
  ["owner", "updateUser"],
  ["tenant", "updateTenant"],
] as const;

/** Every list that keeps the address out. */
export function addressRemedies({ rows, ip }: Sick): Draft[] {
  if (!isOneAddress(ip)) return [];
  return addressLevels.flatMap(([level, mutation]) => {
    const holder = rows[level];
    if (!holder) return [];
    const { allowedIps, deniedIps, takenOff } = listsLetting(ip, holder);
    if (!allowedIps && !deniedIps) return [];
    const whose =
      level === "key" ? "The key" : level === "owner" ? "Every key of the owner" : "Every key of the tenant";
    return {
      code: "IP_NOT_ALLOWED",
      mutation,
      input: {
        id: holder.id,
        ...(allowedIps ? { allowedIps } : {}),
        ...(deniedIps ? { deniedIps } : {}),
      },
      title: `Let ${level === "key" ? "the key" : `keys of the ${level}`} be used from ${ip}`,
      effect: [
        ...(!allowedIps ? [] : [`${whose} can be used from ${ip}, too, as far as these lists go.`]),
        ...(!deniedIps ? [] : [`Taken off the deny list: ${takenOff.join(", ")}.`]),
      ].join(" "),
      ...(level === "key" ? { scopes: rows.key.scopes } : { givesAnyScope: true }),
    } satisfies Draft;
  });
}

/** Whether a call says from which address it comes, and it is one. */
export function isOneAddress(ip: string | undefined): ip is string {
  return ip !== undefined && isCidrOrAddress(ip) && !ip.includes("/");
}

/** The address lists that let an address in, each where it differs from what it is; and what is taken off the deny list for it. */
export function listsLetting(
  ip: string,
  { allowedIps, deniedIps }: { readonly allowedIps: readonly string[]; readonly deniedIps: readonly string[] },
) {
  const kept = deniedIps.filter((entry) => isCidrOrAddress(entry) && !matchesCidr(ip, [entry]));
  const isAllowed = allowedIps.length === 0 || matchesCidr(ip, allowedIps);
  return {
    allowedIps: isAllowed ? null : [...allowedIps, ip],
    deniedIps: kept.length === deniedIps.length ? null : kept,
    takenOff: deniedIps.filter((entry) => !kept.includes(entry)),
  };
}
