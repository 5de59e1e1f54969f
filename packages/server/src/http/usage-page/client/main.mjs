/* global page, createPageSession -- what the server puts before this script: { queries, outcomes }, and session/page-session.mjs */
/** What happens when: signing in, choosing, reading, refreshing. */
import { readAddress, writeAddress } from "./address.mjs";
import { bucketsOf, drawChart, watchWidth } from "./chart.mjs";
import { showFound, showTenants, showZones, syncControls } from "./controls.mjs";
import { byId, el, fill, show } from "./dom.mjs";
import { showDownloads } from "./downloads.mjs";
import { stopLive, toggleLive } from "./live.mjs";
import { showEmpty, showKeys, showLegend, showNumbers, showProblem, showRefused, showTotals } from "./panels.mjs";
import { ask } from "./server.mjs";
import { clockText, windowAt, windows } from "./zone-time.mjs";

/** The playground's, so that both pages of a tab know one token. */
const session = createPageSession((...asked) => fetch(...asked));
const refreshMs = 60_000;
/** How long after that when the server was still counting what it had taken. */
const refreshBehindMs = 10_000;
/** How far counting may be behind without a word, in milliseconds: the server tells its time in full seconds. */
const behindMs = 3_000;

const { queries, outcomes } = page;

/** Who is signed in; null: nobody. */
let viewer = null;
/** The last answer with the view that it is of; null: nothing is shown. */
let shown = null;
/** What is being read; only the newest one is shown. */
let reading = null;
let readAt = 0;

const token = () => session.token();
/** As `ask`, with the token as it is now: that of a session is renewed in time. */
const askNow = async (...asked) => ask(await session.freshToken(), ...asked);
const view = () => {
  const address = readAddress(location.hash);
  return { ...address, tenantId: viewer?.tenantId ?? address.tenantId };
};
const linkTo = (change) => writeAddress({ ...view(), ...change });
const may = (permission) => viewer.permissions.includes(permission);

function say(text, isWrong = false) {
  byId("token-state").textContent = text;
  byId("token-state").className = isWrong ? "wrong" : "";
}

// --- Signing in -----------------------------------------------------------------------------------------------------------

async function signIn() {
  leave();
  if (!token()) return say("Enter a token to begin, or sign in.");
  say("Signing in …");
  const own = await session.freshToken().catch(token);
  try {
    const found = await whoIs(own);
    // Somebody else has entered a token meanwhile.
    if (own !== token()) return;
    viewer = found.viewer;
    showTenants(found.tenants, viewer.tenantId !== null);
    say(`Signed in as ${viewer.name} (${viewer.role})`);
    show("view", true);
    if (!view().tenantId && found.tenants?.nodes[0])
      history.replaceState(null, "", linkTo({ tenantId: found.tenants.nodes[0].id }));
    await read();
  } catch (error) {
    if (own === token()) refuseEntry(error);
  }
}

function refuseEntry(error) {
  leave();
  say("Not signed in.", true);
  showProblem(error);
}

/** Nothing of whoever was here before stays on the page. */
function leave() {
  reading?.abort();
  viewer = null;
  forgetReport();
  showProblem(null);
  fill("tenant");
  for (const id of ["view", "empty", "loading", "only"]) show(id, false);
  show("welcome", !token());
  show("forget", Boolean(token()));
  show("sign-in", !session.isSession());
}

function forgetReport() {
  shown = null;
  stopLive();
  show("report", false);
  byId("counted").textContent = "";
  byId("chart").replaceChildren();
  for (const id of ["totals", "legend", "chart-table", "keys", "refused"]) fill(id);
  for (const id of ["compared", "keys-more", "refused-more", "export-state"]) byId(id).textContent = "";
}

async function whoIs(secret) {
  try {
    return await ask(secret, queries.who, {});
  } catch (error) {
    if (error.field !== "tenants") throw error;
    // Who may not list tenants may still look at one.
    return { ...(await ask(secret, queries.viewer, {})), tenants: null };
  }
}

