// SPDX-License-Identifier: MIT
/**
 * Sets of test files. Every directory of tests and every file in it is in every set, unless it is
 * listed here with the reason.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../programs.mjs";

const NO_UNIX = "Wine has no Unix sockets, see tests/platforms/wine_gaps_test.ts";
const THREADS = "libkqueue closes late what another thread watches: see docs/pollers.md";

/** Directories about this repository rather than a system. */
const REPOSITORY = {
  "tests/docs": "looks at texts and packages",
  "tests/gates": "looks at the scripts",
};

/** Directories with a run of their own. */
const OWN_RUN = {
  "tests/clients": "needs servers of Debian: npm run test:clients",
  "tests/system": "needs Linux's own tools, and counts epoll's descriptors: npm run test:system",
  "tests/wine": "needs Wine: npm run test:wine",
};

/** Sets by name: the excluded paths with their reasons. */
const LEFT_OUT = {
  /** `npm test`. */
  all: OWN_RUN,
  /** `npm run test:kqueue`. */
  kqueue: {
    ...OWN_RUN,
    ...REPOSITORY,
    "tests/examples": "expects that each program names the poller of its system",
    "tests/pool": THREADS,
    "tests/reactor": THREADS,
    "tests/serve/same_options_test.ts": THREADS,
    "tests/sim": "simulates its own system, so that no poller takes part",
  },
  /** `npm run test:wine`. */
  wine: {
    ...OWN_RUN,
    ...REPOSITORY,
    "tests/net/unix_test.ts": NO_UNIX,
    "tests/net/unix_fds_test.ts": NO_UNIX,
  },
};

/**
 * Files that Bun cannot load under Wine. To find some packages it lists directories, for which Wine
 * needs its device drivers, which scripts/wine.sh disables. Using a Wine server with drivers for
 * these files alone was tried: it mostly works, but sometimes the previous server is still running.
 */
const NEEDS_FOLDERS = /from "fast-check"|from "\.\.\/support\/property\.ts"/;
const DENO_SHIM = "tests/net/deno_errors_test.ts";

/** Returns why `file` does not run under Bun in Wine, or undefined. */
export function notForBunUnderWine(file) {
  const needs = file === DENO_SHIM || NEEDS_FOLDERS.test(readFileSync(join(ROOT, file), "utf8"));
  return needs ? 'a gap of Wine as we run it: "folders for Bun to read"' : undefined;
}

/** Returns the test files of a directory, or the file itself, with "/" on every system. */
export function filesIn(place) {
  const path = place.replaceAll("\\", "/").replace(/^\.\//, "").replace(/\/$/, "");
  if (statSync(join(ROOT, path)).isFile()) return [path];
  return readdirSync(join(ROOT, path), { recursive: true })
    .map((name) => `${path}/${name.replaceAll("\\", "/")}`)
    .filter((file) => file.endsWith("_test.ts"))
    .sort();
}

/** Returns the test files of a set, and its exclusions: `[path, reason]`. */
export function testSet(name) {
  const leftOut = Object.entries(LEFT_OUT[name]);
  const files = filesIn("tests").filter((file) =>
    !leftOut.some(([path]) => file === path || file.startsWith(`${path}/`))
  );
  return { files, leftOut };
}
