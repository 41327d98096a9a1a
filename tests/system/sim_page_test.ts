// SPDX-License-Identifier: MIT
/** The page of a simulated run, in Chromium: a file, without a server. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import type { Page } from "puppeteer-core";
import { pageOfRun, type SimulationRun } from "../../sim.ts";
import { failedRun, longRun } from "../sim/viewed_runs.ts";
import { openPage, withBrowser } from "../support/browser.ts";
import { eventually } from "../support/child.ts";

const TIMEOUT_MS = 120_000;
const LIMIT_MS = 60_000;

/** Evaluates an expression in the page: a text, for Deno has no types of the DOM here. */
const evaluate = <T>(page: Page, expression: string) => page.evaluate(expression) as Promise<T>;

const count = (page: Page, selector: string) =>
  evaluate<number>(page, `document.querySelectorAll(${JSON.stringify(selector)}).length`);

const textOf = (page: Page, selector: string) =>
  evaluate<string>(page, `document.querySelector(${JSON.stringify(selector)}).textContent`);

/** Names of the hosts that are shown. */
const names = (page: Page) =>
  evaluate<string[]>(
    page,
    `[...document.querySelectorAll("#names span")].map((e) => e.textContent)`,
  );

/** Waits until an expression of the page is true. */
const holds = (page: Page, expression: string) =>
  eventually(expression, () => evaluate<boolean>(page, expression), LIMIT_MS);

