import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { afterAll } from "vitest";
import { tokenFor } from "../api/sessions/mailbox.js";
import { describe, expect, ok, test } from "../testkit/index.js";

/** Debian's Chromium, or the one that CHROMIUM names. Nothing is downloaded. */
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const missing = !existsSync(executablePath) && !process.env["CI"];

let browser: Browser | undefined;
afterAll(() => browser?.close());

describe("the page at /password", () => {
  test("is the same for everybody, and lets nothing but its own style and script run", async ({ world }) => {
    const answer = await fetch(`${world.url}/password`);
    const html = await answer.text();
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
    const policy = answer.headers.get("content-security-policy") ?? "";
    for (const part of ["default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'", "form-action 'none'"]) {
      expect(policy).toContain(part);
    }
    expect(policy).not.toContain("unsafe");
    expect(html).not.toMatch(/(?:src|href)="(?!data:)/);
  });

  test.skipIf(missing)(
    "sets the password by a link, whose secret no request shows but the one that uses it",
    async ({ world }) => {
      const { tenant } = await world.tenant();
      const user = await world.user(tenant.id);
      ok(await world.root.account("sendPasswordLink", { userId: user.id }));
      const token = await tokenFor(world.server, user.email);
      browser ??= await chromium.launch({
        executablePath,
        args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
      });
      const page = await browser.newPage();
      const [faults, shown]: [string[], string[]] = [[], []];
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
      page.on("request", (request) => {
        if (`${request.url()} ${JSON.stringify(request.headers())}`.includes(token)) shown.push(request.url());
      });
      await page.goto(`${world.url}/password#${token}`);
      expect(page.url()).toBe(`${world.url}/password`);
      const type = async (password: string, again = password) => {
        await page.getByLabel("New password").fill(password);
        await page.getByLabel("The same again").fill(again);
        await page.getByRole("button", { name: "Set password" }).click();
      };
      const answer = page.getByRole("status");
      await type("seven slow trains to Oslo", "seven slow trains to Bergen");
      await expect.poll(() => answer.textContent()).toContain("differ");
      await type("passwordpassword");
      await expect.poll(() => answer.textContent()).toContain("easy to guess");
      await type("seven slow trains to Oslo");
      await expect.poll(() => answer.textContent()).toContain("Your password is set");
      ok(await world.anonymous.account("signIn", { email: user.email, password: "seven slow trains to Oslo" }));

      await page.goto("about:blank");
      await page.goto(`${world.url}/password#${token}`);
      await type("another row of words here");
      await expect.poll(() => answer.textContent()).toContain("This link is not valid");
      await page.goto("about:blank");
      await page.goto(`${world.url}/password`);
      await expect.poll(() => answer.textContent()).toContain("needs the link");
      expect([faults, shown]).toEqual([[], []]);
      await page.close();
    },
  );
});
