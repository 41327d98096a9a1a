// SPDX-License-Identifier: MIT
/** Goroutines: order, results, errors, and how they end. Go: runtime/proc_test.go. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  chan,
  dial,
  dump,
  go,
  gosched,
  listen,
  numGoroutine,
  Once,
  PanicError,
  type Routine,
  run,
  runSync,
  scope,
  sleep,
  wait,
  WaitGroup,
} from "../../mod.ts";
import {
  assertNothingLeft,
  both,
  type Driver,
  openSockets,
  runBy,
  thrown,
} from "../support/harness.ts";

const DRIVERS: readonly Driver[] = ["run", "runSync"];

/** A test of a run that is to fail; checks what it fails with. */
function fails(
  name: string,
  main: () => Routine<unknown>,
  check: (error: unknown) => void,
): void {
  for (const driver of DRIVERS) {
    test(`${name} (${driver})`, async () => {
      await assert.rejects(runBy(driver, main), (error) => {
        check(error);
        return true;
      });
    });
  }
}

both("go() starts nothing at once, and goroutines start in FIFO order", function* () {
  const order: string[] = [];
  const handles = ["a", "b", "c"].map((name) =>
    go(function* () {
      order.push(`${name}1`);
      yield* gosched();
      order.push(`${name}2`);
    })
  );
  assert.deepEqual(order, []);
  for (const handle of handles) yield* handle.join();
  assert.deepEqual(order, ["a1", "b1", "c1", "a2", "b2", "c2"]);
});

both("go() passes its arguments, and join() returns the result", function* () {
  const handle = go(
    function* (a: number, b: number) {
      yield* gosched();
      return a * b;
    },
    6,
    7,
  );
  assert.equal(handle.status, "runnable");
  assert.equal(yield* handle.join(), 42);
  assert.equal(handle.status, "dead");
  assert.equal(yield* handle.join(), 42, "a second join gives it again");
});

both("join() throws the error of its goroutine", function* () {
  const failure = new Error("mine");
  const handle = go(function* (): Routine<void> {
    yield* gosched();
    throw failure;
  });
  assert.equal(yield* thrown(handle.join()), failure);
  assert.equal(yield* thrown(handle.join()), failure, "a later join throws it too");
});

both("join() on the current goroutine is a panic", function* () {
  const handle = go(function* (): Routine<unknown> {
    return yield* thrown(handle.join());
  });
  assert.ok((yield* handle.join()) instanceof PanicError);
});

both("several goroutines may join one", function* () {
  const one = go(function* () {
    yield* sleep(1);
    return "done";
  });
  const others = [1, 2, 3].map(() => go(() => one.join()));
  for (const other of others) assert.equal(yield* other.join(), "done");
});

both("numGoroutine() and dump() report live goroutines, and what they wait for", function* () {
  const before = numGoroutine();
  const handle = go(function* sleeper() {
    yield* sleep(5);
  });
  yield* gosched();
  assert.equal(numGoroutine(), before + 1);
  assert.match(dump(), new RegExp(`goroutine ${handle.id} \\[sleep, \\d+ ms\\]: sleeper`));
  assert.equal(handle.waitReason, "sleep");
  yield* handle.join();
  assert.equal(numGoroutine(), before);
  assert.doesNotMatch(dump(), /sleeper/);
});

both("sleep() wakes in the order of times, and never early", function* () {
  const order: number[] = [];
  const start = performance.now();
  const handles = [30, 10, 20, 0.5].map((ms) =>
    go(function* () {
      yield* sleep(ms);
      assert.ok(performance.now() - start >= ms, `woke before ${ms} ms`);
      order.push(ms);
    })
  );
  for (const handle of handles) yield* handle.join();
  assert.deepEqual(order, [0.5, 10, 20, 30]);
});

both("sleep() refuses invalid numbers", function* () {
  assert.throws(() => sleep(NaN), RangeError);
  yield* sleep(0);
  yield* sleep(-1);
});

