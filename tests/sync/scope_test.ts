// SPDX-License-Identifier: MIT
/** Scopes: goroutines that do not outlive their block. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type G, type Goroutine, PanicError, type Routine } from "../../src/sched/goroutine.ts";
import { go, gosched, numGoroutine, run, runSync, sleep } from "../../src/sched/api.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { type Scope, scope } from "../../src/sync/scope.ts";
import { both, thrown, until } from "../support/harness.ts";

/** Writes into `log` when it ends in whatever way; parks before that, if it is `slow`. */
function* forever(log: string[], name: string, slow = false): Routine<void> {
  try {
    yield* sleep(60_000);
  } finally {
    if (slow) yield* sleep(1);
    log.push(name);
  }
}

both("scope() returns its body's result, once all goroutines have ended", function* () {
  const log: string[] = [];
  const before = numGoroutine();
  const value = yield* scope(function* (s) {
    for (const n of [3, 1, 2]) {
      s.go(function* (ms: number) {
        yield* sleep(ms);
        log.push("child");
      }, n);
    }
    log.push("body");
    return 42;
  });
  assert.equal(value, 42);
  assert.deepEqual(log, ["body", "child", "child", "child"]);
  assert.equal(numGoroutine(), before);
});

both("scope(): the body can join its goroutines", function* () {
  const sum = yield* scope(function* (s) {
    const double = function* (n: number) {
      yield* gosched();
      return 2 * n;
    };
    const all = [1, 2, 3].map((n) => s.go(double, n));
    assert.equal(all[0].name, "double");
    let sum = 0;
    for (const g of all) sum += yield* g.join();
    return sum;
  });
  assert.equal(sum, 12);
});

both(
  "scope(): the first error ends the other goroutines and the body, and is thrown",
  function* () {
    const log: string[] = [];
    const error = new Error("first");
    const before = numGoroutine();
    const caught = yield* thrown(scope(function* (s) {
      s.go(forever, log, "slow", true);
      s.go(forever, log, "quick");
      s.go(function* () {
        yield* gosched();
        throw error;
      });
      s.go(function* () {
        try {
          yield* sleep(60_000);
        } finally {
          // An error on the way out is not the first any more.
          // deno-lint-ignore no-unsafe-finally
          throw new Error("second");
        }
      });
      yield* forever(log, "body");
      log.push("not reached");
    }));
    assert.equal(caught, error);
    assert.deepEqual(log.toSorted(), ["body", "quick", "slow"]);
    assert.equal(log.at(-1), "slow", "it was not waited for");
    assert.equal(numGoroutine(), before);
  },
);

both("scope(): an error of the body ends its goroutines", function* () {
  const log: string[] = [];
  const error = new Error("body");
  const caught = yield* thrown(scope(function* (s) {
    s.go(forever, log, "child", true);
    yield* gosched();
    throw error;
  }));
  assert.equal(caught, error);
  assert.deepEqual(log, ["child"]);
});

both("scope(): an undefined error is reported too", function* () {
  const caught = yield* thrown(scope(function* () {
    yield* gosched();
    throw undefined;
  }));
  assert.equal(caught, undefined);
});

both("scope(): ending the calling goroutine ends the scope's", function* () {
  const log: string[] = [];
  const before = numGoroutine();
  const owner = go(function* owner() {
    try {
      yield* scope(function* (s) {
        s.go(forever, log, "slow", true);
        s.go(forever, log, "quick");
        yield* scope(function* (inner) {
          inner.go(forever, log, "inner", true);
          yield* forever(log, "inner body");
        });
        log.push("not reached");
      });
      log.push("not reached either");
    } finally {
      log.push("owner");
    }
    log.push("nor this");
  });
  yield* until(() => numGoroutine() === before + 6);
  yield* until(() =>
    [...scheduler.current!.run.goroutines()].every((g) => g.status !== "runnable")
  );
  scheduler.end(owner as G);
  // It waits for the slow ones even if it is ended again, and again.
  scheduler.end(owner as G);
  assert.equal(owner.status, "waiting");
  assert.ok(!log.includes("owner"));
  yield* until(() => owner.status === "dead");
  assert.deepEqual(log.toSorted(), ["inner", "inner body", "owner", "quick", "slow"]);
  assert.equal(log.at(-1), "owner");
  assert.equal(numGoroutine(), before);
});

