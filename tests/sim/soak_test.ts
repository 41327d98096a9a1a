// SPDX-License-Identifier: MIT
/** The short form of `npm run sim:soak`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { soak } from "./soak/soak.ts";

test("scenarios with concurrent events hold under 100 seeds", () => {
  const failures = soak(1, 100).map(({ scenario, seed, schedule, error }) =>
    `${scenario}, seed ${seed}, ${schedule}: ${error.message}`
  );
  assert.deepEqual(failures, []);
});
