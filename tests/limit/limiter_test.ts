// SPDX-License-Identifier: MIT
/** Who comes in, and to whom, where workers have more to do from one moment to the next. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WorkerBalancer } from "../../src/reactor/balance.ts";
import { Limiter, type LimiterOwner } from "../../src/limit/limiter.ts";
import { checkLimits, type Limits } from "../../src/limit/limit_options.ts";

/** A gate under `limits` whose keeper has so many goroutines at each question. */
function gate(limits: Limits, ...goroutines: number[]): Limiter {
  const keeper: LimiterOwner = {
    goroutines: () => goroutines.shift()!,
    closeOldestIdle: () => false,
  };
  return new Limiter(checkLimits("test", limits), keeper);
}

test("who was accepted before there were too many goroutines comes in, where others wait", () => {
  const waiting = gate({ goroutines: 4 }, 3, 4, 4);
  assert.equal(waiting.open, true);
  assert.equal(waiting.enter(""), null);
  assert.equal(waiting.open, false);
  assert.equal(waiting.counters.refused.goroutines, 0);
  assert.equal(waiting.counters.stopped.goroutines, 1);
});

test("where the policy is to refuse, too many goroutines refuse", () => {
  const refusing = gate({ goroutines: { most: 4, policy: "refuse" } }, 4, 3);
  assert.equal(refusing.open, true);
  assert.equal(refusing.enter(""), "goroutines");
  assert.equal(refusing.enter(""), null);
});

for (const strategy of ["roundRobin", "random", "leastConnections"] as const) {
  test(`with nobody ready any more one that is able is chosen: ${strategy}`, () => {
    const workers = [
      { able: false, ready: false, connections: 0 },
      { able: true, ready: true, connections: 2 },
      { able: true, ready: false, connections: 1 },
    ];
    const balancer = new WorkerBalancer(strategy, workers);
    assert.equal(balancer.choose(), workers[1]);
    workers[1].ready = false;
    assert.ok(balancer.choose()!.able);
    for (const worker of workers) worker.able = false;
    assert.equal(balancer.choose(), null);
  });
}
