// SPDX-License-Identifier: MIT
/** WaitGroup, after Go's sync/waitgroup_test.go. */
import assert from "node:assert/strict";
import { type G, PanicError } from "../../src/sched/goroutine.ts";
import { go, gosched, run, runSync, sleep } from "../../src/sched/api.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { WaitGroup } from "../../src/sync/wait_group.ts";
import { both, thrown, until } from "../support/harness.ts";
import { test } from "node:test";

both("WaitGroup: two groups synchronize sixteen goroutines, eight times over", function* () {
  const first = new WaitGroup();
  const second = new WaitGroup();
  for (let round = 0; round < 8; round++) {
    first.add(16);
    second.add(16);
    let exited = 0;
    for (let i = 0; i < 16; i++) {
      go(function* () {
        first.done();
        yield* second.wait();
        exited++;
      });
    }
    yield* first.wait();
    assert.equal(exited, 0, "the second group let one go too soon");
    for (let i = 0; i < 16; i++) second.done();
    yield* until(() => exited === 16);
  }
});

both("WaitGroup misuse: a negative counter is Go's panic", function* () {
  const wg = new WaitGroup();
  wg.add(1);
  wg.done();
  assert.throws(() => wg.done(), new PanicError("sync: negative WaitGroup counter"));
  yield* wg.wait();
  assert.throws(() => wg.add(1.5), RangeError);
  assert.throws(() => wg.add(NaN), RangeError);
});

both("WaitGroup misuse: reused before earlier waiters have returned", function* () {
  const wg = new WaitGroup();
  wg.add(1);
  const waiter = go(() => wg.wait());
  yield* until(() => waiter.waitReason === "sync.WaitGroup.Wait");
  wg.done();
  wg.add(1);
  const text = "sync: WaitGroup is reused before previous Wait has returned";
  assert.deepEqual(yield* thrown(waiter.join()), new PanicError(text));
});

both("WaitGroup.wait() does not park at zero", function* () {
  let others = 0;
  go(function* () {
    others++;
  });
  yield* new WaitGroup().wait();
  assert.equal(others, 0);
});

both("WaitGroup.go() counts from the call to the end", function* () {
  const wg = new WaitGroup();
  const seen: number[] = [];
  for (let i = 0; i < 5; i++) {
    wg.go(function* (n: number) {
      yield* gosched();
      seen.push(n);
    }, i);
  }
  assert.deepEqual(seen, []);
  yield* wg.wait();
  assert.deepEqual(seen, [0, 1, 2, 3, 4]);
  function* named() {
    return 42;
  }
  const g = wg.go(named);
  assert.equal(g.name, "named");
  assert.equal(yield* g.join(), 42);
  yield* wg.wait();
});

both("WaitGroup.go() counts down for ended goroutines, even before they ran", function* () {
  const wg = new WaitGroup();
  const started = wg.go(() => sleep(60_000));
  const fresh = wg.go(() => sleep(60_000));
  yield* until(() => started.waitReason === "sleep");
  const late = wg.go(() => sleep(60_000));
  for (const g of [late, fresh, started]) scheduler.end(g as G);
  yield* wg.wait();
});

both("WaitGroup.go() throws on anything but a function*, and does not count it", function* () {
  const wg = new WaitGroup();
  const plain = (() => 1) as unknown as () => Generator<never>;
  assert.throws(() => wg.go(plain), TypeError);
  assert.throws(() => wg.go(null as unknown as () => Generator<never>), TypeError);
  yield* wg.wait();
});

both("WaitGroup: after wait() the counter is zero, also if others ran meanwhile", function* () {
  const wg = new WaitGroup();
  for (let round = 0; round < 3; round++) {
    let added = false;
    let done = false;
    go(function* () {
      wg.add(1);
      added = true;
      yield* gosched();
      done = true;
      wg.done();
    });
    while (!added) yield* wg.wait();
    assert.ok(done);
  }
});

both("WaitGroup: a goroutine ended in wait() is removed", function* () {
  const wg = new WaitGroup();
  wg.add(1);
  const [a, b] = [1, 2].map(() => go(() => wg.wait()));
  yield* until(() => b.waitReason === "sync.WaitGroup.Wait");
  scheduler.end(a as G);
  wg.done();
  yield* b.join();
});

test("WaitGroup.go(): an error is uncaught, and ends the run", async () => {
  const main = function* () {
    const wg = new WaitGroup();
    wg.go(function* () {
      throw new Error("boom");
    });
    yield* wg.wait();
    yield* sleep(60_000);
  };
  await assert.rejects(run(main), /boom/);
  assert.throws(() => runSync(main), /boom/);
});
