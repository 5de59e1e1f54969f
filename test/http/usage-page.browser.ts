import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "../testkit/index.js";
import { type Story, type Window, zone } from "./usage-page.story.js";

/** Debian's Chromium, or the one that CHROMIUM names. Nothing is downloaded. */
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
// In CI a missing browser is a failure: there, nobody would notice that this never runs.
export const missing = !existsSync(executablePath) && !process.env["CI"];
export const reason = `needs a browser: apt-get install chromium, or name one with CHROMIUM (${executablePath} is not there)`;
/** Where to leave pictures for whoever wants to look at the page. */
export const screenshots = process.env["SCREENSHOTS"];

let browser: Browser | undefined;
export const closeBrowser = (): Promise<void> | undefined => browser?.close();

interface Opened {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Every request with its headers, and everything that went wrong on the page. */
  readonly requests: { url: string; method: string; body: string }[];
  readonly faults: string[];
}

/** Opens the page at the story's present and, unless told otherwise, enters its token. */
export async function open(
  story: Story,
  options: { hash?: string; dark?: boolean; width?: number; token?: string | null } = {},
): Promise<Opened> {
  browser ??= await chromium.launch({
    executablePath,
    // Containers run as root, and give little shared memory.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1200, height: 900 },
    timezoneId: zone,
    colorScheme: options.dark ? "dark" : "light",
  });
  const page = await context.newPage();
  await page.clock.setFixedTime(story.now);
  const requests: Opened["requests"] = [];
  const faults: string[] = [];
  page.on("request", (request) =>
    requests.push({ url: request.url(), method: request.method(), body: request.postData() ?? "" }),
  );
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    // The answer to a wrong token is an error to the browser, and not to us.
    if (message.type() === "error" && !message.text().includes("401")) faults.push(message.text());
  });
  await page.goto(`${story.server.url}/usage${options.hash ?? ""}`);
  const token = options.token === undefined ? story.token : options.token;
  if (token !== null) await enter(page, token);
  return { page, context, requests, faults };
}

export async function enter(page: Page, token: string): Promise<void> {
  await page.fill("#token", token);
  await page.click("#token-bar button[type=submit]");
}

/** Waits until what was chosen is shown. */
export async function settled(page: Page): Promise<void> {
  await page.waitForSelector("#report:not([hidden])");
  await page.waitForSelector('main[aria-busy="false"]');
}

export async function choose(page: Page, window: Window): Promise<void> {
  await page.locator(`input[name=window][value="${window}"]`).check({ force: true });
  await expect
    .poll(() => page.textContent("#compared"))
    .toContain({ "24h": "24 hours", "7d": "7 days", "30d": "30 days" }[window]);
  await settled(page);
}

export const inPage = <Result>(page: Page, expression: string): Promise<Result> => page.evaluate<Result>(expression);

/** The cards at the top by their titles. */
export async function totalsOf(page: Page): Promise<Record<string, string>> {
  const entries = await inPage<[string, string][]>(
    page,
    `[...document.querySelectorAll("#totals .card")].map((card) => [...card.children].map((child) => child.textContent))`,
  );
  return Object.fromEntries(entries);
}

/** What the bars add up to by outcome, from their heights against the axis and from their numbers. */
export async function barsOf(page: Page): Promise<{ counts: Record<string, number>; heights: Record<string, number> }> {
  const bars = await inPage<{ code: string; count: number; height: number; top: number; room: number }[]>(
    page,
    `(() => {
      const top = Math.max(...[...document.querySelectorAll("#chart text.tick[text-anchor=end]")].map((tick) => Number(tick.textContent.replaceAll(",", ""))));
      const room = document.querySelector("#chart .hit").getBBox().height;
      return [...document.querySelectorAll("#chart .part")].map((part) => ({
        code: part.dataset.code, count: Number(part.dataset.count), height: part.getBBox().height, top, room }));
    })()`,
  );
  const counts: Record<string, number> = {};
  const heights: Record<string, number> = {};
  for (const { code, count, height, top, room } of bars) {
    counts[code] = (counts[code] ?? 0) + count;
    heights[code] = (heights[code] ?? 0) + (height / room) * top;
  }
  return { counts, heights };
}

/** A table as texts, head first. */
export const tableOf = (page: Page, id: string): Promise<string[][]> =>
  inPage(
    page,
    `[...document.querySelectorAll("#${id} tr")].map((row) => [...row.cells].map((cell) => cell.innerText ?? ""))`,
  );
