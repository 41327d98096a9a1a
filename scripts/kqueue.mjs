// SPDX-License-Identifier: MIT
/**
 * `npm run test:kqueue`: runs tests over the kqueue adapter on Linux, by way of Debian's libkqueue. With
 * arguments, runs those folders or files alone. It needs Debian on x86-64: on macOS and FreeBSD, where
 * kqueue is the system's own poller, run `npm test`.
 */
import { readdirSync } from "node:fs";
import { needsDebian, output, root, run } from "./tools.mjs";

const THREADS = "libkqueue closes late what another thread watches: see docs/pollers.md";

/** Folders of tests that do not run there, and why. */
const EXCLUDED = new Map([
  ["docs", "tests what is written, over no poller"],
  ["examples", "tests that each program names the poller of its system"],
  ["fixtures", "holds no tests"],
  ["pool", THREADS],
  ["reactor", THREADS],
  ["support", "holds no tests"],
  ["system", "tests Linux's own tools, and counts epoll's descriptors"],
  ["wine", "tests programs under Wine"],
]);

/** Every folder of tests but the excluded ones. */
function folders() {
  return readdirSync(new URL("tests", root), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !EXCLUDED.has(entry.name))
    .map((entry) => `./tests/${entry.name}`);
}

needsDebian("test:kqueue");
const given = process.argv.slice(2);
process.exitCode = run(process.execPath, [
  "scripts/test.mjs",
  ...given.length > 0 ? given : folders(),
], {
  NETPOLL_POLLER: "kqueue",
  NETPOLL_LIBKQUEUE: output("scripts/libkqueue.sh", []),
});
