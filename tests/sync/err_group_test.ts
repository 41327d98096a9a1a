// SPDX-License-Identifier: MIT
/** ErrGroup, after golang.org/x/sync/errgroup's errgroup_test.go. */
import assert from "node:assert/strict";
import { type G, PanicError, type Routine } from "../../src/sched/goroutine.ts";
import { gosched, numGoroutine, sleep } from "../../src/sched/api.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { background, cause } from "../../src/context/context.ts";
import { withCancel } from "../../src/context/with_cancel.ts";
import { Canceled } from "../../src/context/errors.ts";
import { ErrGroup } from "../../src/sync/err_group.ts";
import { both, thrown, until } from "../support/harness.ts";

function* fail(error: unknown): Routine<void> {
  yield* gosched();
  if (error !== null) throw error;
}

both("ErrGroup.wait() throws the first error", function* () {
  const [one, two] = [new Error("one"), new Error("two")];
  for (const errors of [[], [null], [one], [one, null], [null, one], [one, two], [two, one]]) {
    const group = new ErrGroup();
    for (const error of errors) group.go(fail, error);
    const first = errors.find((error) => error !== null);
    if (first === undefined) yield* group.wait();
    else assert.equal(yield* thrown(group.wait()), first);
  }
});

both("ErrGroup: the first error cancels the context and is its cause", function* () {
  const one = new Error("one");
  const [group, ctx] = ErrGroup.withContext(background());
  group.go(function* () {
    yield* ctx.done.recv();
    throw ctx.err;
  });
  group.go(fail, one);
  group.go(fail, null);
  assert.equal(ctx.err, null);
  assert.equal(yield* thrown(group.wait()), one);
  assert.equal(ctx.err, Canceled);
  assert.equal(cause(ctx), one);
  assert.equal(yield* thrown(group.wait()), one, "and again");
});

both("ErrGroup: without an error the context is cancelled when wait() returns", function* () {
  const [parent, cancel] = withCancel(background());
  const group = new ErrGroup(parent);
  group.go(fail, null);
  yield* group.wait();
  assert.equal(group.ctx.err, Canceled);
  assert.equal(cause(group.ctx), Canceled);
  assert.equal(parent.canceller!.children?.size ?? 0, 0, "it is still held by its parent");
  cancel();
});

both("ErrGroup: an undefined error is reported too", function* () {
  const group = new ErrGroup();
  group.go(fail, undefined);
  assert.equal(yield* thrown(group.wait()), undefined);
  assert.equal(group.ctx.err, Canceled);
});

both("ErrGroup.setLimit() limits concurrency, and every function runs", function* () {
  for (const limit of [1, 3, 10]) {
    const group = new ErrGroup();
    group.setLimit(limit);
    let active = 0;
    let most = 0;
    const order: number[] = [];
    for (let i = 0; i < 30; i++) {
      group.go(function* () {
        most = Math.max(most, ++active);
        order.push(i);
        yield* sleep(0.1);
        active--;
      });
    }
    yield* group.wait();
    assert.equal(most, limit);
    assert.deepEqual(order, Array.from({ length: 30 }, (_, i) => i));
  }
});

both("ErrGroup.go() with yield* waits for a free slot, as in Go", function* () {
  const group = new ErrGroup();
  group.setLimit(2);
  let active = 0;
  for (let i = 0; i < 10; i++) {
    yield* group.go(function* () {
      active++;
      yield* sleep(0.1);
      active--;
    });
    assert.ok(numGoroutine() <= 4, "somebody waits for a place: " + numGoroutine());
  }
  yield* group.wait();
  assert.equal(active, 0);
});

both("ErrGroup.tryGo() starts only with a free slot", function* () {
  const group = new ErrGroup();
  let called = 0;
  const work = function* () {
    called++;
    yield* gosched();
  };
  assert.equal(group.tryGo(work), true, "without a limit");
  yield* group.wait();
  group.setLimit(2);
  assert.deepEqual([group.tryGo(work), group.tryGo(work), group.tryGo(work)], [true, true, false]);
  yield* group.wait();
  assert.equal(called, 3);
  group.setLimit(0);
  assert.equal(group.tryGo(work), false);
  group.setLimit(-1);
  assert.equal(group.tryGo(work), true);
  yield* group.wait();
});

both("ErrGroup.setLimit() with active goroutines is Go's panic", function* () {
  const group = new ErrGroup();
  group.setLimit(5);
  group.go(() => sleep(1));
  group.go(() => sleep(1));
  const text = "errgroup: modify limit while 2 goroutines in the group are still active";
  assert.throws(() => group.setLimit(1), new PanicError(text));
  yield* group.wait();
  group.setLimit(1);
});

both("ErrGroup: an ended goroutine counts as returned, and frees its slot", function* () {
  const group = new ErrGroup();
  group.setLimit(1);
  const members: G[] = [];
  const work = function* () {
    members.push(scheduler.current!);
    yield* sleep(members.length === 1 ? 60_000 : 0.1);
  };
  const before = numGoroutine();
  for (let i = 0; i < 4; i++) group.go(work);
  yield* until(() => members.length === 1);
  assert.equal(numGoroutine(), before + 4);
  // One that waits for its place, and one that never had a turn.
  const queued = [...scheduler.current!.run.goroutines()].filter((g) =>
    g.waitReason === "semaphore"
  );
  assert.equal(queued.length, 3);
  scheduler.end(queued[0]);
  const started = group.go(work);
  scheduler.end([...scheduler.current!.run.goroutines()][0]);
  yield* started;
  scheduler.end(members[0]);
  yield* group.wait();
  assert.equal(members.length, 3);
  assert.ok(group.tryGo(work));
  yield* group.wait();
});

both("ErrGroup.go() throws on anything but a function*, and occupies no slot", function* () {
  const group = new ErrGroup();
  group.setLimit(1);
  const plain = (() => 1) as unknown as () => Routine<void>;
  assert.throws(() => group.go(plain), TypeError);
  assert.throws(() => group.tryGo(plain), TypeError);
  assert.ok(group.tryGo(fail, null));
  yield* group.wait();
});