/** Opens the page of a run from a file; afterwards it had no fault and made no request. */
async function withPage(run: SimulationRun, use: (page: Page) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-sim-page-"));
  try {
    const file = join(folder, "run.html");
    writeFileSync(file, pageOfRun(run));
    await withBrowser(async (browser) => {
      const { page, faults } = await openPage(browser);
      await page.setViewport({ width: 1200, height: 800 });
      const requests: string[] = [];
      page.on("request", (request) => void requests.push(request.url()));
      const url = pathToFileURL(file).href;
      await page.goto(url);
      await use(page);
      assert.deepEqual(faults, []);
      // A change to a phone loads the file again.
      assert.ok(requests.length > 0);
      const others = requests.filter((one) => one !== url && !one.startsWith("data:"));
      assert.deepEqual(others, []);
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Scrolls to a part of the diagram, from 0 to 1, and waits until it is drawn. */
async function scrollTo(page: Page, part: number): Promise<void> {
  await evaluate(
    page,
    `{
    const diagram = document.querySelector("#diagram");
    diagram.scrollTop = ${part} * (diagram.scrollHeight - diagram.clientHeight);
  }`,
  );
  await holds(
    page,
    `parseFloat(document.querySelector("#drawing").style.top) ===
      document.querySelector("#diagram").scrollTop`,
  );
}

/** Sees whether an element is drawn anywhere, scrolling from the top to the end. */
async function isDrawn(page: Page, selector: string): Promise<boolean> {
  for (let part = 0; part <= 10; part++) {
    await scrollTo(page, part / 10);
    if (await count(page, selector) > 0) return true;
  }
  return false;
}

test("a failed run: hosts, packets, faults; filters, details and zoom", {
  timeout: TIMEOUT_MS,
}, async () => {
  await withPage(failedRun(), async (page) => {
    // The end is shown first, for it is what failed.
    assert.match(await textOf(page, "#outcome"), /^PropertyError: always "few questions" is false/);
    assert.match(await textOf(page, "#about"), /^seed 7, hash [0-9a-f]{16}, /);
    await holds(page, `document.querySelectorAll("line.end").length === 1`);
    assert.equal(await count(page, "line.life"), 5);
    assert.deepEqual(await names(page), ["test", "a", "b", "c", "client"]);
    assert.match(await textOf(page, "#properties tr.failed"), /few questions0 true, 1 false/);
    assert.match(await textOf(page, "#properties tr.missed"), /<\/script><!--/);
    assert.match(await textOf(page, "#dump"), /^goroutine 1 \[running\]: main$/m);
    const drawn = [
      "path.arrow:not(.lost)",
      "path.arrow.lost",
      "path.cross",
      "rect.cut",
      "line.down",
      "line.paused",
      "line.operation",
      "circle.fault",
    ];
    for (const selector of drawn) assert.ok(await isDrawn(page, selector), selector);
    assert.match(await evaluate(page, "document.title"), /^failed: seed 7$/);
    await filters(page);
    await details(page);
    await zooms(page);
    await fitsAPhone(page);
  });
});

const events = (page: Page) => textOf(page, "#count").then((text) => parseInt(text));

async function filters(page: Page): Promise<void> {
  const all = await events(page);
  await page.click(`#hosts input[name="a"]`);
  assert.equal(await count(page, "line.life"), 4);
  assert.deepEqual(await names(page), ["test", "b", "c", "client"]);
  const without = await events(page);
  assert.ok(without < all, `${without} of ${all}`);
  await page.click(`#hosts input[name="client"]`);
  assert.ok(await events(page) < without);
  await page.click(`#hosts input[name="a"]`);
  await page.click(`#hosts input[name="client"]`);
  assert.equal(await events(page), all);
  await page.click(`#kinds input[name="call"]`);
  assert.ok(await events(page) > all);
  await page.click(`#kinds input[name="call"]`);
  await page.type("#search", "paused");
  assert.equal(await events(page), 1);
  await evaluate(
    page,
    `{
    const search = document.querySelector("#search");
    search.value = "";
    search.dispatchEvent(new Event("input"));
  }`,
  );
  assert.equal(await events(page), all);
}

async function details(page: Page): Promise<void> {
  await scrollTo(page, 0);
  await page.click("#fault");
  assert.match(await textOf(page, "#details"), /lost -> /);
  assert.equal(await count(page, "rect.row.selected"), 1);
  assert.equal(await count(page, "path.arrow.chosen"), 1);
  const before = await textOf(page, "#details");
  await page.focus("#diagram");
  await page.keyboard.press("ArrowDown");
  assert.notEqual(await textOf(page, "#details"), before);
  await scrollTo(page, 0);
  await page.click("rect.row");
  assert.match(await textOf(page, "#details"), /time\d+\.\d{3} ms/);
}

async function zooms(page: Page): Promise<void> {
  const height = () => evaluate<number>(page, `document.querySelector("#diagram").scrollHeight`);
  const before = await height();
  await page.click("#in");
  const larger = await height();
  assert.ok(larger > before * 1.2, `${before} to ${larger}`);
  await page.click("#out");
  await page.click("#out");
  assert.ok(await height() < before);
}

async function fitsAPhone(page: Page): Promise<void> {
  await page.setViewport({ width: 360, height: 740, isMobile: true, hasTouch: true });
  const wide = await evaluate<number>(page, "document.documentElement.scrollWidth");
  assert.ok(wide <= 360, `${wide} pixels`);
}

test("a run of many thousand events draws what can be seen, in light and dark", {
  timeout: TIMEOUT_MS,
}, async () => {
  const run = longRun(1000);
  assert.ok(run.events.length > 10_000, `${run.events.length} events`);
  await withPage(run, async (page) => {
    assert.equal(await textOf(page, "#outcome"), "passed");
    for (const part of [0, 0.5, 1]) {
      await scrollTo(page, part);
      const rows = await count(page, "rect.row");
      assert.ok(rows > 20 && rows < 300, `${rows} rows`);
      assert.ok(await count(page, "path.arrow") > 5);
      assert.ok(await count(page, "#marks *") < 2000);
    }
    const ground = () => evaluate<string>(page, "getComputedStyle(document.body).backgroundColor");
    const backgrounds = [];
    for (const value of ["light", "dark"]) {
      await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
      backgrounds.push(await ground());
    }
    assert.deepEqual(backgrounds, ["rgb(255, 255, 255)", "rgb(20, 23, 30)"]);
  });
});
