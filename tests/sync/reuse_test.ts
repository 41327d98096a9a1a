// SPDX-License-Identifier: MIT
/**
 * Calls that park are objects that do nothing until `yield*` drives them, and serve again when they
 * are over. However many are created, kept and driven in any order, none is mistaken for another.
 */
import assert from "node:assert/strict";
import {
  background,
  cancellable,
  type Chan,
  chan,
  go,
  gosched,
  Mutex,
  type Routine,
  RWMutex,
  select,
  withCancel,
} from "../../mod.ts";
import { both, parked, thrown, until } from "../support/harness.ts";

both("a call has no effect before it is driven", function* () {
  const ch = chan<number>(5);
  const mu = new Mutex();
  void ch.send(1);
  void mu.lock();
  void select(ch.onSend(2));
  yield* gosched();
  assert.equal(ch.length, 0);
  assert.equal(mu.tryLock(), true);
  ch.trySend(3);
  void ch.recv();
  assert.equal(ch.length, 1);
});

both("calls created together may be driven in any order", function* () {
  const ch = chan<number>(5);
  const sends = [1, 2, 3].map((v) => ch.send(v));
  for (const send of sends.toReversed()) yield* send;
  const receives: Routine<unknown>[] = [ch.recv(), ch.recvOk(), select(ch.onRecv())];
  const got: unknown[] = [];
  for (const receive of receives) got.push(yield* receive);
  assert.deepEqual(got, [3, [2, true], { index: 0, value: 1, ok: true }]);
});

/** Ten concurrent calls, made by `call`, each of which unblocks the next when it is done. */
function* overlapping(call: () => Routine<unknown>, letOne: () => void): Routine<void> {
  let done = 0;
  for (let round = 0; round < 3; round++) {
    done = 0;
    const all = Array.from({ length: 10 }, () =>
      // The call is made here, and driven at the goroutine's first turn.
      go((made: Routine<unknown>) =>
        (function* () {
          yield* made;
          done++;
        })(), call()));
    yield* gosched();
    for (let i = done; i < 10; i++) {
      letOne();
      yield* until(() => done === i + 1);
    }
    for (const g of all) yield* g.join();
  }
}

both("concurrent calls share no state", function* () {
  const ch = chan<number>();
  yield* overlapping(() => ch.recv(), () => assert.ok(ch.trySend(1)));
  yield* overlapping(() => ch.send(1), () => assert.ok(ch.tryRecv()?.ok));
  yield* overlapping(() => select(ch.onRecv(), null), () => assert.ok(ch.trySend(1)));
  const mu = new Mutex();
  yield* mu.lock();
  yield* overlapping(() => mu.lock(), () => mu.unlock());
  const rw = new RWMutex();
  yield* rw.lock();
  yield* overlapping(() => rw.lock(), () => rw.unlock());
});

both("a call ended while waiting leaves no trace for the next", function* () {
  const ch: Chan<number> = chan();
  for (let i = 0; i < 5; i++) {
    for (const call of [ch.recv(), select(ch.onRecv(), ch.onSend(7))]) {
      const [ctx, cancel] = withCancel(background());
      const waiting = go(() => thrown(cancellable<unknown>(call, ctx)));
      yield* parked(waiting);
      cancel();
      yield* waiting.join();
    }
    assert.equal(ch.trySend(1), false, "nobody waits any more");
    const sender = go(() => ch.send(i));
    assert.equal(yield* ch.recv(), i);
    yield* sender.join();
  }
});
