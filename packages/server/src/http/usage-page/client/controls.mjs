/** What somebody chooses with: tenant, window, buckets, time zone. */
import { byId, el, fill, show } from "./dom.mjs";
import { browserZone, knownZones } from "./zone-time.mjs";

/**
 * @param tenants the first page of those whom somebody may choose from; null: they may not list any.
 * @param isBound the token is of one tenant: there is nothing to choose.
 */
export function showTenants(tenants, isBound) {
  const nodes = tenants?.nodes ?? [];
  show("tenant-choice", nodes.length > 0);
  show("tenant-search-choice", Boolean(tenants?.pageInfo.hasNextPage) && !isBound);
  show("tenant-id-choice", !tenants && !isBound);
  fill("tenant", ...nodes.map(tenantOption));
  byId("tenant").disabled = isBound;
}

/** Puts what a search has found after the tenant that is shown. @returns the others. */
export function showFound(nodes, chosen) {
  const others = nodes.filter(({ id }) => id !== chosen);
  const kept = [...byId("tenant").options].filter(({ value }) => value === chosen);
  fill("tenant", ...kept, ...others.map(tenantOption));
  return others;
}

function tenantOption({ id, name, slug }) {
  return el("option", { value: id }, name === slug ? name : `${name} (${slug})`);
}

export function showZones() {
  const here = browserZone();
  fill("zone", ...knownZones().map((zone) => el("option", { value: zone }, zone === here ? `${zone} (here)` : zone)));
}

/** The controls say what the address says. */
export function syncControls({ tenantId, window, by, zone }) {
  for (const input of document.querySelectorAll("input[name=window]")) input.checked = input.value === window;
  for (const input of document.querySelectorAll("input[name=by]")) input.checked = input.value === by;
  show("by-choice", window === "7d");
  pick("zone", zone);
  pick("tenant", tenantId);
  byId("tenant-id").value = tenantId ?? "";
}

/** An address may name what the list lacks: a tenant beyond the first hundred, Asia/Kathmandu where the list has Asia/Katmandu. */
function pick(id, value) {
  if (!value) return;
  const list = byId(id);
  if (![...list.options].some((option) => option.value === value)) list.append(el("option", { value }, value));
  list.value = value;
}
