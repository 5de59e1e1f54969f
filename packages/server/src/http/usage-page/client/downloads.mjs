/**
 * Links cannot send a token, so downloads are fetched. Reports are bounded and pass through memory; the call log may be of any length and is
 * written to disk while it comes, where the browser can (File System Access: Chromium, in secure contexts).
 */
import { byId, el, fill } from "./dom.mjs";
import { refusalOf, send } from "./server.mjs";

/** The exports that are offered. Add one here. */
const exports_ = [
  {
    title: "Calls by time and outcome",
    name: "usage",
    file: "usage-by-outcome",
    isReport: true,
    more: { groupBy: ["CODE"] },
  },
  { title: "Calls by time and key", name: "usage", file: "usage-by-key", isReport: true, more: { groupBy: ["KEY"] } },
  { title: "Every single call", name: "usage-events", file: "usage-events", isLong: true, more: {} },
  {
    title: "Refused attempts by cause and address",
    name: "invalid-attempts",
    file: "invalid-attempts",
    more: { groupBy: ["CODE", "IP"] },
  },
];

/** @param viewOf gives what is shown at the moment: { token, tenantId, from, to, bucket, zone, keyId }. */
export function showDownloads(viewOf) {
  const button = (each, format) => {
    const words = `${each.title} as ${format.toUpperCase()}`;
    const attributes = { type: "button", "data-focus": `${each.file}.${format}`, "aria-label": words };
    return el("button", { ...attributes, click: () => download(each, format, viewOf()) }, format.toUpperCase());
  };
  fill(
    "exports",
    ...exports_.map((each) =>
      el(
        "li",
        { class: "export" },
        el("span", { class: "export-title" }, each.title),
        button(each, "csv"),
        button(each, "ndjson"),
      ),
    ),
  );
}

async function download(each, format, view) {
  const say = (text) => {
    byId("export-state").textContent = text;
  };
  const fileName = `keyplane-${each.file}-${new Date(view.from).toISOString().slice(0, 10)}.${format}`;
  try {
    // Asked before anything is fetched: a browser opens the dialogue only right after a click.
    const file = each.isLong ? await window.showSaveFilePicker?.({ suggestedName: fileName }) : undefined;
    say(`Reading ${fileName} …`);
    const response = await send(`/export/${each.name}?${parametersOf(each, format, view)}`, view.token);
    if (!response.ok) throw await refusalOf(response);
    if (file) await response.body.pipeTo(await file.createWritable());
    else save(await response.blob(), fileName);
    say(`${fileName} is complete.`);
  } catch (error) {
    // Somebody closed the dialogue.
    if (error.name === "AbortError") return say("");
    say(`${fileName} is not complete: ${error.message}${error.code ? ` (${error.code})` : ""}`);
  }
}

function parametersOf({ more, isReport }, format, { tenantId, from, to, bucket, zone, keyId }) {
  const single = {
    tenantId,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    format,
    ...(isReport ? { bucket, timeZone: zone } : {}),
    ...(keyId ? { keyIds: keyId } : {}),
  };
  const parameters = new URLSearchParams(single);
  for (const [name, values] of Object.entries(more)) for (const value of values) parameters.append(name, value);
  return parameters;
}

function save(blob, fileName) {
  const url = URL.createObjectURL(blob);
  el("a", { href: url, download: fileName }).click();
  // The download has its own hold of the blob once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