both("scope(): without parking finally blocks the owner is dead at once", function* () {
  const log: string[] = [];
  const owner = go(() =>
    scope(function* (s) {
      s.go(forever, log, "child");
      yield* forever(log, "body");
    })
  );
  yield* until(() => numGoroutine() >= 4 && owner.waitReason === "scope");
  yield* gosched();
  scheduler.end(owner as G);
  assert.equal(owner.status, "dead");
  assert.deepEqual(log, ["child", "body"]);
});

both("scope(): an error in a finally block of an ended scope is not lost", function* () {
  const error = new Error("in finally");
  const owner = go(() =>
    scope(function* (s) {
      s.go(function* () {
        try {
          yield* sleep(60_000);
        } finally {
          yield* sleep(1);
          // deno-lint-ignore no-unsafe-finally
          throw error;
        }
      });
      yield* sleep(60_000);
    })
  );
  const joiner = go(() => thrown(owner.join()));
  yield* until(() => joiner.waitReason === "join" && owner.waitReason === "scope");
  yield* gosched();
  scheduler.end(owner as G);
  assert.equal(yield* joiner.join(), error);
});

both("scope(): ending a goroutine of the scope is no error", function* () {
  const log: string[] = [];
  yield* scope(function* (s) {
    const g = s.go(forever, log, "child");
    const fresh = s.go(forever, log, "never");
    scheduler.end(fresh as G);
    yield* until(() => g.waitReason === "sleep");
    scheduler.end(g as G);
    log.push("body goes on");
  });
  assert.deepEqual(log, ["child", "body goes on"]);
});

both("scope(): a goroutine ended by another may fail while that one runs", function* () {
  const error = new Error("on the way out");
  let ended = false;
  const caught = yield* thrown(scope(function* (s) {
    const victim = s.go(function* () {
      try {
        yield* sleep(60_000);
      } finally {
        // deno-lint-ignore no-unsafe-finally
        throw error;
      }
    });
    yield* until(() => victim.waitReason === "sleep");
    try {
      // Its error would end this one, which is running.
      scheduler.end(victim as unknown as G);
      yield* sleep(60_000);
    } finally {
      ended = true;
    }
  }));
  assert.equal(caught, error);
  assert.ok(ended);
});

both("scope(): a goroutine started while the scope ends is ended before it runs", function* () {
  let ran = false;
  let late: Goroutine<void> | null = null;
  const caught = yield* thrown(scope(function* (s) {
    s.go(function* () {
      try {
        yield* sleep(60_000);
      } finally {
        late = s.go(function* () {
          ran = true;
        });
      }
    });
    yield* gosched();
    throw new Error("out");
  }));
  assert.equal((caught as Error).message, "out");
  assert.equal(late!.status, "dead");
  assert.equal(ran, false);
});

both(
  "scope(): a finished scope starts nothing, and no scope starts anything but a function*",
  function* () {
    let leaked: Scope | null = null;
    yield* scope(function* (s) {
      leaked = s;
      const plain = (() => 1) as unknown as () => Routine<void>;
      assert.throws(() => s.go(plain), TypeError);
    });
    assert.throws(() => leaked!.go(() => sleep(1)), new PanicError("go in a scope that has ended"));
  },
);

both("scope(): ten thousand goroutines fail at once", function* () {
  let ended = 0;
  const caught = yield* thrown(scope(function* (s) {
    for (let i = 0; i < 10_000; i++) {
      s.go(function* () {
        try {
          yield* sleep(60_000);
        } finally {
          ended++;
        }
      });
    }
    yield* gosched();
    throw new Error("out");
  }));
  assert.equal((caught as Error).message, "out");
  assert.equal(ended, 10_000);
});

test("scope(): an uncaught error ends the run with the error itself", async () => {
  const error = new Error("boom");
  const main = function* () {
    yield* scope(function* (s) {
      s.go(function* () {
        throw error;
      });
      yield* sleep(60_000);
    });
  };
  await assert.rejects(run(main), (e) => e === error);
  assert.throws(() => runSync(main), (e) => e === error);
});

test("scope(): when main returns, the scopes of other goroutines end in order", async () => {
  for (const driver of [run, runSync]) {
    const log: string[] = [];
    await driver(function* () {
      go(() =>
        scope(function* (s) {
          s.go(forever, log, "child", true);
          yield* forever(log, "body");
        })
      );
      yield* sleep(1);
    });
    assert.deepEqual(log.toSorted(), ["body", "child"]);
    assert.equal(numGoroutine(), 0);
  }
});
