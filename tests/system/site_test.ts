// SPDX-License-Identifier: MIT
/**
 * The website, as `npm run site` builds it: no broken link, and in Chromium no error, nothing wider
 * than a phone, and code that copies.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { extname, join, posix } from "node:path";
import { test } from "node:test";
import type { Browser, Page } from "puppeteer-core";
import { openPage, withBrowser } from "../support/browser.ts";
import { eventually, isDeno, start } from "../support/child.ts";

const TIMEOUT_MS = 600_000;
/** Longest that one step in the browser may take. */
const STEP_MS = 60_000;
const PHONE = { width: 360, height: 740, isMobile: true, hasTouch: true };

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".woff2": "font/woff2",
};

/** Serves the files of a folder. */
function serveFolder(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url!, "http://a").pathname);
    try {
      const body = readFileSync(join(folder, path.endsWith("/") ? `${path}index.html` : path));
      response.writeHead(200, { "content-type": TYPES[extname(path) || ".html"] ?? "text/plain" });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

/** The pages of the website, relative to its folder. */
function pagesOf(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
    name.endsWith(".html")
  );
}

/** What a page links to, and what can be linked to in it. */
interface Links {
  readonly targets: readonly string[];
  readonly ids: ReadonlySet<string>;
}

function linksOf(html: string): Links {
  const found = (pattern: RegExp) => [...html.matchAll(pattern)].map(([, text]) => unescape(text));
  return {
    targets: found(/<(?:a|link|img|script)\b[^>]*?\s(?:href|src)="([^"]*)"/g),
    ids: new Set(found(/\sid="([^"]*)"/g)),
  };
}