/** Of more than a list shows. A search that finds one tenant has found the one that is meant. */
async function searchTenants(search) {
  const { tenants } = await askNow(queries.who, { search });
  const [first, ...others] = showFound(tenants.nodes, view().tenantId);
  if (first && others.length === 0) location.hash = linkTo({ tenantId: first.id, keyId: null });
}

// --- Reading --------------------------------------------------------------------------------------------------------------

/**
 * Reads what the address names and shows it.
 *
 * @param isAutomatic nobody asked for it: spares the server what costs much, i.e. single calls of many days.
 */
async function read({ isAutomatic = false } = {}) {
  if (!viewer) return;
  reading?.abort();
  const own = new AbortController();
  reading = own;
  const asked = view();
  syncControls(asked);
  if (!asked.tenantId) return showNoTenant();
  readAt = Date.now();
  const isSame = shown !== null && linkOfShown() === writeAddress(asked);
  // Numbers of another view must not be taken for those of this one.
  if (!isSame) forgetReport();
  show("loading", shown === null);
  show("empty", shown !== null && !byId("empty").hidden);
  document.querySelector("main").setAttribute("aria-busy", "true");
  try {
    // A browser's clock may be behind: what the server has counted is not in the future.
    const now = Math.max(Date.now(), shown?.completeUntil ?? 0);
    const span = windowAt(now, asked.window, asked.by, asked.zone);
    const answer = await readReport(asked, span, isAutomatic && asked.window !== "24h", own.signal);
    if (reading !== own) return;
    const completeUntil = Date.parse(answer.over.completeUntil);
    // By the server's clock: this computer's may be wrong.
    const isBehind = answer.answeredAt - completeUntil > behindMs;
    shown = { asked, span, answer, completeUntil, isBehind };
    showProblem(null);
    showReport();
  } catch (error) {
    if (own.signal.aborted) return;
    if (error.code === "UNAUTHENTICATED") return refuseEntry(error);
    // What was read before stays, unless it may not be seen any more.
    if (error.code === "FORBIDDEN") forgetReport();
    showProblem(error);
  } finally {
    if (reading === own) {
      show("loading", false);
      document.querySelector("main").setAttribute("aria-busy", "false");
    }
  }
}

async function readReport({ tenantId, keyId, zone }, { from, to, bucket }, isSparing, signal) {
  const window = { tenantId, from: new Date(from).toISOString(), to: new Date(to).toISOString(), timeZone: zone };
  const filter = keyId ? { keyIds: [keyId] } : null;
  const variables = {
    over: { ...window, bucket, groupBy: ["CODE"], filter },
    keys: { ...window, bucket: "TOTAL", groupBy: ["KEY"], limit: 10 },
    refused: { ...window, bucket: "TOTAL", groupBy: ["CODE", "IP"], filter, limit: 10 },
    withNames: may("KEYS_READ"),
    withRefused: !isSparing,
  };
  try {
    return await askNow(queries.report, variables, signal);
  } catch (error) {
    if (error.field !== "refused") throw error;
    // Single calls are kept for a shorter time than counts, and may be too many: then the counts come alone.
    const counts = await askNow(queries.report, { ...variables, withRefused: false }, signal);
    return { ...counts, refusal: error };
  }
}

const linkOfShown = () => writeAddress(shown.asked);

function showNoTenant() {
  forgetReport();
  show("loading", false);
  show("empty", true);
  const canList = byId("tenant-id-choice").hidden;
  const words = canList
    ? "There is no tenant yet. Create one with createTenant in the playground."
    : "Enter the id of a tenant: your token may not list them.";
  fill("empty", el("p", {}, words, " ", canList ? el("a", { href: "/graphql" }, "Open the playground") : null));
}

