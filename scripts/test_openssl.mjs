// SPDX-License-Identifier: MIT
/**
 * `npm run test:openssl -- SUITE...`: runs the TLS tests with the OpenSSL of other Debian suites,
 * on both runtimes, and against the `openssl` program of each suite; see openssl.sh. Prints their
 * output, and finally one line with the totals.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const suites = process.argv.length > 2 ? process.argv.slice(2) : ["trixie", "sid", "experimental"];

const TESTS = ["./tests/tls", "./tests/system/openssl_peers_test.ts"];

/** A loader starts the runtimes, which therefore must be native programs. */
const RUNNERS = [
  {
    command: [`${root}node_modules/bun/bin/bun.exe`, "test", "--timeout", "120000", ...TESTS],
    passed: /^ *(\d+) pass$/m,
    failed: /^ *(\d+) fail$/m,
  },
  {
    command: [`${root}node_modules/deno/deno`, "test", "-A", "--no-check", ...TESTS],
    passed: /(\d+) passed/,
    failed: /(\d+) failed/,
  },
];

let passed = 0;
let failed = 0;

/** Runs `command` and shows its output. */
function show(command) {
  console.log(`\n$ ${command.join(" ")}`);
  const { stdout, stderr, status } = spawnSync(command[0], command.slice(1), {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1" },
    maxBuffer: 1 << 28,
  });
  process.stderr.write(stderr ?? "");
  return { output: `${stdout ?? ""}${stderr ?? ""}`, text: stdout ?? "", ok: status === 0 };
}

// All first: each is also a peer of the others.
const wrappers = suites.map((suite) => show(["scripts/openssl.sh", suite]));
for (const wrapper of wrappers) {
  if (!wrapper.ok) {
    failed++;
    continue;
  }
  for (const runner of RUNNERS) {
    const { output, ok } = show([...wrapper.text.trim().split(" "), ...runner.command]);
    const [good, bad] = [runner.passed, runner.failed].map((sum) => Number(sum.exec(output)?.[1]));
    if (!ok || Number.isNaN(good)) console.log(output);
    passed += good || 0;
    failed += bad || (ok && good > 0 ? 0 : 1);
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
