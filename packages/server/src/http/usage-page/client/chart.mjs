/** Bars of calls over time, stacked by outcome. One bar can be reached by Tab, the others from there by the arrow keys. */
import { byId, el, svg } from "./dom.mjs";
import { countText, shortNumber } from "./format.mjs";
import { bucketText, dayText, hourText, shortDayText } from "./zone-time.mjs";

const height = 260;
const margin = { top: 12, right: 8, bottom: 26, left: 48 };
/** Room for one label of the time axis, in pixels. */
const labelWidth = 62;

/** The largest number of the axis: one that people count in, at least the largest value. */
export function niceTop(largest) {
  if (largest <= 4) return 4;
  const step = 10 ** Math.floor(Math.log10(largest / 4));
  const factor = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10].find(
    (each) => Number.isInteger(each * step) && each * step * 4 >= largest,
  );
  return (factor ?? 10) * step * 4;
}

/**
 * Buckets with what is in each, outcomes in the registry's order.
 *
 * @param series { code, values } of each outcome that occurred.
 */
export function bucketsOf({ starts, to, series }) {
  return starts.map((start, at) => {
    const parts = series.flatMap(({ code, values }) => (values[at] > 0 ? [{ code, count: values[at] }] : []));
    const isLast = at === starts.length - 1;
    const count = parts.reduce((sum, part) => sum + part.count, 0);
    return { start, end: starts[at + 1] ?? to, isLast, parts, count };
  });
}

/** Draws anew, e.g. for other numbers or another width; the bar that has the focus keeps it. */
export function drawChart(host, { buckets, bucket, zone, outcomes }) {
  const focused = host.contains(document.activeElement) ? Number(document.activeElement.dataset?.at ?? -1) : -1;
  const width = Math.max(280, host.clientWidth);
  const innerWidth = width - margin.left - margin.right;
  const innerHeight = height - margin.top - margin.bottom;
  const top = niceTop(Math.max(...buckets.map(({ count }) => count)));
  const band = innerWidth / buckets.length;
  const y = (value) => margin.top + innerHeight * (1 - value / top);
  const x = (at) => margin.left + at * band;

  const tip = el("div", { class: "tip", "aria-hidden": "true", hidden: true });
  const bars = buckets.map((each, at) => {
    const label = describe(each, bucket, zone, outcomes);
    const own = { class: "bar", role: "img", "aria-label": label, "data-at": at, tabindex: "-1" };
    return svg(
      "g",
      {
        ...own,
        focus: () => showTip(at),
        blur: () => hideTip(),
        pointerenter: () => showTip(at),
        pointerleave: () => hideTip(),
      },
      // As high as the chart, so that a low bar is as easy to hit.
      svg("rect", { class: "hit", x: x(at), y: margin.top, width: band, height: innerHeight }),
      ...stack(each, x(at), band, y),
    );
  });

  let reachable = focused >= 0 && focused < bars.length ? focused : bars.length - 1;
  bars[reachable]?.setAttribute("tabindex", "0");
  const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
  const goTo = (event) => {
    if (event.key === "Escape") return hideTip();
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    bars[reachable].setAttribute("tabindex", "-1");
    reachable = Math.min(bars.length - 1, Math.max(0, reachable + step));
    bars[reachable].setAttribute("tabindex", "0");
    bars[reachable].focus();
  };

  function showTip(at) {
    tip.replaceChildren(...tipContent(buckets[at], bucket, zone, outcomes));
    tip.hidden = false;
    // Beside the bar, which it would cover.
    const right = x(at) + band + 8;
    const left = right + tip.offsetWidth <= width ? right : Math.max(0, x(at) - tip.offsetWidth - 8);
    // Through the object model, which the page's policy allows, and not as an attribute, which it does not.
    tip.style.left = `${left}px`;
    tip.style.top = `${margin.top}px`;
  }
  function hideTip() {
    tip.hidden = true;
  }

  const drawing = svg(
    "svg",
    {
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      role: "group",
      "aria-label": "Calls over time, a bar for each bucket. Arrow keys go from bar to bar.",
      keydown: goTo,
    },
    svg("defs", {}, ...outcomes.filter(({ striped }) => striped).map(stripes)),
    ...gridLines(top, y, width),
    ...timeLabels(buckets, bucket, zone, x, band),
    ...bars,
  );
  host.replaceChildren(drawing, tip);
  if (focused >= 0) bars[reachable]?.focus();
}

