import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll } from "vitest";
import { describe, expect, test, type World } from "../testkit/index.js";

/** Debian's Chromium, or the one that CHROMIUM names. Nothing is downloaded. */
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
// In CI a missing browser is a failure: there, nobody would notice that this never runs.
const missing = !existsSync(executablePath) && !process.env["CI"];
const reason = `needs a browser: apt-get install chromium, or name one with CHROMIUM (${executablePath} is not there)`;

let browser: Browser | undefined;
afterAll(() => browser?.close());

/** Opens the playground and notes every request that it makes, and everything that goes wrong on the page. */
async function open(world: World): Promise<{ page: Page; requests: string[]; faults: string[] }> {
  browser ??= await chromium.launch({
    executablePath,
    // Containers run as root, and give little shared memory.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const requests: string[] = [];
  const faults: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // The answer to a wrong token is an error to the browser, and not to us.
    if (message.type() === "error" && !message.text().includes("401")) faults.push(message.text());
  });
  await page.goto(`${world.url}/graphql`);
  await page.waitForSelector(".graphiql-container");
  return { page, requests, faults };
}

async function enter(page: Page, token: string): Promise<void> {
  await page.fill("#token", token);
  await page.click("#token-bar button[type=submit]");
}

const screenshots = process.env["SCREENSHOTS"];

describe("the playground in a browser", () => {
  test("opens without a request to anywhere else, with a field for the token and the examples", async ({
    world,
    skip,
  }) => {
    skip(missing, reason);
    const { page, requests, faults } = await open(world);
    expect(await page.isVisible("#token")).toBe(true);
    await expect.poll(() => page.textContent("#token-state")).toContain("Enter");
    const tabs = await page.locator(".graphiql-tab").allTextContents();
    for (const name of ["WhoAmI", "CreateTenant", "CreateUser", "CreateKey", "VerifyKey", "RevokeKey", "FindKeys"]) {
      expect(tabs.join()).toContain(name);
    }
    if (screenshots) await page.screenshot({ path: `${screenshots}/opened.png` });
    expect(requests.filter((url) => !url.startsWith(world.url) && !/^(?:data|blob):/.test(url))).toEqual([]);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("asks the server for nothing before a token is there, and says that one is missing", async ({ world, skip }) => {
    skip(missing, reason);
    const { page, requests, faults } = await open(world);
    await page.locator('button[aria-label*="Documentation Explorer" i]').first().click();
    await expect.poll(() => page.textContent(".graphiql-doc-explorer")).toContain("No GraphQL schema available");
    await page.locator(".graphiql-execute-button").click();
    await expect.poll(() => page.textContent(".graphiql-response")).toMatch(/Enter\sa\smanagement/);
    if (screenshots) await page.screenshot({ path: `${screenshots}/no-token.png` });
    expect(await page.textContent("body")).not.toContain("UNAUTHENTICATED");
    expect(requests.filter((url) => url.startsWith(world.url))).toEqual([`${world.url}/graphql`]);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("says what is wrong with a token", async ({ world, skip }) => {
    skip(missing, reason);
    const { page } = await open(world);
    await enter(page, "keyplane_live_wrong");
    await expect.poll(() => page.textContent("#token-state")).toContain("not known");
    if (screenshots) await page.screenshot({ path: `${screenshots}/wrong-token.png` });
    await page.close();
  });

  test("with a token shows the schema and runs the first example", async ({ world, skip }) => {
    skip(missing, reason);
    const { page, requests, faults } = await open(world);
    await enter(page, world.root.token ?? "");
    await expect.poll(() => page.textContent("#token-state")).toContain("Signed in as root (ADMIN)");
    await page.waitForSelector(".graphiql-container");

    await page.locator('button[aria-label*="Documentation Explorer" i]').first().click();
    await expect.poll(() => page.textContent(".graphiql-container")).toContain("Root Types");
    if (screenshots) await page.screenshot({ path: `${screenshots}/schema.png` });

    await page.locator(".graphiql-execute-button").click();
    await expect.poll(() => page.textContent(".graphiql-response")).toContain('"ADMIN"');
    if (screenshots) await page.screenshot({ path: `${screenshots}/answer.png` });
    expect(requests.filter((url) => !url.startsWith(world.url) && !/^(?:data|blob):/.test(url))).toEqual([]);
    expect(faults).toEqual([]);
    await page.close();
  });

  test("comes back as it was left when it is opened again, with nothing of it in the address", async ({
    world,
    skip,
  }) => {
    skip(missing, reason);
    const { page } = await open(world);
    await page.locator(".graphiql-tab", { hasText: "VerifyKey" }).locator("button").first().click();
    await page.locator(".graphiql-query-editor .monaco-editor").first().click();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("# a key that somebody pastes");
    const keptTabs = () => page.evaluate('localStorage.getItem("graphiql:tabState")');
    await expect.poll(keptTabs).toContain("# a key that somebody pastes");
    expect(page.url()).toBe(`${world.url}/graphql`);

    const tabs = await page.locator(".graphiql-tab").count();
    await page.reload();
    await page.waitForSelector(".graphiql-container");
    await expect.poll(() => page.textContent(".graphiql-query-editor")).toContain("pastes");
    expect(await page.locator(".graphiql-tab").count()).toBe(tabs);
    await page.close();
  });

  test("keeps the token in this tab only", async ({ world, skip }) => {
    skip(missing, reason);
    const { page } = await open(world);
    await enter(page, world.root.token ?? "");
    await expect.poll(() => page.textContent("#token-state")).toContain("Signed in");
    const kept = await page.evaluate("JSON.stringify(localStorage) + document.cookie + location.href");
    expect(kept).not.toContain(world.root.token);
    const { page: other } = await open(world);
    expect(await other.inputValue("#token")).toBe("");
    await Promise.all([page.close(), other.close()]);
  });
});
