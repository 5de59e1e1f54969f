/** Numbers and texts as people read them. */

const whole = new Intl.NumberFormat("en");
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export function numberText(value) {
  return whole.format(value);
}

/** For places where many numbers stand in little room, e.g. an axis. */
export function shortNumber(value) {
  return Math.abs(value) < 10_000 ? whole.format(value) : short.format(value);
}

/** @param ms null: no call says how long it took. */
export function durationText(ms) {
  if (ms == null) return "–";
  if (ms >= 10_000) return `${whole.format(Math.round(ms / 100) / 10)} s`;
  return `${whole.format(ms < 10 ? Math.round(ms * 100) / 100 : Math.round(ms))} ms`;
}

/** A part of a whole. "< 1 %" and not "0 %", because something is there. */
export function shareText(part, all) {
  if (!all || !part) return "0 %";
  const percent = (part / all) * 100;
  if (percent < 1) return "< 1 %";
  return `${percent > 99 && percent < 100 ? "> 99" : Math.round(percent)} %`;
}

/**
 * How a number has changed against the window before.
 *
 * @param before null: not kept any more, or not known.
 */
export function changeText(now, before, show = numberText) {
  if (before == null || now == null) return "";
  if (before === 0) return now === 0 ? "as before" : "none before";
  // Thousands of per cent say nothing; they come from a window before in which hardly anything was.
  if (now >= 10 * before) return `▲ ${shortNumber(Math.round(now / before))} times ${show(before)}`;
  const percent = Math.round(((now - before) / before) * 100);
  if (percent === 0) return `as before (${show(before)})`;
  return `${percent > 0 ? "▲" : "▼"} ${numberText(Math.abs(percent))} % from ${show(before)}`;
}

/** "1 call", "2 calls". */
export function countText(count, one, many = `${one}s`) {
  return `${numberText(count)} ${count === 1 ? one : many}`;
}
