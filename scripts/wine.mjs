// SPDX-License-Identifier: MIT
/**
 * `npm run test:wine`: installs Wine if necessary (scripts/wine.sh), and runs the tests in it
 * (scripts/test_wine.mjs). With arguments, runs only those directories or files. Requires Debian on
 * x86-64: on Windows run `npm test`.
 */
import { needsDebian, run } from "./tools.mjs";

/** Directory of Wine; its loader's path must be short, see scripts/wine.sh. */
const FOLDER = "/tmp/netpoll-wine";

needsDebian("test:wine");
const status = run("scripts/wine.sh", [FOLDER]);
process.exitCode = status === 0
  ? run(process.execPath, ["scripts/test_wine.mjs", FOLDER, ...process.argv.slice(2)])
  : status;
