/** What is counted at this moment: the last minute, a bar for each second, while somebody watches. */
import { byId, el, fill, show } from "./dom.mjs";
import { countText, numberText } from "./format.mjs";
import { answersOf } from "./server.mjs";

/** How many ticks are shown; one a second. */
const shownTicks = 60;

/** What is watched now; null: nothing. */
let watching = null;

/** Watches what `whose` names, or stops when that is watched already. @param onRefusal told why there is nothing to see. */
export async function toggleLive({ token, query, tenantId }, onRefusal) {
  if (watching) return stopLive();
  const own = new AbortController();
  watching = own;
  const ticks = [];
  showTicks(ticks);
  byId("live-toggle").textContent = "Stop";
  try {
    for await (const { usageLive: tick } of answersOf(token, query, { tenantId }, own.signal)) {
      ticks.push(tick);
      if (ticks.length > shownTicks) ticks.shift();
      if (watching === own) showTicks(ticks);
    }
  } catch (error) {
    if (watching === own) onRefusal(error);
  } finally {
    if (watching === own) stopLive();
  }
}

export function stopLive() {
  watching?.abort();
  watching = null;
  byId("live-toggle").textContent = "Watch";
  show("live-view", false);
  fill("live-ticks");
}

function showTicks(ticks) {
  show("live-view", true);
  const most = Math.max(1, ...ticks.map(({ count }) => count));
  fill("live-ticks", ...ticks.map(({ count, valid }) => bar(count, valid, most)));
  const [count, valid] = [sumOf(ticks, "count"), sumOf(ticks, "valid")];
  const last = ticks.at(-1);
  byId("live-words").textContent = last
    ? `${countText(last.count, "call")} in the last second. ${countText(count, "call")} since you watch, a minute at most: ${numberText(valid)} accepted, ${numberText(count - valid)} refused.`
    : "Waiting for the first second …";
}

const sumOf = (ticks, name) => ticks.reduce((sum, tick) => sum + tick[name], 0);

/** Heights are attributes of SVG's: the page's policy allows no styles in elements. */
function bar(count, valid, most) {
  const title = `${countText(count, "call")}, ${numberText(count - valid)} refused`;
  return el(
    "li",
    { class: "live-tick", title },
    el("progress", { class: valid < count ? "live-refused" : "", max: most, value: count, "aria-label": title }),
  );
}
