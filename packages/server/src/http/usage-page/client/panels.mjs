/** What stands around the chart: totals, legend, tables. */
import { byId, el, fill, show, swatch, tableParts } from "./dom.mjs";
import { changeText, countText, durationText, numberText, shareText } from "./format.mjs";
import { bucketText, momentText } from "./zone-time.mjs";

export function showTotals({ totals, previousTotals: before }, words) {
  const card = (title, value, previous, text = numberText) =>
    el(
      "div",
      { class: "card" },
      el("dt", { class: "card-title" }, title),
      el("dd", { class: "card-value" }, text(value)),
      el("dd", { class: "change" }, changeText(value, previous, text)),
    );
  const metersBefore = new Map(before?.meters.map(({ name, value }) => [name, value]));
  fill(
    "totals",
    card("Calls", totals.count, before?.count),
    card("Accepted", totals.valid, before?.valid),
    card("Refused", totals.refused, before?.refused),
    card("Cost", totals.cost, before?.cost),
    card("Median latency", totals.latencyMs?.p50, before?.latencyMs?.p50, durationText),
    card("99 % within", totals.latencyMs?.p99, before?.latencyMs?.p99, durationText),
    ...totals.meters.map(({ name, value }) => card(name, value, before ? (metersBefore.get(name) ?? 0) : null)),
  );
  byId("compared").textContent = before
    ? `Compared with the ${words} before, as long as this window is now. Its last bucket is not over yet.`
    : `The ${words} before are no longer kept, so there is nothing to compare with.`;
}

export function showLegend(series, outcomes) {
  fill(
    "legend",
    ...series.map(({ code, total }) => {
      const { title, help } = outcomes.find((outcome) => outcome.code === code);
      return el(
        "li",
        { class: "legend-item", title: help, "data-code": code },
        swatch(code),
        el("span", {}, title),
        el("b", {}, numberText(total)),
      );
    }),
  );
}

/** The chart's numbers, latest first as people look for them. */
export function showNumbers(buckets, series, { bucket, zone, outcomes }) {
  const titles = series.map(({ code }) => outcomes.find((outcome) => outcome.code === code).title);
  const columns = [{ title: "Time" }, ...["Calls", ...titles].map((title) => ({ title, number: true }))];
  const rows = buckets
    .toReversed()
    .map((each) => [
      bucketText(each, bucket, zone),
      numberText(each.count),
      ...series.map(({ code }) => numberText(each.parts.find((part) => part.code === code)?.count ?? 0)),
    ]);
  const all = series.reduce((sum, { total }) => sum + total, 0);
  fill(
    "chart-table",
    ...tableParts(columns, rows, ["All", numberText(all), ...series.map(({ total }) => numberText(total))]),
  );
}

/** @param linkOf gives the address of a view of one key. */
export function showKeys({ series, totals, totalSeries }, chosen, linkOf) {
  const columns = [
    { title: "Key" },
    { title: "Calls", number: true },
    { title: "Refused", number: true },
    { title: "Share" },
  ];
  const rows = series.map(({ group, totals: own }) => [
    keyCell(group, chosen, linkOf),
    numberText(own.count),
    numberText(own.refused),
    shareBar(own.count, totals.count),
  ]);
  fill("keys", ...tableParts(columns, rows));
  const more = totalSeries - series.length;
  byId("keys-more").textContent = more > 0 ? `and ${countText(more, "more key")} with fewer calls` : "";
}

function keyCell({ keyId, key }, chosen, linkOf) {
  if (keyId === null) return el("span", { class: "muted" }, "No known key");
  const link = el(
    "a",
    {
      class: "key",
      href: linkOf(keyId),
      "data-focus": keyId,
      "data-key": keyId,
      "aria-current": keyId === chosen ? "true" : null,
    },
    key?.name || keyId,
  );
  return el("span", {}, link, key ? el("code", { class: "start" }, `${key.start}…`) : null);
}

function shareBar(part, all) {
  const bar = el("span", { class: "share-bar" });
  bar.style.inlineSize = `${all ? (part / all) * 100 : 0}%`;
  return el(
    "span",
    { class: "share" },
    el("span", { class: "share-room", "aria-hidden": "true" }, bar),
    shareText(part, all),
  );
}

/** @param report null: it was not asked for, because it costs much; the one that is shown stays. */
export function showRefused(report, refusal, { zone, outcomes }) {
  if (refusal) {
    fill("refused");
    byId("refused-more").textContent = `${refusal.message}${refusal.code ? ` (${refusal.code})` : ""}`;
    return;
  }
  if (!report) return;
  const columns = [{ title: "Cause" }, { title: "Address" }, { title: "Calls", number: true }, { title: "Last" }];
  const rows = report.series.map(({ group, count, lastAt }) => {
    const outcome = outcomes.find(({ code }) => code === group.code);
    const cause = el(
      "span",
      { class: "cause", title: outcome?.help },
      swatch(group.code),
      outcome?.title ?? group.code,
    );
    return [
      cause,
      group.ip ?? "not known",
      numberText(count),
      el("span", { class: "when" }, momentText(Date.parse(lastAt), zone)),
    ];
  });
  fill("refused", ...(rows.length > 0 ? tableParts(columns, rows) : []));
  const more = report.totalSeries - report.series.length;
  const words = more > 0 ? `and ${countText(more, "more pair")} of cause and address. ` : "";
  const until = momentText(Date.parse(report.completeUntil), zone);
  byId("refused-more").textContent =
    rows.length > 0 ? `${words}${countText(report.total, "refused call")} until ${until}.` : `None until ${until}.`;
}

/** The server's own words, its code, and where to read on. */
export function showProblem(refusal) {
  show("problem", Boolean(refusal));
  if (!refusal) return fill("problem");
  const docs = /^https?:\/\//.test(refusal.docsUrl ?? "") ? refusal.docsUrl : null;
  fill(
    "problem",
    el("p", {}, refusal.message),
    refusal.code
      ? el(
          "p",
          { class: "small" },
          el("code", {}, refusal.code),
          refusal.requestId ? ` · request ${refusal.requestId}` : null,
          docs ? " · " : null,
          docs ? el("a", { href: docs, rel: "noreferrer", target: "_blank" }, "What this means") : null,
        )
      : null,
  );
}

export function showEmpty(keyId, words) {
  show("empty", true);
  fill(
    "empty",
    ...(keyId
      ? [el("p", {}, `This key made no calls in these ${words}. Choose a longer window, or show all keys.`)]
      : [
          el("p", {}, `No calls in these ${words}.`),
          el(
            "p",
            {},
            "Calls appear here within seconds after a key was verified: run “VerifyKey” in the ",
            el("a", { href: "/graphql" }, "playground"),
            ", call keys.verify() of the SDK, or report what an application verified by itself with recordUsage.",
          ),
          el(
            "p",
            {},
            "If there were calls: look at a longer window, at another tenant, or whether KEYPLANE_RECORD_VERIFICATIONS is off.",
          ),
        ]),
  );
}
