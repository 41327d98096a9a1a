// SPDX-License-Identifier: MIT
/** Planted bugs are found, and their mended twins are clean. `npm run sim:bugs` has more runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { BUGS } from "./bugs/all.ts";
import { STRATEGIES } from "./bugs/bug.ts";
import { cleanRuns, failureOf, MOST_RUNS, search } from "./bugs/search.ts";

/** Runs of each mended twin. */
const RUNS = 100;

for (const bug of BUGS) {
  for (const strategy of bug.strategies ?? STRATEGIES) {
    const name = typeof strategy === "string" ? strategy : Object.keys(strategy)[0];
    test(`${bug.name}: found, ${name}, and reproduced from its few decisions`, () => {
      const found = search(bug, strategy, 20);
      assert.ok(found !== null, `not found in ${MOST_RUNS} runs`);
      const { options, hash } = found.error;
      assert.equal(failureOf(bug.broken, { ...bug.options, ...options })?.hash, hash);
    });
  }

  test(`${bug.name}: the fixed twin is clean`, () => {
    assert.equal(cleanRuns(bug, RUNS), null);
  });
}

test("a failing twin is reported", () => {
  const [bug] = BUGS;
  const error = cleanRuns({ ...bug, mended: bug.broken }, MOST_RUNS);
  assert.match(error!.message, bug.failure);
});