for (const driver of DRIVERS) {
  test(`main's result is returned, and the others are ended newest first (${driver})`, async () => {
    const ended: string[] = [];
    const result = await runBy(driver, function* () {
      for (const name of ["first", "second"]) {
        go(function* () {
          try {
            yield* sleep(60_000);
          } finally {
            ended.push(name);
          }
        });
      }
      go(function* () {
        ended.push("never started");
        yield* gosched();
      });
      yield* gosched();
      return 7;
    });
    assert.equal(result, 7);
    assert.deepEqual(ended, ["never started", "second", "first"]);
  });

  test(`finally blocks may park at the end of a run (${driver})`, async () => {
    let cleaned = false;
    await runBy(driver, function* () {
      go(function* () {
        try {
          yield* sleep(60_000);
        } finally {
          yield* sleep(5);
          cleaned = true;
        }
      });
      yield* gosched();
    });
    assert.equal(cleaned, true);
  });

  test(`a goroutine that does not end is abandoned after the grace period (${driver})`, async () => {
    let tries = 0;
    await runBy(driver, function* () {
      go(function* () {
        for (;;) {
          try {
            yield* gosched();
          } finally {
            tries++;
            // deno-lint-ignore no-unsafe-finally
            continue;
          }
        }
      });
      yield* gosched();
    });
    assert.ok(tries > 1);
  });

  // JavaScript drops a return once a finally block inside a yield* has parked: see DIVERGENCES.md.
  test(`a caller whose callee parks in a finally block ends after the grace period (${driver})`, async () => {
    const seen: string[] = [];
    await runBy(driver, function* () {
      go(function* () {
        try {
          yield* (function* (): Routine<void> {
            try {
              yield* sleep(60_000);
            } finally {
              yield* sleep(1);
              seen.push("called cleaned up");
            }
          })();
          seen.push("caller went on");
          yield* sleep(60_000);
        } finally {
          seen.push("caller cleaned up");
        }
      });
      yield* gosched();
    });
    assert.deepEqual(seen, ["called cleaned up", "caller went on", "caller cleaned up"]);
  });

  test(`a scope ends such a caller too (${driver})`, async () => {
    let ended = false;
    await runBy(driver, function* () {
      const error = yield* thrown(scope(function* (s) {
        s.go(function* () {
          try {
            yield* (function* (): Routine<void> {
              try {
                yield* sleep(60_000);
              } finally {
                yield* sleep(1);
              }
            })();
            yield* chan<void>().recv();
          } finally {
            ended = true;
          }
        });
        yield* gosched();
        throw new Error("enough");
      }));
      assert.equal((error as Error).message, "enough");
    });
    assert.equal(ended, true);
  });

  test(`a goroutine started at the end of its run has the rest of the grace period (${driver})`, async () => {
    const seen: string[] = [];
    await runBy(driver, function* () {
      go(function* () {
        try {
          yield* sleep(60_000);
        } finally {
          go(function* () {
            yield* sleep(1);
            seen.push("done");
          });
          go(function* () {
            try {
              yield* sleep(60_000);
            } finally {
              seen.push("ended");
            }
          });
        }
      });
      yield* gosched();
    });
    assert.deepEqual(seen, ["done", "ended"]);
  });

  test(`open descriptors are closed with the run (${driver})`, async () => {
    const before = openSockets();
    await runBy(driver, function* () {
      const listener = yield* listen("tcp", "127.0.0.1:0");
      go(() => listener.accept());
      yield* dial("tcp", String(listener.addr));
      yield* gosched();
    });
    assert.equal(openSockets(), before);
  });
}

test("a connection or listener returned by main is the caller's", async () => {
  const before = openSockets();
  const listener = await run(() => listen("tcp", "127.0.0.1:0"));
  const [a, b] = await run(function* () {
    const dialling = go(() => dial("tcp", String(listener.addr)));
    const accepted = yield* listener.accept();
    return [yield* dialling.join(), accepted] as const;
  });
  const got = runSync(function* () {
    const buf = new Uint8Array(1);
    yield* a.write(Uint8Array.of(9));
    yield* b.read(buf);
    a.close();
    b.close();
    return buf[0];
  });
  assert.equal(got, 9);
  await run(function* () {
    listener.close();
    yield* gosched();
  });
  assertNothingLeft(before);
});

const failure = new Error("boom");