function stack({ parts }, left, band, y) {
  const gap = band > 6 ? Math.min(3, band * 0.15) : 0.5;
  let below = 0;
  let ceiling = y(0);
  return parts.map(({ code, count }) => {
    below += count;
    // One call among thousands is still seen.
    const top = Math.min(y(below), ceiling - 1);
    const rect = svg("rect", {
      class: `part fill-${code}`,
      "data-code": code,
      "data-count": count,
      x: left + gap,
      y: top,
      width: Math.max(1, band - 2 * gap),
      height: ceiling - top,
    });
    ceiling = top;
    return rect;
  });
}

function stripes({ code }) {
  return svg(
    "pattern",
    { id: `stripes-${code}`, width: "5", height: "5", patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
    svg("rect", { class: "paper", width: "5", height: "5" }),
    svg("rect", { class: `ink-${code}`, width: "3", height: "5" }),
  );
}

function gridLines(top, y, width) {
  return [0, 1, 2, 3, 4].flatMap((quarter) => {
    const value = (top / 4) * quarter;
    const line = {
      class: quarter === 0 ? "axis" : "grid",
      x1: margin.left,
      x2: width - margin.right,
      y1: y(value),
      y2: y(value),
    };
    const label = { class: "tick", x: margin.left - 8, y: y(value) + 4, "text-anchor": "end", "aria-hidden": "true" };
    return [svg("line", line), svg("text", label, shortNumber(value))];
  });
}

/** As many as there is room for; days where a chart of hours is longer than a day. */
function timeLabels(buckets, bucket, zone, x, band) {
  const days = bucket === "HOUR" && buckets.length > 30;
  const places = buckets
    .map((each, at) => ({ at, start: each.start }))
    .filter(({ at, start }) => !days || at === 0 || dayText(start, zone) !== dayText(buckets[at - 1].start, zone));
  const room = places.length > 1 ? (places[1].at - places[0].at || 1) * band : Infinity;
  const every = Math.max(1, Math.ceil(labelWidth / room));
  const words = bucket === "DAY" || days ? shortDayText : hourText;
  return places
    .filter((_, place) => place % every === 0)
    .map(({ at, start }) => {
      const middle = days ? x(at) + 2 : x(at) + band / 2;
      const anchor = days ? "start" : "middle";
      const label = { class: "tick", x: middle, y: height - 8, "text-anchor": anchor, "aria-hidden": "true" };
      return svg("text", label, words(start, zone));
    });
}

function describe(each, bucket, zone, outcomes) {
  const parts = each.parts.map(({ code, count }) => `${titleOf(code, outcomes)} ${shortNumber(count)}`);
  return [`${bucketText(each, bucket, zone)}: ${countText(each.count, "call")}`, ...parts].join(", ");
}

function tipContent(each, bucket, zone, outcomes) {
  const rows = each.parts.toReversed().map(({ code, count }) => {
    const sample = svg(
      "svg",
      { width: "10", height: "10" },
      svg("rect", { class: `fill-${code}`, width: "10", height: "10", rx: "2" }),
    );
    return el(
      "li",
      { class: "tip-item" },
      sample,
      el("span", {}, titleOf(code, outcomes)),
      el("b", {}, shortNumber(count)),
    );
  });
  return [
    el("strong", {}, bucketText(each, bucket, zone)),
    el("div", {}, countText(each.count, "call")),
    el("ul", { class: "tip-list" }, ...rows),
  ];
}

function titleOf(code, outcomes) {
  return outcomes.find((outcome) => outcome.code === code)?.title ?? code;
}

/** Draws when there is another width. */
export function watchWidth(draw) {
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (Math.abs(entry.contentRect.width - width) < 1) return;
    width = entry.contentRect.width;
    draw();
  }).observe(byId("chart"));
}
