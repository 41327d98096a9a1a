// SPDX-License-Identifier: MIT
/**
 * Takes docs/debug.png: the debug page of the demo after some seconds, in Debian's Chromium.
 * `node scripts/debug_screenshot.mjs`.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import puppeteer from "puppeteer-core";
import { program, ROOT } from "./programs.mjs";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Time for the plots to fill, in milliseconds. */
const WAIT_MS = 40_000;

const [file, ...args] = program("bun", "examples/demo.ts");
const env = { ...process.env, PORT: "0" };
const demo = spawn(file, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "inherit"] });
const url = await new Promise((resolve) => {
  demo.stdout.setEncoding("utf8").on("data", (text) => {
    const match = /^http:\S+$/m.exec(text);
    if (match !== null) resolve(match[0]);
  });
});
const browser = await puppeteer.launch({
  executablePath: CHROMIUM,
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
try {
  const page = await browser.newPage();
  await page.setViewport({ width: 1200, height: 860 });
  await page.goto(url);
  await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
  await page.screenshot({ path: join(ROOT, "docs/debug.png") });
} finally {
  await browser.close();
  demo.kill("SIGTERM");
}
