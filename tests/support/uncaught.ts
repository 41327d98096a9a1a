// SPDX-License-Identifier: MIT
/**
 * Writes uncaught errors to the file that NETPOLL_UNCAUGHT names. Deno loads this before each test
 * file (scripts/runners/runners.mjs): if the tests are those of `node:test`, it ignores an error thrown
 * by the module, by a callback or by a promise outside of a test, and reports success.
 */
import { appendFileSync } from "node:fs";
import process from "node:process";

const file = process.env.NETPOLL_UNCAUGHT;

/** Records an error, unless the test listens for such errors itself. */
function record(event: string, error: unknown): void {
  if (process.listenerCount(event) > 0) return;
  const text = error instanceof Error ? error.stack ?? String(error) : String(error);
  appendFileSync(file!, `${JSON.stringify({ module: process.argv[1], text })}\n`);
}

if (file !== undefined) {
  addEventListener("error", (event) => record("uncaughtException", (event as ErrorEvent).error));
  addEventListener(
    "unhandledrejection",
    (event) => record("unhandledRejection", (event as PromiseRejectionEvent).reason),
  );
}
