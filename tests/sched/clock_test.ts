// SPDX-License-Identifier: MIT
/** The scheduler's clock against the host's. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { now } from "../../src/sched/clock.ts";

test("the clock follows performance.now(), never ahead of it and never far behind", () => {
  now();
  let behind = Infinity;
  for (let i = 0; i < 10_000; i++) {
    const before = performance.now();
    const own = now();
    const after = performance.now();
    assert.ok(own <= after, `${own - after} ms ahead`);
    behind = Math.min(behind, before - own);
  }
  // The least of all differences: in between the thread may have been kept waiting.
  assert.ok(behind < 0.1, `${behind} ms behind`);
});

test("the clock never goes back", () => {
  for (let last = now(), i = 0; i < 10_000; i++) {
    const next = now();
    assert.ok(next >= last);
    last = next;
  }
});
