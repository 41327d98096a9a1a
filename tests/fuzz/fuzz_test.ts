// SPDX-License-Identifier: MIT
/** A few seeds of each fuzzer; `npm run fuzz` has more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { both, onWindows } from "../support/harness.ts";
import { fuzz } from "./fuzz.ts";
import { planOf } from "./plan.ts";
import { Random } from "./random.ts";

/** Seeds, which take about a second. */
const SEEDS = { conn: 60, accept: 20, tls: 20 };

for (const [kind, count] of Object.entries(SEEDS)) {
  both(`${count} seeds: ${kind}`, function* () {
    const failures = yield* fuzz(kind, 1, count);
    // Printed here: what is left after a failure may be an error of its own.
    for (const { message } of failures) console.error(message);
    assert.equal(failures.length, 0, "a seed failed");
  }, onWindows && "the model knows how sockets of POSIX end");
}

test("a seed produces the same plan each time, on every runtime", () => {
  assert.deepEqual(planOf(7), planOf(7));
  assert.notDeepEqual(planOf(7), planOf(8));
  const random = new Random(1);
  assert.deepEqual(random.list(3, () => random.below(1000)), [684, 498, 767]);
});
