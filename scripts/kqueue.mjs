// SPDX-License-Identifier: MIT
/**
 * `npm run test:kqueue`: runs tests over the kqueue adapter on Linux, by Debian's libkqueue. With
 * arguments, runs only those directories or files. Requires Debian on x86-64: on macOS and FreeBSD,
 * where kqueue is the system's own poller, run `npm test`.
 */
import process from "node:process";
import { needsDebian, output, run } from "./tools.mjs";

needsDebian("test:kqueue");
const given = process.argv.slice(2);
const what = given.length > 0 ? given : ["--set=kqueue"];
process.exitCode = run(process.execPath, ["scripts/test.mjs", ...what], {
  NETPOLL_POLLER: "kqueue",
  NETPOLL_LIBKQUEUE: output("scripts/libkqueue.sh", []),
});
