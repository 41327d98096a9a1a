// SPDX-License-Identifier: MIT
/** The simulations of examples/sim: servers of the other examples under faults, an election, a storm. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { simulateSync } from "../../sim.ts";
import { election, firstFailure } from "../../examples/sim/election.ts";
import { run as retryStorm } from "../../examples/sim/retry_storm.ts";
import { run as storeStorm } from "../../examples/sim/store.ts";
import { run as webStorm } from "../../examples/sim/web.ts";

test("the store of the Redis protocol loses no acknowledged increment", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const { attempted, acknowledged } = storeStorm(seed);
    assert.ok(acknowledged > 0 && acknowledged <= attempted, `${acknowledged} of ${attempted}`);
  }
});

test("the HTTP server answers correctly or not at all, and leaks no connection", async () => {
  for (let seed = 1; seed <= 3; seed++) assert.ok(await webStorm(seed) > 0);
});

test("no term of an election has two leaders, unless votes are forgotten in a crash", () => {
  assert.equal(firstFailure(true, 20), null);
  const error = firstFailure(false, 200);
  assert.match(error!.message, /always "a term has one leader" is false/);
  const again = { seed: error!.seed };
  assert.throws(() => simulateSync(again, election(false)), { message: error!.message });
});

test("a retry storm outlasts its cause, and back-off, jitter and a budget end it", () => {
  const { atOnce, backOff } = retryStorm(1);
  const share = (windows: { calls: number; succeeded: number }[], at: number) =>
    windows[at].succeeded / windows[at].calls;
  // The outage is from 10 to 15 s; a window is 5 s.
  for (const windows of [atOnce, backOff]) {
    assert.equal(share(windows, 0), 1);
    assert.equal(share(windows, 2), 0);
  }
  assert.equal(share(atOnce, 8), 0);
  assert.equal(share(backOff, 8), 1);
  const tries = backOff.reduce((sum, window) => sum + window.tries, 0);
  const calls = backOff.reduce((sum, window) => sum + window.calls, 0);
  assert.ok(tries < 1.1 * calls + 11, `${tries} tries for ${calls} calls`);
});
