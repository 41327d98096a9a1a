// SPDX-License-Identifier: MIT
/** cancellable: any call that parks, ended by a context. */
import assert from "node:assert/strict";
import {
  background,
  CanceledError,
  cancellable,
  chan,
  go,
  Mutex,
  type Routine,
  run,
  sleep,
  withCancel,
} from "../../mod.ts";
import { both, thrown } from "../support/harness.ts";
import { test } from "node:test";

both("a call that finishes in time returns its value", function* () {
  const [ctx, cancel] = withCancel(background());
  const ch = chan<number>(1);
  yield* ch.send(7);
  assert.equal(yield* cancellable(ch.recv(), ctx), 7);
  const late = go(function* () {
    yield* sleep(1);
    yield* ch.send(8);
  });
  assert.equal(yield* cancellable(ch.recv(), ctx), 8);
  yield* late.join();
  cancel();
});

both("an error of the call is thrown", function* () {
  const [ctx, cancel] = withCancel(background());
  const error = yield* thrown(cancellable(
    (function* (): Routine<void> {
      yield* sleep(1);
      throw new RangeError("its own");
    })(),
    ctx,
  ));
  assert.ok(error instanceof RangeError);
  cancel();
});

both("a lock that was not acquired in time goes to the next waiter", function* () {
  const [ctx, cancel] = withCancel(background());
  const mutex = new Mutex();
  yield* mutex.lock();
  const waiting = go(() => thrown(cancellable(mutex.lock(), ctx)));
  const next = go(() => mutex.lock());
  yield* sleep(1);
  cancel();
  assert.ok((yield* waiting.join()) instanceof CanceledError);
  mutex.unlock();
  yield* next.join();
  mutex.unlock();
});

both("a value that arrives together with the cancellation stays in the channel", function* () {
  const [ctx, cancel] = withCancel(background());
  const ch = chan<number>(1);
  const waiting = go(() => thrown(cancellable(ch.recv(), ctx)));
  yield* sleep(1);
  ch.trySend(5);
  cancel();
  assert.ok((yield* waiting.join()) instanceof CanceledError);
  assert.equal(yield* ch.recv(), 5);
});

both("finally blocks of the call run, and may park", function* () {
  const [ctx, cancel] = withCancel(background());
  const seen: string[] = [];
  const waiting = go(() =>
    thrown(cancellable(
      (function* (): Routine<void> {
        try {
          yield* sleep(60_000);
        } finally {
          yield* sleep(1);
          seen.push("cleaned up");
        }
      })(),
      ctx,
    ))
  );
  yield* sleep(1);
  cancel();
  assert.ok((yield* waiting.join()) instanceof CanceledError);
  assert.deepEqual(seen, ["cleaned up"]);
});

test("ending the goroutine ends the call", async () => {
  const seen: string[] = [];
  await run(function* () {
    const [ctx] = withCancel(background());
    go(function* () {
      yield* cancellable(
        (function* (): Routine<void> {
          try {
            yield* sleep(60_000);
          } finally {
            seen.push("ended");
          }
        })(),
        ctx,
      );
      seen.push("went on");
    });
    yield* sleep(1);
  });
  assert.deepEqual(seen, ["ended"]);
});