function showReport() {
  const { asked, span, answer, completeUntil, isBehind } = shown;
  const { words } = windows[asked.window];
  const { over } = answer;
  const isEmpty = over.totals.count === 0;
  const context = { zone: asked.zone, bucket: span.bucket, outcomes };
  const later = isBehind ? "; later calls are still being counted" : "";
  byId("counted").textContent = `Counted until ${clockText(completeUntil, asked.zone)}${later}`;
  show("report", true);
  showOnly(asked.keyId, answer.keys);
  if (isEmpty) showEmpty(asked.keyId, words);
  else show("empty", false);

  const series = seriesOf(over);
  const buckets = bucketsOf({ starts: over.starts.map((start) => Date.parse(start)), to: span.to, series });
  showTotals(over, words);
  showLegend(series, outcomes);
  showNumbers(buckets, series, context);
  drawChart(byId("chart"), { buckets, ...context });
  showKeys(answer.keys, asked.keyId, (keyId) => linkTo({ keyId }));
  showRefused(answer.refused ?? null, answer.refusal, context);
  showDownloads(() => ({ ...asked, ...span, token: token() }));
}

/** In the registry's order, so that an outcome has the same place in every chart. */
function seriesOf({ series }) {
  const found = new Map(series.map(({ group, totals, values }) => [group.code, { total: totals.count, values }]));
  return outcomes.flatMap(({ code }) => (found.has(code) ? [{ code, ...found.get(code) }] : []));
}

function showOnly(keyId, keys) {
  show("only", keyId !== null);
  if (keyId === null) return fill("only");
  const key = keys.series.find(({ group }) => group.keyId === keyId)?.group.key;
  fill(
    "only",
    "Only the key ",
    el("strong", {}, key?.name || keyId),
    key ? el("code", {}, ` ${key.start}…`) : null,
    " · ",
    el("a", { href: linkTo({ keyId: null }), "data-focus": "all-keys" }, "Show all keys"),
  );
}

// --- Listening ------------------------------------------------------------------------------------------------------------

byId("token-bar").addEventListener("submit", (event) => {
  event.preventDefault();
  session.enter(byId("token").value.trim());
  void signIn();
});
byId("forget").addEventListener("click", () => {
  byId("token").value = "";
  // What was kept is gone at once; the server hears of it meanwhile.
  void session.signOut();
  void signIn();
});
byId("view").addEventListener("submit", (event) => event.preventDefault());
byId("view").addEventListener("change", ({ target }) => {
  if (target.name === "window") location.hash = linkTo({ window: target.value });
  if (target.name === "by") location.hash = linkTo({ by: target.value });
  if (target.id === "zone") location.hash = linkTo({ zone: target.value });
  if (target.id === "tenant") location.hash = linkTo({ tenantId: target.value, keyId: null });
  if (target.id === "tenant-id") location.hash = linkTo({ tenantId: target.value.trim(), keyId: null });
  if (target.id === "tenant-search") searchTenants(target.value.trim()).catch(showProblem);
});
byId("refresh").addEventListener("click", () => void read());
byId("live-toggle").addEventListener("click", () => {
  void toggleLive({ token: token(), query: queries.live, tenantId: view().tenantId }, showProblem);
});
addEventListener("hashchange", () => void read());

/** Once a minute while somebody can see it, and at once when they come back after longer. */
function refreshIfDue() {
  const dueMs = shown?.isBehind ? refreshBehindMs : refreshMs;
  if (document.visibilityState === "visible" && Date.now() - readAt >= dueMs) void read({ isAutomatic: true });
}
setInterval(refreshIfDue, 5_000);
document.addEventListener("visibilitychange", refreshIfDue);

watchWidth(() => {
  if (shown) showReport();
});
// An access token is nothing that somebody has entered.
byId("token").value = session.isSession() ? "" : token();
// So that the arrow keys scroll it in every browser.
byId("numbers-room").tabIndex = 0;
showZones();
syncControls(view());
void signIn();
