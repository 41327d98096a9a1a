// SPDX-License-Identifier: MIT
/** Once, after Go's sync/once_test.go. */
import assert from "node:assert/strict";
import type { G } from "../../src/sched/goroutine.ts";
import { go, gosched, sleep } from "../../src/sched/api.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { Once } from "../../src/sync/once.ts";
import { both, thrown, until } from "../support/harness.ts";

both("Once.do() calls only the first function, and other callers wait for it", function* () {
  const once = new Once();
  let calls = 0;
  let over = false;
  const callers = Array.from({ length: 10 }, () =>
    go(function* () {
      yield* once.do(function* () {
        calls++;
        yield* gosched();
        yield* gosched();
        over = true;
      });
      assert.ok(over, "went on before the first call had ended");
    }));
  for (const g of callers) yield* g.join();
  assert.equal(calls, 1);
  yield* once.do(function* () {
    calls++;
  });
  assert.equal(calls, 1);
});

both("Once.do(): an error is thrown to the first caller, and counts as done", function* () {
  const once = new Once();
  const error = new Error("failed");
  assert.equal(
    yield* thrown(once.do(function* () {
      throw error;
    })),
    error,
  );
  yield* once.do(function* () {
    assert.fail("called twice");
  });
});

both("Once.do(): a caller ended in the middle counts as done, and waiters continue", function* () {
  const once = new Once();
  const first = go(() => once.do(() => sleep(60_000)));
  yield* until(() => first.waitReason === "sleep");
  const second = go(() => once.do(() => assert.fail("called twice")));
  const third = go(() => once.do(() => assert.fail("called twice")));
  yield* until(() => third.waitReason === "sync.Mutex.Lock");
  scheduler.end(second as G);
  scheduler.end(first as G);
  yield* third.join();
});
