/**
 * What is looked at stands in the address after `#`, which browsers send to nobody: a view can be kept as a bookmark, and "back" goes back. The
 * token never does.
 */
import { browserZone, isKnownZone, windows } from "./zone-time.mjs";

export function readAddress(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const name = given.get("window");
  const zone = given.get("zone");
  return {
    tenantId: given.get("tenant"),
    window: Object.hasOwn(windows, name ?? "") ? name : "24h",
    by: given.get("by") === "hour" ? "hour" : "day",
    zone: isKnownZone(zone) ? zone : browserZone(),
    keyId: given.get("key"),
  };
}

/** Leaves out what is so anyway. */
export function writeAddress({ tenantId, window, by, zone, keyId }) {
  const parts = new URLSearchParams();
  if (tenantId) parts.set("tenant", tenantId);
  if (window !== "24h") parts.set("window", window);
  if (window === "7d" && by === "hour") parts.set("by", by);
  if (zone !== browserZone()) parts.set("zone", zone);
  if (keyId) parts.set("key", keyId);
  return `#${parts}`;
}
