import { verdictCodes } from "@keyplane/schema";
import { afterAll, beforeAll } from "vitest";
import { describe, expect, hour, test } from "../testkit/index.js";
import { rawRequest } from "../testkit/raw-request.js";
import {
  barsOf,
  choose,
  closeBrowser,
  enter,
  inPage,
  missing,
  open,
  reason,
  screenshots,
  settled,
  tableOf,
  totalsOf,
} from "./usage-page.browser.js";
import { countBy, markup, type Story, sinceOf, tellStory, within, zone } from "./usage-page.story.js";

let story: Story;
beforeAll(async () => {
  story = await tellStory();
});
afterAll(async () => {
  await closeBrowser();
  await story.server.stop();
});

const titleOf = (code: string) => (code === "VALID" ? "Accepted" : verdictCodes[code as "VALID"].title);

describe("the usage page over HTTP", () => {
  test("is served to anybody, holds no data, and lets nothing but its own style and script run", async () => {
    const answer = await fetch(`${story.server.url}/usage`);
    const html = await answer.text();
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/html; charset=utf-8");
    for (const secret of [story.tenantId, story.token, story.server.rootToken, "Mobile app", "Web shop"]) {
      expect(html).not.toContain(secret);
    }
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toMatch(/script-src 'sha256-[^' ]+'(?:;|$)/);
    expect(policy).toMatch(/style-src 'sha256-[^' ]+'(?:;|$)/);
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toContain("unsafe");
    expect(html).not.toMatch(/\b(?:src|href)="(?:https?:)?\/\//);
    expect(html).not.toMatch(/\sstyle="|\son\w+="/);
  });

  test("has the other pages' headers, has no body for HEAD, and comes compressed", async () => {
    const [own, landing] = await Promise.all(["/usage", "/"].map((path) => fetch(`${story.server.url}${path}`)));
    const ownText = await own?.text();
    await landing?.text();
    for (const name of ["cache-control", "x-content-type-options", "x-frame-options", "referrer-policy", "vary"]) {
      expect(own?.headers.get(name)).toBe(landing?.headers.get(name));
    }
    expect(own?.headers.get("cache-control")).toBe("no-cache");
    expect(own?.headers.get("x-request-id")).toBeTruthy();

    const url = `${story.server.url}/usage`;
    const head = await rawRequest(url, { method: "HEAD" });
    expect([head.status, head.text]).toEqual([200, ""]);
    expect(Number(head.headers["content-length"])).toBe(Buffer.byteLength(ownText ?? ""));
    const zipped = await rawRequest(url, { headers: { "accept-encoding": "gzip" } });
    expect(zipped.headers["content-encoding"]).toBe("gzip");
    expect(Number(zipped.headers["content-length"])).toBeLessThan(Buffer.byteLength(ownText ?? "") / 2);
    expect((await rawRequest(url, { method: "POST" })).status).toBe(404);
  });

  test("its four operations are valid and within the limits", async () => {
    const html = await (await fetch(`${story.server.url}/usage`)).text();
    const { queries } = JSON.parse(
      /^const page = (.*);$/m.exec(html.slice(html.indexOf("<script")).replace(/^<script[^>]*>/, ""))?.[1] ?? "",
    );
    expect(Object.keys(queries)).toEqual(["who", "viewer", "live", "report"]);
    const admin = story.world.root;
    expect(await admin.query(queries.who, { search: null })).toMatchObject({
      viewer: { name: "root", tenantId: null },
    });
    expect(await admin.query(queries.viewer)).toMatchObject({ viewer: { role: "ADMIN" } });
    const window = {
      tenantId: story.tenantId,
      from: new Date(sinceOf(story, "30d")),
      to: new Date(story.now),
      timeZone: zone,
    };
    const report = await admin.query(queries.report, {
      over: { ...window, bucket: "DAY", groupBy: ["CODE"] },
      keys: { ...window, bucket: "TOTAL", groupBy: ["KEY"], limit: 10 },
      refused: { ...window, bucket: "TOTAL", groupBy: ["CODE", "IP"], limit: 10 },
      withNames: true,
      withRefused: true,
    });
    expect(report.keys.series).toHaveLength(10);
    expect(report.over.starts).toHaveLength(30);
  });

  test("is named on the landing page, with the exports and the metrics", async () => {
    const html = await (await fetch(story.server.url)).text();
    for (const path of ["/usage", "/metrics", "/export/usage", "/export/usage-events", "/export/invalid-attempts"]) {
      expect(html).toContain(path);
    }
  });
});

describe("the usage page in a browser", () => {
  for (const window of ["24h", "7d", "30d"] as const) {
    test(`shows for ${window} totals, bars and a table that agree with every call that was made`, async ({ skip }) => {
      skip(missing, reason);
      const { page, context, faults } = await open(story);
      await settled(page);
      await choose(page, window);
      const calls = within(story, window);
      const byCode = countBy(calls, ({ code }) => code);
      const valid = byCode["VALID"] ?? 0;
      expect(calls.length, "of this window, not of another").not.toBe(0);
      expect(await totalsOf(page)).toMatchObject({
        Calls: String(calls.length),
        Accepted: String(valid),
        Refused: String(calls.length - valid),
        Cost: String(calls.reduce((sum, { cost }) => sum + cost, 0)),
        tokens: String(7 * calls.filter(({ code, key }) => code === "VALID" && key !== "Checked here").length),
      });

      const { counts, heights } = await barsOf(page);
      expect(counts).toEqual(byCode);
      for (const [code, count] of Object.entries(byCode)) expect(heights[code]).toBeCloseTo(count, 1);

      const legend = await inPage<[string, string][]>(
        page,
        `[...document.querySelectorAll("#legend li")].map((item) => [item.querySelector("span").textContent, item.querySelector("b").textContent])`,
      );
      expect(Object.fromEntries(legend)).toEqual(
        Object.fromEntries(Object.entries(byCode).map(([code, count]) => [titleOf(code), String(count)])),
      );

      await page.click("#numbers summary");
      const [head = [], ...rows] = await tableOf(page, "chart-table");
      const foot = rows.pop() ?? [];
      expect(rows).toHaveLength({ "24h": 24, "7d": 7, "30d": 30 }[window]);
      for (const [column, title] of head.entries()) {
        if (column === 0) continue;
        const expected =
          title === "Calls" ? calls.length : byCode[Object.keys(byCode).find((code) => titleOf(code) === title) ?? ""];
        expect(
          rows.reduce((sum, row) => sum + Number(row[column]), 0),
          title,
        ).toBe(expected);
        expect(foot[column], title).toBe(String(expected));
      }
      expect(faults).toEqual([]);
      await context.close();
    });
  }

  test("the 7 days by hour are the same calls in narrower buckets, and are in the address", async ({ skip }) => {
    skip(missing, reason);
    const { page, context } = await open(story, { hash: "#window=7d" });
    await settled(page);
    await page.locator("input[name=by][value=hour]").check({ force: true });
    await expect.poll(() => page.locator("#chart .bar").count()).toBeGreaterThan(6 * 24);
    expect((await barsOf(page)).counts).toEqual(countBy(within(story, "7d"), ({ code }) => code));
    expect(page.url()).toContain("by=hour");
    await context.close();
  });

  test("compares with the window before", async ({ skip }) => {
    skip(missing, reason);
    const { page, context } = await open(story);
    await settled(page);
    // The 24 hours before had 10 accepted calls and no refused one.
    const count = within(story, "24h").filter(({ code }) => code === "VALID").length;
    const changes = await inPage<string[]>(
      page,
      `[...document.querySelectorAll("#totals .change")].map((each) => each.textContent)`,
    );
    expect(changes[1]).toBe(`▲ ${Math.round(((count - 10) / 10) * 100)} % from 10`);
    expect(changes[2]).toBe("none before");
    const totals = await totalsOf(page);
    expect(totals["Median latency"]).toMatch(/^(?:19|20)(?:\.\d+)? ms$/);
    await context.close();
  });

  test("shows the ten keys with most calls in order, and a click narrows everything to one", async ({ skip }) => {
    skip(missing, reason);
    const { page, context, requests } = await open(story);
    await settled(page);
    const counts = countBy(
      within(story, "24h").filter(({ key }) => key !== null),
      ({ key }) => key ?? "",
    );
    const [, ...rows] = await tableOf(page, "keys");
    const shownCounts = rows.map((row) => Number(row[1]));
    expect(rows).toHaveLength(10);
    expect(shownCounts).toEqual([...shownCounts].sort((a, b) => b - a));
    const nameOf = (row: string[]) => (row[0] ?? "").split("\n")[0] ?? "";
    for (const row of rows)
      if (nameOf(row) !== "No known key")
        expect([nameOf(row), row[1]]).toEqual([nameOf(row), String(counts[nameOf(row)])]);
    expect(rows.slice(0, 5).map(nameOf)).toEqual(["Mobile app", "Web shop", markup, "No known key", "Checked here"]);
    expect(rows[0]?.slice(1, 4)).toEqual(["15", "3", "35 %"]);
    expect(await page.textContent("#keys-more")).toContain("4 more keys");

    await page.click(`#keys a:text-is("Mobile app")`);
    await expect.poll(() => page.textContent("#only")).toContain("Only the key Mobile app");
    await settled(page);
    expect((await barsOf(page)).counts).toEqual({ VALID: 12, RATE_LIMITED: 3 });
    expect((await totalsOf(page))["Calls"]).toBe("15");
    expect((await tableOf(page, "refused")).slice(1).map((row) => row.slice(0, 3))).toEqual([
      ["Rate limit exceeded", "203.0.113.7", "3"],
    ]);
    expect(await tableOf(page, "keys")).toHaveLength(11);
    expect(
      requests.filter(({ method }) => method === "POST"),
      "who, the tenant, the key",
    ).toHaveLength(3);

    await page.click("#only a");
    await expect.poll(async () => (await totalsOf(page))["Calls"]).toBe(String(within(story, "24h").length));
    await page.goBack();
    await expect.poll(async () => (await totalsOf(page))["Calls"]).toBe("15");
    await context.close();
  });

  test("shows refused attempts by cause and address, most first", async ({ skip }) => {
    skip(missing, reason);
    const { page, context } = await open(story);
    await settled(page);
    const rows = (await tableOf(page, "refused")).slice(1).map((row) => row.slice(0, 3));
    expect(rows).toEqual([
      ["Key expired", "198.51.100.9", "5"],
      ["Key not found", "198.51.100.66", "4"],
      ["Rate limit exceeded", "203.0.113.7", "3"],
      ["Scope missing", "192.0.2.1", "1"],
    ]);
    await context.close();
  });

  test("shows a key's name as text, whatever markup it looks like", async ({ skip }) => {
    skip(missing, reason);
    const { page, context, faults } = await open(story);
    await settled(page);
    const key = page.locator(`#keys a[data-key="${story.keyIds.get(markup)}"]`);
    expect(await key.textContent()).toBe(markup);
    await key.click();
    await expect.poll(() => page.textContent("#only strong")).toBe(markup);
    expect(await page.locator("main img").count()).toBe(0);
    expect(faults).toEqual([]);
    // The browser itself refuses what a careless change would do.
    const careless = await inPage<string>(
      page,
      `(() => { try { document.querySelector("main").innerHTML = "<b>x</b>"; return "taken"; } catch (error) { return error.name; } })()`,
    );
    expect(careless).toBe("TypeError");
    await context.close();
  });

  test("a bar tells its numbers and its local time to those who point at it and to those who use the keyboard", async ({
    skip,
  }) => {
    skip(missing, reason);
    const { page, context } = await open(story);
    await settled(page);
    const tenHoursAgo = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit" }).format(
      story.now - 10 * hour,
    );
    const bar = page.locator(`#chart .bar[aria-label*=", ${tenHoursAgo}:00 –"]`);
    expect(await bar.getAttribute("aria-label")).toContain("15 calls, Accepted 12, Rate limit exceeded 3");
    const tip = async () => ((await page.isVisible("#chart .tip")) ? await page.textContent("#chart .tip") : "hidden");
    expect(await tip()).toBe("hidden");
    await bar.hover();
    expect(await tip()).toContain("15 calls");
    if (screenshots) await page.screenshot({ path: `${screenshots}/hover.png` });

    await page.mouse.move(0, 0);
    expect(await tip()).toBe("hidden");
    await page.locator('#chart .bar[tabindex="0"]').focus();
    expect(await tip()).toContain("– now");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    expect(await tip()).toContain("7 calls");
    expect(await page.locator('#chart .bar[tabindex="0"]').count()).toBe(1);
    await context.close();
  });

  test("asks this server alone, few times, and puts nothing of the token into an address or a lasting store", async ({
    skip,
  }) => {
    skip(missing, reason);
    const { page, context, requests, faults } = await open(story);
    await settled(page);
    expect(requests.map(({ url, method }) => `${method} ${new URL(url).pathname}`)).toEqual([
      "GET /usage",
      "POST /graphql",
      "POST /graphql",
    ]);
    await choose(page, "30d");
    await page.click("#refresh");
    await settled(page);
    expect(requests.filter(({ url }) => new URL(url).origin !== story.server.url)).toEqual([]);
    const kept = await inPage<string>(
      page,
      "JSON.stringify(localStorage) + document.cookie + location.href + document.documentElement.outerHTML",
    );
    for (const text of [kept, ...requests.map(({ url, body }) => url + body)]) expect(text).not.toContain(story.token);
    expect(faults).toEqual([]);

    const { page: other, context: otherContext } = await open(story, { token: null });
    expect(await other.inputValue("#token")).toBe("");
    expect(await other.isVisible("#welcome")).toBe(true);
    await page.reload();
    await settled(page);
    await page.click("#forget");
    expect(await inPage(page, "JSON.stringify(sessionStorage)")).toBe("{}");
    expect(await page.isVisible("#report")).toBe(false);
    expect(await page.textContent("main")).not.toContain("Mobile app");
    await Promise.all([context.close(), otherContext.close()]);
  });

  test("says what the server says of a wrong token, and takes away what was shown before", async ({ skip }) => {
    skip(missing, reason);
    const { page, context, faults } = await open(story);
    await settled(page);
    await enter(page, "keyplane_live_wrong");
    await expect.poll(() => page.textContent("#problem")).toContain("UNAUTHENTICATED");
    const { body } = await graphql("keyplane_live_wrong");
    expect(await page.textContent("#problem p")).toBe(body.errors[0].message);
    expect(await page.textContent("#token-state")).toBe("Not signed in.");
    if (screenshots) await page.screenshot({ path: `${screenshots}/wrong-token.png` });
    const text = await page.textContent("main");
    for (const name of ["Mobile app", "Web shop", "203.0.113.7", story.tenantId]) expect(text).not.toContain(name);
    await enter(page, "no tokén");
    await expect.poll(() => page.textContent("#problem")).toContain("This is no token");
    expect(faults).toEqual([]);
    await context.close();
  });

  test("takes away what was shown when the token is revoked meanwhile", async ({ skip }) => {
    skip(missing, reason);
    const { root } = story.world;
    const made = await root.createToken({ name: "short-lived", role: "ADMIN", tenantId: story.tenantId });
    const { page, context } = await open(story, { token: made.secret });
    await settled(page);
    expect(await page.textContent("#keys")).toContain("Mobile app");
    await root.revokeToken({ id: made.managementToken.id, reason: "to see what the page does" });
    await page.click("#refresh");
    await expect.poll(() => page.textContent("#problem")).toContain("UNAUTHENTICATED");
    expect(await page.textContent("#token-state")).toBe("Not signed in.");
    expect(await page.isVisible("#view")).toBe(false);
    expect(await page.textContent("main")).not.toContain("Mobile app");
    await context.close();
  });

  test("shows a refusal in the server's words with its code, and that a server does not answer", async ({ skip }) => {
    skip(missing, reason);
    const guest = await story.world.caller("GUEST", { tenantId: story.tenantId });
    const { page, context } = await open(story, { token: guest.token });
    await expect.poll(() => page.textContent("#problem")).toContain("FORBIDDEN");
    expect(await page.textContent("#problem")).toContain("usage:read");
    expect(await page.isVisible("#report")).toBe(false);
    const everywhere = await story.world.caller("GUEST");
    await enter(page, everywhere.token ?? "");
    await expect.poll(() => page.textContent("#empty")).toContain("Enter the id of a tenant");

    await enter(page, story.token);
    await settled(page);
    await page.route("**/graphql", (route) => route.abort());
    await page.click("#refresh");
    await expect.poll(() => page.textContent("#problem")).toContain("The server does not answer");
    // What was read before stays.
    expect((await totalsOf(page))["Calls"]).toBe(String(within(story, "24h").length));
    await page.unroute("**/graphql");
    await page.click("#refresh");
    await expect.poll(() => page.isVisible("#problem")).toBe(false);
    await context.close();
  });

  test("refuses nothing but the refused attempts where only those cannot be told", async ({ skip }) => {
    skip(missing, reason);
    const { page, context } = await open(story);
    await settled(page);
    await page.route("**/graphql", async (route) => {
      const sent = route.request().postDataJSON();
      if (!sent.variables.withRefused) return route.continue();
      const error = {
        message: "from: Single events are kept since later.",
        path: ["refused"],
        extensions: { code: "BAD_USER_INPUT" },
      };
      return route.fulfill({ json: { data: null, errors: [error] } });
    });
    await choose(page, "30d");
    expect(await page.textContent("#refused-more")).toBe("from: Single events are kept since later. (BAD_USER_INPUT)");
    expect((await totalsOf(page))["Calls"]).toBe(String(within(story, "30d").length));
    await context.close();
  });

  test("lets an installation's administrator choose a tenant, and says what to do where there are no calls", async ({
    skip,
  }) => {
    skip(missing, reason);
    const { tenant: quiet } = await story.world.tenant();
    const { page, context, requests } = await open(story, { token: story.server.rootToken });
    await page.waitForSelector("#view:not([hidden])");
    expect(await page.locator("#tenant option").count()).toBe(2);
    await page.selectOption("#tenant", quiet.id);
    await expect.poll(() => page.textContent("#empty")).toContain("VerifyKey");
    expect(await page.locator("#chart .part").count()).toBe(0);
    await page.selectOption("#tenant", story.tenantId);
    await expect.poll(async () => (await totalsOf(page))["Calls"]).toBe(String(within(story, "24h").length));
    expect(await page.isVisible("#empty")).toBe(false);
    expect(page.url()).toContain(`tenant=${story.tenantId}`);
    expect(requests.some(({ url }) => url.includes(story.server.rootToken))).toBe(false);
    await context.close();
  });

  test("finds a tenant that the list has no room for", async ({ skip }) => {
    skip(missing, reason);
    const { tenant: other } = await story.world.tenant();
    const { tenant } = await story.world.root.query("query ($id: ID!) { tenant(id: $id) { slug } }", {
      id: story.tenantId,
    });
    const { page, context } = await open(story, { token: null, hash: `#tenant=${other.id}` });
    // As if there were more than a hundred.
    await page.route("**/graphql", async (route) => {
      const { query, variables } = route.request().postDataJSON();
      if (!query.includes("UsagePageWho") || variables.search) return route.continue();
      const response = await route.fetch();
      const json = await response.json();
      json.data.tenants = { nodes: [], pageInfo: { hasNextPage: true } };
      return route.fulfill({ response, json });
    });
    await enter(page, story.server.rootToken);
    await settled(page);
    expect(await page.isVisible("#empty")).toBe(true);
    await page.fill("#tenant-search", tenant.slug);
    await page.keyboard.press("Enter");
    await expect.poll(async () => (await totalsOf(page))["Calls"]).toBe(String(within(story, "24h").length));
    expect(await page.inputValue("#tenant")).toBe(story.tenantId);
    await context.close();
  });

  test("a time zone moves the buckets, and not what they add up to in full hours", async ({ skip }) => {
    skip(missing, reason);
    const { page, context } = await open(story);
    await settled(page);
    await page.evaluate(`location.hash += "&zone=Asia%2FKathmandu"; 0`);
    const hoursThere = new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Kathmandu", hour: "2-digit" });
    await expect
      .poll(() => page.locator("#chart .bar").last().getAttribute("aria-label"))
      .toContain(`, ${hoursThere.format(story.now)}:00 – now`);
    await settled(page);
    expect(await page.inputValue("#zone")).toBe("Asia/Kathmandu");
    expect((await barsOf(page)).counts).toEqual(countBy(within(story, "24h"), ({ code }) => code));

    await page.selectOption("#zone", "Australia/Adelaide");
    await expect.poll(() => page.url()).toContain("zone=Australia%2FAdelaide");
    const there = new Intl.DateTimeFormat("en-GB", { timeZone: "Australia/Adelaide", timeStyle: "medium" });
    await expect.poll(() => page.textContent("#counted")).toBe(`Counted until ${there.format(story.now)}`);
    await context.close();
  });

  test("reads anew after a minute while it can be seen, and not while it is hidden", async ({ skip }) => {
    skip(missing, reason);
    const { page, context, requests } = await open(story);
    await settled(page);
    const asked = () => requests.filter(({ method }) => method === "POST").length;
    const before = asked();
    const see = (state: string) =>
      page.evaluate(
        `Object.defineProperty(document, "visibilityState", { configurable: true, get: () => "${state}" }); document.dispatchEvent(new Event("visibilitychange")); 0`,
      );
    await page.clock.setFixedTime(story.now + 50_000);
    await see("visible");
    expect(asked()).toBe(before);
    await see("hidden");
    await page.clock.setFixedTime(story.now + 61_000);
    // The page looks at its clock at this event as it does every five seconds.
    await see("hidden");
    // Requests are told of in their order: a question asked by that look would be there now.
    await page.evaluate(`fetch("/healthz")`);
    expect(requests.at(-1)?.url).toContain("/healthz");
    expect(asked()).toBe(before);
    await see("visible");
    await expect.poll(asked).toBe(before + 1);
    await settled(page);
    expect(await page.textContent("#counted")).toMatch(/^Counted until \d\d:\d\d:\d\d$/);
    await context.close();
  });

  test("says when the server is still counting, and looks again soon", async ({ skip }) => {
    skip(missing, reason);
    const { page, context, requests } = await open(story, { token: null });
    await page.route("**/graphql", async (route) => {
      const response = await route.fetch();
      const json = await response.json();
      const answeredAt = Date.parse(response.headers()["date"] ?? "");
      if (json.data?.over) json.data.over.completeUntil = new Date(answeredAt - 20_000).toISOString();
      await route.fulfill({ response, json });
    });
    await enter(page, story.token);
    await settled(page);
    expect(await page.textContent("#counted")).toMatch(/^Counted until \d\d:\d\d:\d\d; later calls are still being/);
    await page.unroute("**/graphql");
    const before = requests.length;
    await page.clock.setFixedTime(story.now + 11_000);
    await expect.poll(() => requests.length).toBe(before + 1);
    await expect.poll(() => page.textContent("#counted")).toMatch(/\d$/);
    await context.close();
  });

  test("shows what is counted while somebody watches, of this tenant, and ends when they stop", async ({ skip }) => {
    skip(missing, reason);
    const { world } = story;
    const own = await world.tenantWithKey();
    const { page, context, requests, faults } = await open(story, { token: own.admin.token });
    await settled(page);
    expect(await page.isVisible("#live-view")).toBe(false);
    await page.click("#live-toggle");
    await expect.poll(() => page.textContent("#live-words")).toMatch(/0 calls in the last second/);
    expect(requests.at(-1)?.body).toContain("subscription UsagePageLive");
    const other = await world.tenantWithKey();
    await world.verify(other.secret, 3);
    await world.verify(own.secret, 2);
    await world.verify(own.secret, 1, { scopes: ["none"] });
    await expect
      .poll(() => page.textContent("#live-words"))
      .toMatch(/3 calls since you watch, a minute at most: 2 accepted, 1 refused/);
    expect(await page.locator("#live-ticks li").count()).toBeGreaterThan(0);
    await page.click("#live-toggle");
    expect(await page.isVisible("#live-view")).toBe(false);
    expect(faults).toEqual([]);
    await context.close();
  });

  test("downloads what is shown, as a file, with the token in a header", async ({ skip }) => {
    skip(missing, reason);
    const { page, context, requests } = await open(story);
    await settled(page);
    const download = async (name: string) => {
      const [file] = await Promise.all([
        page.waitForEvent("download"),
        page.click(`#exports button[aria-label="${name}"]`),
      ]);
      const chunks: Buffer[] = [];
      for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
      return { name: file.suggestedFilename(), text: Buffer.concat(chunks).toString() };
    };
    const counts = await download("Calls by time and outcome as NDJSON");
    expect(counts.name).toMatch(/^keyplane-usage-by-outcome-\d{4}-\d\d-\d\d\.ndjson$/);
    const rows = counts.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(within(story, "24h").length);
    const attempts = await download("Refused attempts by cause and address as CSV");
    expect(attempts.text.split("\r\n")[0]).toBe("code,ip,count,firstAt,lastAt,keys,addresses");
    await expect.poll(() => page.textContent("#export-state")).toContain("is complete");
    expect(requests.filter(({ url }) => url.includes("/export/"))).toHaveLength(2);
    for (const { url } of requests) expect(url).not.toContain(story.token);
    await context.close();
  });

  test("writes the call log to disk while it comes, where the browser can, and says when it is refused", async ({
    skip,
  }) => {
    skip(missing, reason);
    const { page, context } = await open(story);
    await settled(page);
    // A browser's own dialogue cannot be driven: this file is one in memory.
    await page.evaluate(`window.kept = []; window.showSaveFilePicker = async ({ suggestedName }) => ({
      createWritable: async () => new WritableStream({ write: (part) => { window.kept.push(new TextDecoder().decode(part)); },
        close: () => { window.kept.push("closed " + suggestedName); } }) }); 0`);
    await page.click('#exports button[aria-label="Every single call as CSV"]');
    await expect.poll(() => page.textContent("#export-state")).toContain("is complete");
    const kept = await inPage<string[]>(page, "window.kept");
    expect(kept.at(-1)).toMatch(/^closed keyplane-usage-events-.*\.csv$/);
    expect(kept.slice(0, -1).join("").trim().split("\r\n")).toHaveLength(within(story, "24h").length + 1);

    await page.route("**/export/**", (route) => {
      const error = {
        message: "This server runs 8 exports already. Try again in a moment.",
        extensions: { code: "UNAVAILABLE" },
      };
      return route.fulfill({ status: 503, json: { errors: [error] } });
    });
    await page.click('#exports button[aria-label="Calls by time and key as CSV"]');
    await expect
      .poll(() => page.textContent("#export-state"))
      .toContain("runs 8 exports already. Try again in a moment. (UNAVAILABLE)");
    await context.close();
  });

  test("is dark where somebody likes it dark, and can be read on a telephone", async ({ skip }) => {
    skip(missing, reason);
    const colours = new Set<unknown>();
    for (const dark of [false, true]) {
      const { page, context, faults } = await open(story, { dark });
      await settled(page);
      colours.add(await inPage(page, "getComputedStyle(document.body).backgroundColor"));
      if (screenshots) await page.screenshot({ path: `${screenshots}/${dark ? "dark" : "light"}.png`, fullPage: true });
      if (screenshots) {
        await choose(page, "30d");
        await page.screenshot({ path: `${screenshots}/${dark ? "dark" : "light"}-30d.png`, fullPage: true });
      }
      expect(faults).toEqual([]);
      await context.close();
    }
    expect([...colours]).toEqual(["rgb(255, 255, 255)", "rgb(18, 22, 29)"]);
    const { page, context } = await open(story, { width: 360, hash: "#window=7d" });
    await settled(page);
    if (screenshots) await page.screenshot({ path: `${screenshots}/narrow.png`, fullPage: true });
    expect(await inPage(page, "document.documentElement.scrollWidth")).toBe(360);
    await context.close();
  });
});

/** The server's own words for a token. */
async function graphql(token: string) {
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const response = await fetch(`${story.server.url}/graphql`, {
    method: "POST",
    headers,
    body: '{"query":"{ viewer { name } }"}',
  });
  return { body: await response.json() };
}
