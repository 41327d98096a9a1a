// SPDX-License-Identifier: MIT
/** The trace of a simulated run, opened in a viewer of Chrome's trace format: speedscope, in Chromium. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, extname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { traceRun } from "../../sim.ts";
import { failedRun } from "../sim/viewed_runs.ts";
import { openPage, withBrowser } from "../support/browser.ts";
import { eventually } from "../support/child.ts";

const TIMEOUT_MS = 120_000;
const LIMIT_MS = 60_000;
const VIEWER = join(
  dirname(fileURLToPath(import.meta.resolve("speedscope/package.json"))),
  "dist/release",
);
const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
};

/** Serves the viewer's files on loopback. */
async function serveViewer(): Promise<Server> {
  const server = createServer(({ url }, response) => {
    const { pathname } = new URL(url!, "http://localhost");
    response.setHeader("content-type", TYPES[extname(pathname)] ?? "application/octet-stream");
    response.end(readFileSync(join(VIEWER, pathname)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

/** Opens traces one after another; for each returns the text of the viewer's page, or its alert. */
async function opened(traces: readonly string[]): Promise<string[]> {
  const server = await serveViewer();
  const { port } = server.address() as AddressInfo;
  const texts: string[] = [];
  try {
    await withBrowser(async (browser) => {
      for (const trace of traces) {
        const { page } = await openPage(browser);
        let text = "";
        page.on("dialog", (dialog) => {
          text ||= dialog.message();
          void dialog.dismiss();
        });
        // With a local path the viewer has the function by which its command passes a file.
        await page.goto(`http://127.0.0.1:${port}/index.html#localProfilePath=none`);
        await page.waitForFunction("typeof speedscope !== 'undefined'");
        const file = JSON.stringify(Buffer.from(trace).toString("base64"));
        await page.evaluate(`void speedscope.loadFileFromBase64("run.json", ${file})`);
        await eventually("the viewer has loaded the file", async () => {
          const shown = await page.evaluate("document.body.innerText") as string;
          if (/\(1\/\d+\)/.test(shown)) text ||= shown;
          return text !== "";
        }, LIMIT_MS);
        texts.push(text);
        await page.close();
      }
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return texts;
}

interface Item {
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
}

test(
  "a viewer of traces shows a track for each goroutine and kernel, and refuses a malformed trace",
  {
    timeout: TIMEOUT_MS,
  },
  async () => {
    const trace = traceRun(failedRun());
    const { traceEvents } = JSON.parse(trace) as { traceEvents: Item[] };
    const spans = traceEvents.filter(({ ph }) => ph === "X");
    const tracks = new Set(spans.map(({ pid, tid }) => `${pid} ${tid}`));
    const malformed = [
      trace.slice(0, trace.length / 2) + "?",
      trace.replaceAll('"ph":"X"', '"ph":"?"'),
    ];
    const [shown, ...refused] = await opened([trace, ...malformed]);
    assert.match(shown, /test \(pid 1\), goroutine 1: main \(tid 1\)/);
    assert.ok(shown.includes(`(1/${tracks.size})`), `${tracks.size} tracks: ${shown}`);
    const [cut, unknown] = refused;
    assert.match(cut, /Unrecognized format/);
    assert.match(unknown, /empty/);
  },
);
