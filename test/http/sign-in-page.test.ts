import { existsSync } from "node:fs";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll } from "vitest";
import { Caller, describe, expect, test, testPassword, type World } from "../testkit/index.js";

/** Debian's Chromium, or the one that CHROMIUM names. Nothing is downloaded. */
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const missing = !existsSync(executablePath) && !process.env["CI"];

let browser: Browser | undefined;
afterAll(() => browser?.close());

/** A page of one browser tab, and everything that goes wrong on it. */
async function tab(): Promise<{ page: Page; faults: string[] }> {
  browser ??= await chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("console", (message) => {
    // The refusal of a token whose session has ended is an error to the browser, and not to us.
    if (message.type() === "error" && !message.text().includes("401")) faults.push(message.text());
  });
  return { page, faults };
}

async function somebody(world: World) {
  const { tenant } = await world.tenant();
  const user = await world.user(tenant.id, { name: "Ada" });
  await world.givePassword(user.id);
  return user;
}

async function signIn(page: Page, email: string, password = testPassword): Promise<void> {
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

const stored = (page: Page, name: string) => page.evaluate<string | null>(`sessionStorage.getItem("keyplane.${name}")`);

describe("the page at /sign-in", () => {
  test("is the same for everybody, and lets nothing but its own style and script run", async ({ world }) => {
    const answer = await fetch(`${world.url}/sign-in`);
    const html = await answer.text();
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    const policy = answer.headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "form-action 'none'"]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toContain("unsafe");
    expect(html).not.toMatch(/src="(?!data:)/);
  });

  test.skipIf(missing)(
    "signs a person in to the playground, whose session renews itself, stays in its tab, and ends when they sign out",
    async ({ world }) => {
      const user = await somebody(world);
      const { page, faults } = await tab();
      await page.goto(`${world.url}/graphql`);
      await page.getByRole("link", { name: "Sign in with e-mail" }).click();
      await signIn(page, user.email, "not the right one at all");
      await expect.poll(() => page.textContent("#answer")).toContain("do not go together");
      await signIn(page, user.email);
      await page.waitForURL(`${world.url}/graphql`);
      await expect.poll(() => page.textContent("#token-state")).toContain("Signed in as Ada (DEVELOPER)");
      await page.waitForSelector(".graphiql-container");
      await page.locator(".graphiql-execute-button").click();
      await expect.poll(() => page.textContent(".graphiql-response")).toContain('"DEVELOPER"');

      const before = [await stored(page, "token"), JSON.parse((await stored(page, "session")) ?? "")];
      const kept = await page.evaluate<string>("JSON.stringify(localStorage) + document.cookie + location.href");
      for (const secret of [before[0], before[1].refreshToken]) expect(kept).not.toContain(secret);
      expect(await page.inputValue("#token")).toBe("");

      // Its end is near: the next request gets a new one first, and that of many at once is one.
      await page.evaluate(
        'sessionStorage.setItem("keyplane.session", JSON.stringify({ ...JSON.parse(sessionStorage.getItem("keyplane.session")), renewAt: 0 }))',
      );
      world.clock.advance(20_000);
      await page.reload();
      await expect.poll(() => page.textContent("#token-state")).toContain("Signed in as Ada");
      const token = (await stored(page, "token")) ?? "";
      const session = JSON.parse((await stored(page, "session")) ?? "");
      expect([token === before[0], session.refreshToken === before[1].refreshToken]).toEqual([false, false]);
      expect(session.renewAt).toBeGreaterThan(Date.now());

      await page.getByRole("button", { name: "Sign out" }).click();
      await expect.poll(() => page.textContent("#token-state")).toContain("Enter a token");
      expect([await stored(page, "token"), await stored(page, "session")]).toEqual([null, null]);
      await expect(new Caller(world.url, token).query("{ viewer { id } }")).rejects.toMatchObject({
        code: "UNAUTHENTICATED",
      });
      expect(faults).toEqual([]);
      await page.close();
    },
  );

  test.skipIf(missing)(
    "leads back to the usage page, which signs out, too, and to no other page",
    async ({ world }) => {
      const user = await somebody(world);
      const { page, faults } = await tab();
      await page.goto(`${world.url}/usage`);
      await page.getByRole("link", { name: "Sign in with e-mail" }).click();
      await signIn(page, user.email);
      await page.waitForURL(/\/usage/);
      await expect.poll(() => page.textContent("#token-state")).toContain("Signed in as Ada (DEVELOPER)");
      await page.getByRole("button", { name: "Sign out" }).click();
      await expect.poll(() => page.textContent("#token-state")).toContain("Enter a token");
      await page.goto(`${world.url}/sign-in#https://other.example.com/`);
      await signIn(page, user.email);
      await page.waitForURL(`${world.url}/graphql`);
      expect(faults).toEqual([]);
      await page.close();
    },
  );

  test.skipIf(missing)(
    "a tab and its copy share one session: the one that renews it tells the other",
    async ({ world }) => {
      const user = await somebody(world);
      const { page } = await tab();
      await page.goto(`${world.url}/sign-in#/usage`);
      await signIn(page, user.email);
      await page.waitForURL(/\/usage/);
      await expect.poll(() => page.textContent("#token-state")).toContain("Signed in as Ada");
      const [copy] = await Promise.all([page.waitForEvent("popup"), page.evaluate('void open("/usage")')]);
      await expect.poll(() => copy.textContent("#token-state")).toContain("Signed in as Ada");
      await page.evaluate(
        'sessionStorage.setItem("keyplane.session", JSON.stringify({ ...JSON.parse(sessionStorage.getItem("keyplane.session")), renewAt: 0 }))',
      );
      const before = await stored(copy, "session");
      await page.getByRole("button", { name: "Refresh" }).click();
      await expect.poll(() => stored(copy, "session")).not.toBe(before);
      expect(await stored(copy, "token")).toBe(await stored(page, "token"));
      await Promise.all([page.close(), copy.close()]);
    },
  );

  test.skipIf(missing)("sends a link to whoever has forgotten the password", async ({ world }) => {
    const { page, faults } = await tab();
    await page.goto(`${world.url}/sign-in`);
    await page.getByRole("button", { name: "I have forgotten" }).click();
    await expect.poll(() => page.textContent("#answer")).toContain("Enter your e-mail address first");
    await page.getByLabel("E-mail address").fill((await somebody(world)).email);
    await page.getByRole("button", { name: "I have forgotten" }).click();
    await expect.poll(() => page.textContent("#answer")).toContain("is on its way");
    expect(faults).toEqual([]);
    await page.close();
  });
});
