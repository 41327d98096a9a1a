// SPDX-License-Identifier: MIT
/** The echo of `npm start`, as a program: that it serves, and that what is wrong is one line. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import process from "node:process";
import { test } from "node:test";
import { onWine } from "../support/harness.ts";
import { isDeno, startProgram } from "../support/child.ts";
import { checkEcho, serveExample } from "../support/echo_clients.ts";

const TIMEOUT_MS = 60_000;
const FILE = "examples/echo.ts";

/** What Bun adds to whatever it says on standard error: a gap of Wine, see WineGap. */
const OF_WINE = /^error: Cannot read file ".*": EBADFD\n+/gm;

test("examples/echo.ts echoes", { timeout: TIMEOUT_MS }, async () => {
  await using served = await serveExample(FILE);
  const poller = { linux: "epoll", win32: "iocp" }[process.platform as string] ?? "kqueue";
  // A line of advice may follow.
  assert.ok(served.child.stdout.text.includes(`(${isDeno ? "deno" : "bun"}, ${poller})\n`));
  await checkEcho(served.port);
});

/** Advice that the example adds when npm started it. */
const ADVICE = /choose another port: PORT=\d+ npm (start|run start:deno)\n$/;

/** The example with this environment, which it must refuse in one line that matches. */
async function refuses(env: Record<string, string>, line: RegExp): Promise<void> {
  await using child = startProgram(FILE, [], { env: { HOST: "127.0.0.1", ...env } });
  const exit = await child.exit;
  assert.equal(child.stdout.text, "");
  const said = onWine ? child.stderr.text.replaceAll(OF_WINE, "") : child.stderr.text;
  assert.match(said.replace(ADVICE, ""), /^[^\n]+\n$/, "one line");
  assert.match(said, line);
  assert.deepEqual(exit, { code: 1, signal: null });
}
test("a port in use is reported in one line", { timeout: TIMEOUT_MS }, async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as { port: number };
  try {
    await refuses(
      { PORT: String(port) },
      new RegExp(`^echo: listen tcp 127\\.0\\.0\\.1:${port}: bind: address already in use$`, "m"),
    );
  } finally {
    other.close();
  }
});

/** What is wrong, and the line that says so. */
const WRONG: readonly (readonly [name: string, env: Record<string, string>, line: RegExp])[] = [
  [
    "an address of another machine",
    { HOST: "203.0.113.1", PORT: "0" },
    /^echo: listen tcp 203\.0\.113\.1:0: bind: cannot assign requested address$/m,
  ],
  ["a name that is none", { HOST: "no.such.host.invalid", PORT: "0" }, /no\.such\.host\.invalid/],
  ["an address that is none", { HOST: "256.1.1.1", PORT: "0" }, /256\.1\.1\.1/],
  ["a port that is no number", { PORT: "abc" }, /^echo: listen tcp: .*abc/m],
  ["a port that is too large", { PORT: "65536" }, /^echo: listen tcp: .*invalid port/m],
  ["a port below zero", { PORT: "-1" }, /^echo: listen tcp: .*invalid port/m],
  ["a host with a bracket", { HOST: "[", PORT: "0" }, /^echo: listen tcp: .*missing ']'/m],
];

for (const [name, env, line] of WRONG) {
  test(`${name} is reported in one line`, { timeout: TIMEOUT_MS }, () => refuses(env, line));
}