fails("an uncaught error rejects with the error itself, and names the goroutine", function* () {
  go(function* failing(): Routine<void> {
    yield* sleep(1);
    throw failure;
  });
  yield* sleep(60_000);
}, (error) => {
  assert.equal(error, failure);
  assert.match(String((error as { goroutine?: string }).goroutine), /^goroutine \d+ \[failing\]$/);
});

fails("any thrown value is passed on", function* (): Routine<void> {
  yield* gosched();
  throw "a string";
}, (error) => assert.equal(error, "a string"));

for (const driver of DRIVERS) {
  test(`other goroutines' finally blocks run after an uncaught error (${driver})`, async () => {
    let cleaned = 0;
    const main = function* (): Routine<void> {
      go(function* () {
        try {
          yield* sleep(60_000);
        } finally {
          cleaned++;
        }
      });
      yield* gosched();
      throw failure;
    };
    await assert.rejects(runBy(driver, main), failure);
    assert.equal(cleaned, 1);
  });

  test(`onPanic keeps other goroutines running (${driver})`, async () => {
    const seen: unknown[] = [];
    const main = function* () {
      go(function* failing(): Routine<void> {
        yield* gosched();
        throw failure;
      });
      yield* sleep(2);
      return "alive";
    };
    const options = {
      onPanic: (error: unknown, g: { name: string }) => void seen.push(error, g.name),
    };
    const result = driver === "run" ? await run(main, options) : runSync(main, options);
    assert.equal(result, "alive");
    assert.deepEqual(seen, [failure, "failing"]);
  });

  test(`main's own error ends the run despite onPanic (${driver})`, async () => {
    const main = function* (): Routine<void> {
      yield* gosched();
      throw failure;
    };
    const options = { onPanic: () => {} };
    const go = async () => driver === "run" ? await run(main, options) : runSync(main, options);
    await assert.rejects(go(), failure);
  });
}

for (const wrong of [undefined, 5, "text", {}, Promise.resolve()]) {
  both(`a yield of ${typeof wrong} throws at that yield`, function* () {
    const error = yield* thrown((function* (): Routine<void> {
      yield wrong as never;
    })());
    assert.ok(error instanceof PanicError);
    assert.match(error.message, /yield\*/);
  });
}

both("a yield instead of yield* throws, and may be caught", function* () {
  let caught: unknown;
  try {
    // deno-lint-ignore netpoll/yield-star -- the mistake that the test is about
    yield sleep(1) as never;
  } catch (error) {
    caught = error;
  }
  assert.ok(caught instanceof PanicError);
  yield* sleep(1);
});

both("go() refuses anything but a function*", function* () {
  assert.throws(() => go(5 as never), TypeError);
  assert.throws(() => go((() => 5) as never), /not a function\*/);
  // deno-lint-ignore netpoll/go-function -- the mistake that the test is about
  assert.throws(() => go((async () => {}) as never), /not a function\*/);
  yield* gosched();
});

both("runSync() inside a goroutine is a panic", function* () {
  assert.throws(() => runSync(function* () {}), PanicError);
  yield* gosched();
});

both("calls that never have to wait let others run", function* () {
  const ended = go(function* () {
    return 1;
  });
  yield* ended.join();
  const group = new WaitGroup();
  const once = new Once();
  yield* once.do(function* () {});
  const calls: Record<string, () => Routine<unknown>> = {
    "wait for a value": () => wait(1),
    "join of what has ended": () => ended.join(),
    "wait for no member": () => group.wait(),
    "do what is done": () => once.do(function* () {}),
  };
  for (const [name, call] of Object.entries(calls)) {
    let ran = false;
    go(function* () {
      ran = true;
    });
    for (let i = 0; !ran && i < 10_000; i++) yield* call();
    assert.ok(ran, name);
  }
});

test("two runs on one thread end independently", async () => {
  const slow = run(function* () {
    yield* sleep(10);
    return "slow";
  });
  const quick = run(function* () {
    yield* sleep(1);
    return "quick";
  });
  assert.equal(await quick, "quick");
  assert.equal(await slow, "slow");
  assertNothingLeft(openSockets());
});
