import { Keyplane } from "@keyplane/sdk";

const { KEYPLANE_URL: url = "http://127.0.0.1:4000", KEYPLANE_TOKEN: token = "" } = process.env;
const { TENANT: tenantId = "", MONTH: month = "2026-11", TIME_ZONE: timeZone = "Europe/Berlin" } = process.env;
const keyplane = new Keyplane({ url, token });

const from = startOfMonth(month, 0);
const to = startOfMonth(month, 1);
const report = await keyplane.usage.query({
  tenantId,
  from,
  to,
  timeZone,
  bucket: "TOTAL",
  groupBy: ["KEY"],
  orderBy: "COST_DESC",
  limit: 1_000,
  filter: { valid: true }, // refused calls cost nothing
});

const rows = [["key", "name", "calls", "cost"]];
for (const { group, totals } of report.series) {
  const key = group.keyId ? await keyplane.keys.get(group.keyId) : null;
  rows.push([group.keyId ?? "", key?.name ?? "", `${totals.count}`, `${totals.cost}`]);
}
rows.push(["total", "", `${report.totals.count}`, `${report.totals.cost}`]);

console.log(`${month} in ${timeZone}: ${from} to ${to}`);
const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
for (const row of rows) {
  const cells = row.map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)));
  console.log(cells.join("  "));
}
if (report.totalSeries > report.series.length) throw new Error("There are more than 1000 keys: narrow with a filter.");
if (report.completeUntil < to) console.log(`Calls after ${report.completeUntil} are not all counted yet.`);

/** When a month begins in the time zone, as an instant. */
function startOfMonth(text: string, later: number): string {
  const [year = 0, number = 1] = text.split("-").map(Number);
  const wanted = Date.UTC(year, number - 1 + later);
  let instant = wanted;
  // The second time with the offset of the night itself: clocks may change between it and the first guess.
  for (let pass = 0; pass < 2; pass++) instant = wanted - offsetAt(instant);
  return new Date(instant).toISOString();
}

/** How far the time zone's clocks are ahead of UTC at an instant, in milliseconds. */
function offsetAt(instant: number): number {
  const format = new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short", timeStyle: "medium" });
  return Date.parse(`${format.format(instant).replace(" ", "T")}Z`) - instant;
}
