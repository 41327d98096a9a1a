// SPDX-License-Identifier: MIT
/** Chromium without a window, for tests of pages. */
import process from "node:process";
import puppeteer, { type Browser, type Page } from "puppeteer-core";

/** Where Debian installs it; CHROMIUM names another. */
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Longest that one step may take, in milliseconds: it is there to end a hang. */
const STEP_MS = 60_000;

/** A page, and what went wrong in it. */
export interface Visit {
  readonly page: Page;
  /** Errors of scripts, of the console, of the page's policy, and of requests. */
  readonly faults: string[];
}

/** Opens a browser for `use`. As root Chromium needs to do without its sandbox. */
export async function withBrowser(use: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM,
    headless: true,
    timeout: STEP_MS,
    protocolTimeout: STEP_MS,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
  });
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}

/** Opens an empty page that notes its faults. */
export async function openPage(browser: Browser): Promise<Visit> {
  const page = await browser.newPage();
  page.setDefaultTimeout(STEP_MS);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`error: ${error}`));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(`console: ${message.text()}`);
  });
  page.on("requestfailed", (request) => {
    faults.push(`${request.url()}: ${request.failure()?.errorText}`);
  });
  return { page, faults };
}