function unescape(text: string): string {
  return text.replaceAll(
    /&#(x?)([\da-f]+);/gi,
    (_, hex, digits) => String.fromCodePoint(parseInt(digits, hex === "" ? 10 : 16)),
  )
    .replaceAll("&quot;", '"').replaceAll("&lt;", "<").replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

/** A parameter of a mapped type, to which deno doc links without showing it. */
const OF_DENO_DOC = /^#type_param_/;

/** Every link of the website that leads nowhere. */
function brokenLinks(folder: string): string[] {
  const pages = new Map(
    pagesOf(folder).map((page) => [page, linksOf(readFileSync(join(folder, page), "utf8"))]),
  );
  const broken: string[] = [];
  for (const [page, { targets }] of pages) {
    for (const target of targets) {
      if (/^[a-z]+:|^\/\//.test(target) || OF_DENO_DOC.test(target)) continue;
      const [path, anchor = ""] = target.split("#");
      const file = fileOf(folder, page, decodeURIComponent(path));
      const ids = file === null ? undefined : pages.get(file)?.ids;
      const there = file !== null &&
        (anchor === "" || ids === undefined || ids.has(decodeURIComponent(anchor)));
      if (!there) broken.push(`${page}: ${target}`);
    }
  }
  return [...new Set(broken)];
}

/** The file that a link means, or null. */
function fileOf(folder: string, page: string, path: string): string | null {
  if (path === "") return page;
  let file = path.startsWith("/") ? path.slice(1) : posix.join(posix.dirname(page), path);
  file = file.split("?")[0];
  if (file === "" || file === "." || file.endsWith("/")) file = posix.join(file, "index.html");
  const there = statSync(join(folder, file), { throwIfNoEntry: false });
  return there?.isFile() ? file : null;
}

const evaluate = <T>(page: Page, expression: string) => page.evaluate(expression) as Promise<T>;

/** Opens every page as a phone does. Returns what is wrong with each. */
async function faultsOnAPhone(browser: Browser, url: string, pages: string[]): Promise<string[]> {
  const { page, faults } = await openPage(browser);
  await page.setViewport(PHONE);
  const found: string[] = [];
  for (const path of pages) {
    await page.goto(`${url}/${path}`);
    const wide = await evaluate<string[]>(
      page,
      `document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth)
          .slice(0, 2).map((e) => e.outerHTML.slice(0, 120))`,
    );
    found.push(...faults.splice(0).map((fault) => `${path}: ${fault}`));
    if (wide.length > 0) found.push(`${path} is wider than the phone: ${wide.join(" ")}`);
  }
  await page.close();
  return found;
}

async function copiesCode(browser: Browser, url: string): Promise<void> {
  await browser.defaultBrowserContext().overridePermissions(url, [
    "clipboard-read",
    "clipboard-write",
    "clipboard-sanitized-write",
  ]);
  const { page } = await openPage(browser);
  await page.goto(`${url}/`);
  await page.bringToFront();
  const block = "div.language-ts";
  // Before its script has run, a click does nothing.
  await eventually("a copy", async () => {
    await page.hover(block);
    await page.click(`${block} button.copy`);
    return await page.$(`${block} button.copied`) !== null;
  }, STEP_MS);
  const copied = await evaluate<string>(page, "navigator.clipboard.readText()");
  const [, program] = /```ts\n([\s\S]*?)```/.exec(
    readFileSync(new URL("../../README.md", import.meta.url), "utf8"),
  )!;
  assert.equal(copied.trim(), program.trim());
  await page.close();
}

async function searches(browser: Browser, url: string): Promise<void> {
  const { page } = await openPage(browser);
  await page.setViewport({ width: 1280, height: 800 });
  await page.goto(`${url}/`);
  await eventually("the search", async () => {
    await page.click(".DocSearch-Button");
    return await page.$("#localsearch-input") !== null;
  }, STEP_MS);
  await page.type("#localsearch-input", "deadline");
  await page.waitForSelector("#localsearch-list .result");
  await page.keyboard.press("Escape");
  await page.waitForSelector("#localsearch-input", { hidden: true });
  await page.click(".VPNavBarAppearance .VPSwitchAppearance");
  assert.equal(await evaluate(page, "document.documentElement.classList.contains('dark')"), true);
  await page.close();
}

/** Diagrams are drawn, and drawn anew in dark colors. */
async function drawsDiagrams(browser: Browser, url: string): Promise<void> {
  const { page, faults } = await openPage(browser);
  await page.setViewport({ width: 1280, height: 800 });
  await page.goto(`${url}/docs/architecture.html`);
  const drawn = () =>
    evaluate<string[]>(
      page,
      `[...document.querySelectorAll("pre.mermaid")].map((e) => e.querySelector("svg .node") === null ? "" : e.innerHTML)`,
    );
  const all = (diagrams: string[]) => diagrams.length === 3 && !diagrams.includes("");
  await eventually("three diagrams", async () => all(await drawn()), STEP_MS);
  const light = await drawn();
  await page.click(".VPNavBarAppearance .VPSwitchAppearance");
  await eventually("dark diagrams", async () => {
    const dark = await drawn();
    return all(dark) && dark.every((diagram, i) => diagram !== light[i]);
  }, STEP_MS);
  assert.deepEqual(faults, []);
  await page.close();
}

const skip = isDeno && "Node builds the website, whatever runs this test";

test("the website has no broken link, fits a phone, and its code can be copied", {
  skip,
  timeout: TIMEOUT_MS,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-site-"));
  try {
    await using build = start("node", ["scripts/site.mjs", folder], { lifetime: TIMEOUT_MS });
    const { code } = await build.exit;
    assert.equal(code, 0, build.stdout.text + build.stderr.text);
    const pages = pagesOf(folder);
    assert.ok(pages.filter((page) => page.startsWith("api/")).length > 100, "an API reference");
    assert.deepEqual(brokenLinks(folder), []);
    const server = await serveFolder(folder);
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      await withBrowser(async (browser) => {
        const read = pages.filter((page) => !/^(api|source|bench\/results)\/|^404/.test(page));
        assert.ok(read.length > 20, read.join());
        assert.deepEqual(await faultsOnAPhone(browser, url, read), []);
        await copiesCode(browser, url);
        await searches(browser, url);
        await drawsDiagrams(browser, url);
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
