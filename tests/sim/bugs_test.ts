// SPDX-License-Identifier: MIT
/** Planted bugs are found, and their mended twins are clean. `npm run sim:bugs` has more runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { simulateSync } from "../../sim.ts";
import { BUGS } from "./bugs/all.ts";
import { cleanRuns, failureOf, MOST_RUNS, ORDERS, search } from "./bugs/search.ts";

/** Runs of each mended twin. */
const RUNS = 100;

for (const bug of BUGS) {
  for (const order of ORDERS) {
    test(`${bug.name}: found, ${order}, and again from its seed`, () => {
      const found = search(bug, order);
      assert.ok(found !== null, `not found in ${MOST_RUNS} runs`);
      const { seed, hash } = found.error;
      const again = failureOf(bug.broken, { ...bug.options, seed, schedule: order });
      assert.equal(again?.hash, hash);
    });
  }

  test(`${bug.name}: the mended twin is clean`, () => {
    assert.equal(cleanRuns(bug, RUNS), null);
  });
}

test("a twin that fails is reported", () => {
  const [bug] = BUGS;
  const error = cleanRuns({ ...bug, mended: bug.broken }, MOST_RUNS);
  assert.match(error!.message, bug.failure);
  assert.throws(() => simulateSync({ ...bug.options, seed: error!.seed }, bug.broken), bug.failure);
});
