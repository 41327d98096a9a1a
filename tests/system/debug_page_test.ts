// SPDX-License-Identifier: MIT
/** The debug page of the demo, in Chromium. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Page } from "puppeteer-core";
import { openPage, withBrowser } from "../support/browser.ts";
import { eventually, startProgram } from "../support/child.ts";

const TIMEOUT_MS = 120_000;
const LIMIT_MS = 60_000;
const TOKEN = "the-token-of-this-test";

/** Text of the first element that `selector` finds. */
async function textOf(page: Page, selector: string): Promise<string> {
  return (await textsOf(page, selector))[0] ?? "";
}

/** Waits until an element has a text that matches. */
async function shows(page: Page, selector: string, pattern: RegExp): Promise<void> {
  let text = "";
  await eventually(`${pattern} in ${selector}`, async () => {
    text = await textOf(page, selector);
    return pattern.test(text);
  }, LIMIT_MS).catch((error) => assert.fail(`${error}: ${text}`));
}

/** Evaluates an expression in the page: a text, for Deno has no types of the DOM here. */
const evaluate = <T>(page: Page, expression: string) => page.evaluate(expression) as Promise<T>;

/** Texts of all elements that `selector` finds. */
const textsOf = (page: Page, selector: string) =>
  evaluate<string[]>(
    page,
    `[...document.querySelectorAll(${JSON.stringify(selector)})].map((e) => e.textContent)`,
  );

test("the debug page of the demo shows a server under load", { timeout: TIMEOUT_MS }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-debug-page-"));
  await using demo = startProgram("examples/demo.ts", [], {
    env: { HOST: "127.0.0.1", PORT: "0", TOKEN },
    lifetime: TIMEOUT_MS,
  });
  const [, url] = await demo.stdout.match(/^(http:\/\/127\.0\.0\.1:\d+\/)#token=/m);
  try {
    await withBrowser(async (browser) => {
      const { page, faults } = await openPage(browser);
      // Without a token the page asks for it, and shows nothing.
      await page.goto(url);
      await shows(page, "#status", /token is missing/);
      assert.equal(await evaluate(page, "document.querySelector('#main').hidden"), true);
      await page.type("#token", TOKEN);
      await page.click("#login button");
      await shows(page, "#status", /^live$/);
      await showsTheServer(page);
      await pausesAndSearches(page);
      await downloads(page, folder);
      await fitsAPhone(page);
      // The console reports the answers without a token.
      assert.deepEqual(faults.filter((fault) => !fault.includes("status of 401")), []);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  demo.kill("SIGTERM");
  assert.deepEqual(await demo.exit, { code: 0, signal: null });
  assert.equal(demo.stderr.text, "");
});

test("the link with the token opens the page, and the token leaves the address bar", {
  timeout: TIMEOUT_MS,
}, async () => {
  await using demo = startProgram("examples/demo.ts", [], {
    env: { HOST: "127.0.0.1", PORT: "0" },
    lifetime: TIMEOUT_MS,
  });
  const [, address] = await demo.stdout.match(/^(http:\S+#token=\S+)$/m);
  await withBrowser(async (browser) => {
    const { page } = await openPage(browser);
    await page.goto(address);
    await shows(page, "#status", /^live$/);
    assert.equal(page.url(), address.split("#")[0]);
    // It is there again after a reload, and not in another tab.
    await page.reload();
    await shows(page, "#status", /^live$/);
    const other = await openPage(browser);
    await other.page.goto(page.url());
    await shows(other.page, "#status", /token is missing/);
  });
});

async function showsTheServer(page: Page): Promise<void> {
  await shows(page, "#about", /^(bun|deno), linux, epoll, process \d+, up /);
  await shows(page, "#groups", /echoBack.*IO wait/);
  await shows(page, "#groups", /demo\.ts:\d+:\d+/);
  await shows(page, "#connections", /127\.0\.0\.1:\d+/);
  await shows(page, "#waits", /lock|chan/);
  await shows(page, "#shed", /connections\s*refused\s*[1-9]/);
  await shows(page, "#reactors", /echo0serving/);
  // The plots move.
  await eventually("points of a plot", async () => {
    const line = "document.querySelector('polyline').getAttribute('points')";
    const points = (await evaluate<string>(page, line)).split(" ");
    return new Set(points.map((point) => point.split(",")[1])).size > 2;
  }, LIMIT_MS);
  assert.equal((await page.$$("#plots figure")).length, 8);
}

async function pausesAndSearches(page: Page): Promise<void> {
  await page.click("#pause");
  await shows(page, "#status", /^paused$/);
  const numbers = await textOf(page, "#numbers");
  await new Promise((resolve) => setTimeout(resolve, 1500));
  assert.equal(await textOf(page, "#numbers"), numbers);
  await page.click("#pause");
  await eventually(
    "other numbers",
    async () => await textOf(page, "#numbers") !== numbers,
    LIMIT_MS,
  );
  await page.type("#search", "producer");
  await shows(page, "#goroutineCount", /^1$/);
  await evaluate(page, "document.querySelector('#search').value = ''");
  await page.select("#state", "chan receive");
  await eventually("one state alone", async () => {
    const states = await textsOf(page, "#goroutines td:nth-child(3)");
    return states.length > 0 && states.every((state) => state === "chan receive");
  }, LIMIT_MS);
  await page.select("#state", "");
}

async function downloads(page: Page, folder: string): Promise<void> {
  const session = await page.createCDPSession();
  await session.send("Browser.setDownloadBehavior", {
    behavior: "allow",
    downloadPath: folder,
    eventsEnabled: false,
  });
  const has = (name: string) =>
    eventually(name, () => readdirSync(folder).includes(name), LIMIT_MS);
  await page.click("#dump");
  await has("netpoll-dump.txt");
  assert.match(readFileSync(join(folder, "netpoll-dump.txt"), "utf8"), /^goroutine \d+ \[/m);
  await page.click("#trace");
  await has("netpoll-trace.json");
  const trace = JSON.parse(readFileSync(join(folder, "netpoll-trace.json"), "utf8"));
  assert.ok(trace.traceEvents.length > 1000);
}

async function fitsAPhone(page: Page): Promise<void> {
  await page.setViewport({ width: 360, height: 740, isMobile: true, hasTouch: true });
  const wide = await evaluate<number>(page, "document.documentElement.scrollWidth");
  assert.ok(wide <= 360, `${wide} pixels`);
}
