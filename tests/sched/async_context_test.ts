// SPDX-License-Identifier: MIT
/** AsyncLocalStorage and diagnostics_channel in goroutines. */
import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { channel } from "node:diagnostics_channel";
import { test } from "node:test";
import {
  chan,
  go,
  gosched,
  Mutex,
  openRun,
  type Routine,
  run,
  runSync,
  scope,
  sleep,
  wait,
} from "../../mod.ts";
import { assertNothingLeft, openSockets, pair } from "../support/harness.ts";

const storage = new AsyncLocalStorage<string>();
const options = { asyncContext: true };

/** Waits in every way that there is, and looks at the value after each. */
function* waits(expected: string | undefined, promises: boolean): Routine<void> {
  const check = (after: string) => assert.equal(storage.getStore(), expected, after);
  check("the start");
  yield* gosched();
  check("gosched");
  yield* sleep(1);
  check("sleep");
  const values = chan<number>();
  const sender = go(() => values.send(1));
  yield* values.recv();
  check("a receive");
  yield* sender.join();
  check("a join");
  const mutex = new Mutex();
  using _held = yield* mutex.locked();
  check("a lock");
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const reader = go(function* () {
    check("go");
    yield* b.read(new Uint8Array(1));
    check("a read");
  });
  yield* gosched();
  yield* a.write("x");
  check("a write");
  yield* reader.join();
  yield* scope(function* (s) {
    s.go(function* () {
      check("the start in a scope");
      yield* sleep(1);
      check("a sleep in a scope");
    });
  });
  if (!promises) return;
  yield* wait(new Promise((resolve) => setTimeout(resolve, 1)));
  check("a promise");
}

function* interleaved(promises: boolean): Routine<void> {
  const all = ["a", "b", "c"].map((value) => storage.run(value, () => go(waits, value, promises)));
  all.push(storage.run(undefined as never, () => go(waits, undefined, promises)));
  for (const g of all) yield* g.join();
}

test("values are kept across every wait, in interleaved goroutines (run)", async () => {
  await storage.run("main", () => run(() => interleaved(true), options));
  assert.equal(storage.getStore(), undefined);
});

test("values are kept across every wait, in interleaved goroutines (runSync)", () => {
  storage.run("main", () => runSync(() => interleaved(false), options));
  assert.equal(storage.getStore(), undefined);
});

test("main and its goroutines inherit the values of the caller of run", async () => {
  await storage.run("caller", () =>
    run(function* () {
      yield* waits("caller", true);
      yield* go(waits, "caller", true).join();
    }, options));
});

test("each call of an open run has its caller's values", async () => {
  const sockets = openSockets();
  {
    await using app = openRun(options);
    const values = Array.from({ length: 10 }, (_, i) => `request ${i}`);
    await Promise.all(
      values.map((value) => storage.run(value, () => app.call(waits, value, true))),
    );
    await app.call(waits, undefined, true);
  }
  assertNothingLeft(sockets);
});

test("finally blocks of ended goroutines have their values", async () => {
  const seen: unknown[] = [];
  await run(function* () {
    for (const value of ["a", "b"]) {
      storage.run(value, () =>
        go(function* () {
          try {
            yield* sleep(1e6);
          } finally {
            seen.push(storage.getStore());
          }
        }));
    }
    yield* gosched();
  }, options);
  assert.deepEqual(seen.sort(), ["a", "b"]);
});

test("the stores of a diagnostics_channel follow goroutines", async () => {
  const requests = channel("netpoll-test-request");
  requests.bindStore(storage, (message) => `span of ${(message as { id: number }).id}`);
  try {
    await run(function* () {
      const all = [1, 2].map((id) =>
        requests.runStores({ id }, () => go(waits, `span of ${id}`, true))
      );
      for (const g of all) yield* g.join();
    }, options);
  } finally {
    requests.unbindStore(storage);
  }
});

test("without the option goroutines are not wrapped", async () => {
  await run(function* () {
    const g = storage.run("value", () =>
      go(function* () {
        yield* sleep(1);
        return storage.getStore();
      }));
    const { body } = g as unknown as { body: object };
    assert.match(Object.prototype.toString.call(body), /Generator/);
    yield* g.join();
  });
});
