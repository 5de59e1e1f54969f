import { isCidrOrAddress, matchesCidr } from "@keyplane/schema";
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
    if (scopeIssues(tenant, missing).length > 0) {
      const allowedScopes = [...new Set([...tenant.allowedScopes, ...missing])];
      drafts.push({
        code,
        mutation: "updateTenant",
        input: { id: tenant.id, policy: { allowedScopes } },
        title: "Allow the scopes in the tenant's policy",
        effect: `Keys of the tenant may carry ${missing.join(", ")}, too. It gives them to none yet.`,
      });
    }
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

/** Whose address lists there are, and what changes them. */
const addressLevels = [
  ["key", "updateKey"],
  ["owner", "updateUser"],
  ["tenant", "updateTenant"],
] as const;

/** Every list that keeps the address out. */
export function addressRemedies({ rows, ip }: Sick): Draft[] {
  if (ip === undefined || !isCidrOrAddress(ip) || ip.includes("/")) return [];
  return addressLevels.flatMap(([level, mutation]) => {
    const holder = rows[level];
    if (!holder) return [];
    const deniedIps = holder.deniedIps.filter((entry) => isCidrOrAddress(entry) && !matchesCidr(ip, [entry]));
    const takenOff = holder.deniedIps.filter((entry) => !deniedIps.includes(entry));
    const isAllowed = holder.allowedIps.length === 0 || matchesCidr(ip, holder.allowedIps);
    if (isAllowed && takenOff.length === 0) return [];
    const whose =
      level === "key" ? "The key" : level === "owner" ? "Every key of the owner" : "Every key of the tenant";
    return {
      code: "IP_NOT_ALLOWED",
      mutation,
      input: {
        id: holder.id,
        ...(isAllowed ? {} : { allowedIps: [...holder.allowedIps, ip] }),
        ...(takenOff.length === 0 ? {} : { deniedIps }),
      },
      title: `Let ${level === "key" ? "the key" : `keys of the ${level}`} be used from ${ip}`,
      effect: [
        ...(isAllowed ? [] : [`${whose} can be used from ${ip}, too, as far as these lists go.`]),
        ...(takenOff.length === 0 ? [] : [`Taken off the deny list: ${takenOff.join(", ")}.`]),
      ].join(" "),
      ...(level === "key" ? { scopes: rows.key.scopes } : { givesAnyScope: true }),
    } satisfies Draft;
  });
}
