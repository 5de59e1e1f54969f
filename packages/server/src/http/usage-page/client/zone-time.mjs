/** Instants (epoch milliseconds) as the clocks of a time zone show them. */

const minuteMs = 60_000;
const quarterMs = 15 * minuteMs;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const formats = new Map();

/** A format of Intl, made once: making one takes longer than all that it is used for. */
function formatOf(zone, options) {
  const name = `${zone} ${JSON.stringify(options)}`;
  if (!formats.has(name)) {
    formats.set(name, new Intl.DateTimeFormat("en-GB", { timeZone: zone, hourCycle: "h23", ...options }));
  }
  return formats.get(name);
}

const wallClock = {
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  second: "numeric",
};

/** How far the zone's clocks are ahead of UTC, in milliseconds. */
export function zoneOffset(at, zone) {
  const parts = Object.fromEntries(
    formatOf(zone, wallClock)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const shown = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
  return shown - Math.floor(at / 1000) * 1000;
}

/** The beginning of the zone's day that is `days` days before the one at `now`; its first moment where the clock skips midnight. */
export function dayStart(now, zone, days) {
  const local = Math.floor((now + zoneOffset(now, zone)) / dayMs) * dayMs - days * dayMs;
  // With the offset of either side of a change: the earlier one that has the date.
  const guesses = [local - zoneOffset(local - dayMs, zone), local - zoneOffset(local + dayMs, zone)];
  return Math.min(...guesses.filter((at) => at + zoneOffset(at, zone) >= local), Math.max(...guesses));
}

/** The beginning of the zone's hour at `now`: not that of UTC in Kathmandu or on Lord Howe Island. */
export function hourStart(now, zone) {
  const offset = zoneOffset(now, zone);
  const local = Math.floor((now + offset) / hourMs) * hourMs;
  // On Lord Howe Island the clock is set by half an hour, so the hour may have begun before with the other offset.
  return local - zoneOffset(local - offset, zone);
}

/** The windows by the name that the address has. */
export const windows = {
  "24h": { words: "24 hours", days: 1 },
  "7d": { words: "7 days", days: 7 },
  "30d": { words: "30 days", days: 30 },
};

/**
 * The window [from, to): full hours or days of the zone, of which the last one is not over yet. Until the next minute or, because older
 * minutes are not kept that long and the window before shall be known, the next quarter of an hour.
 */
export function windowAt(now, name, by, zone) {
  if (name === "24h") {
    return { from: hourStart(now, zone) - 23 * hourMs, to: nextMultiple(now, minuteMs), bucket: "HOUR" };
  }
  const from = dayStart(now, zone, windows[name].days - 1);
  return { from, to: nextMultiple(now, quarterMs), bucket: name === "7d" && by === "hour" ? "HOUR" : "DAY" };
}

function nextMultiple(at, step) {
  return (Math.floor(at / step) + 1) * step;
}

export function clockText(at, zone) {
  return formatOf(zone, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(at);
}

export function hourText(at, zone) {
  return formatOf(zone, { hour: "2-digit", minute: "2-digit" }).format(at);
}

/** "Sun 22 Nov". */
export function dayText(at, zone) {
  return formatOf(zone, { weekday: "short", day: "numeric", month: "short" }).format(at).replace(",", "");
}

/** "22 Nov". */
export function shortDayText(at, zone) {
  return formatOf(zone, { day: "numeric", month: "short" }).format(at);
}

/** "22 Nov, 12:03": when something was. */
export function momentText(at, zone) {
  return `${shortDayText(at, zone)}, ${hourText(at, zone)}`;
}

/** A bucket's time in words. @param isLast it is not over yet. */
export function bucketText({ start, end, isLast }, bucket, zone) {
  const day = dayText(start, zone);
  if (bucket === "DAY") return isLast ? `${day}, so far` : day;
  return `${day}, ${hourText(start, zone)} – ${isLast ? "now" : hourText(end, zone)}`;
}

export function browserZone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** All zones that the browser knows; UTC is one of them, though browsers leave it out. */
export function knownZones() {
  const zones = Intl.supportedValuesOf?.("timeZone") ?? [];
  return [...new Set([browserZone(), "UTC", ...zones])];
}

export function isKnownZone(zone) {
  try {
    return Boolean(zone) && Boolean(formatOf(zone, wallClock));
  } catch {
    // What an address names may be anything; the browser's zone is shown instead.
    return false;
  }
}
