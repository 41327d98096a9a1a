// SPDX-License-Identifier: MIT
/**
 * `npm run test:openssl -- SUITE...`: runs the TLS tests with the OpenSSL of other Debian suites,
 * on both runtimes, and against the `openssl` program of each suite; see openssl.sh. Prints their
 * output, and finally one line with the totals.
 */
import process from "node:process";
import { capture, ROOT } from "./programs.mjs";

const suites = process.argv.length > 2 ? process.argv.slice(2) : ["trixie", "sid", "experimental"];

const TESTS = ["./tests/tls", "./tests/system/openssl_peers_test.ts"];

/** A loader starts the runtimes, which therefore must be native programs. */
const RUNNERS = [
  {
    command: [`${ROOT}node_modules/bun/bin/bun.exe`, "test", "--timeout", "120000", ...TESTS],
    passed: /^ *(\d+) pass$/m,
    failed: /^ *(\d+) fail$/m,
  },
  {
    command: [`${ROOT}node_modules/deno/deno`, "test", "-A", "--no-check", ...TESTS],
    passed: /(\d+) passed/,
    failed: /(\d+) failed/,
  },
];

let passed = 0;
let failed = 0;

/** Runs `command`. Its output is shown at its end, for another may run beside it. */
async function show(command) {
  const { status, output, stdout } = await capture(command);
  console.log(`\n$ ${command.join(" ")}`);
  return { ok: status === 0, output, stdout };
}

/** Runs the tests with `runner`, started by the command `loader`. */
async function runTests(loader, runner) {
  const { ok, output } = await show([...loader, ...runner.command]);
  const [good, bad] = [runner.passed, runner.failed].map((sum) => Number(sum.exec(output)?.[1]));
  console.log(ok ? `${good} passed` : output);
  passed += good || 0;
  failed += bad || (ok && good > 0 ? 0 : 1);
}

// All first: each is also a peer of the others.
const loaders = [];
for (const suite of suites) {
  const { ok, output, stdout } = await show(["scripts/openssl.sh", suite]);
  if (ok) loaders.push(stdout.trim().split(" "));
  else {
    failed++;
    console.log(output);
  }
}
// Both runtimes at a time: a run takes one processor.
for (const loader of loaders) {
  await Promise.all(RUNNERS.map((runner) => runTests(loader, runner)));
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
