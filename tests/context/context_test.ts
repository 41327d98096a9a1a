// SPDX-License-Identifier: MIT
/** Contexts, after Go's context/context_test.go, x_test.go and afterfunc_test.go. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type G, PanicError, type Routine } from "../../src/sched/goroutine.ts";
import { go, gosched, numGoroutine, run, runSync, sleep, wait } from "../../src/sched/api.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { chan } from "../../src/chan/channel.ts";
import {
  background,
  cause,
  type Context,
  todo,
  withoutCancel,
  withValue,
} from "../../src/context/context.ts";
import {
  withCancel,
  withCancelCause,
  withDeadline,
  withTimeout,
} from "../../src/context/with_cancel.ts";
import { Canceled, DeadlineExceeded } from "../../src/context/errors.ts";
import { afterFunc, fromSignal } from "../../src/context/abort_signal.ts";
import { cancellable } from "../../src/context/cancellable.ts";
import { select } from "../../src/chan/select.ts";
import { otherwise } from "../../src/chan/select_case.ts";
import { startProgram } from "../support/child.ts";
import { assertNothingLeft, both, only, openSockets, until } from "../support/harness.ts";

const HOUR = 3_600_000;

/** Whether the channel `done` is closed, found without waiting. */
function isDone(ctx: Context): boolean {
  return ctx.done.tryRecv() !== null;
}

/** How many contexts and functions hang on `ctx`. */
function childrenOf(ctx: Context): number {
  return ctx.canceller!.children?.size ?? 0;
}

both("background() and todo() are never done, have no deadline and no values", function* () {
  for (const [ctx, name] of [[background(), "Background"], [todo(), "TODO"]] as const) {
    assert.equal(isDone(ctx), false);
    assert.equal(ctx.err, null);
    assert.equal(ctx.deadline, null);
    assert.equal(ctx.value("key"), undefined);
    assert.equal(ctx.value(undefined), undefined);
    assert.equal(ctx.signal.aborted, false);
    assert.equal(cause(ctx), null);
    assert.equal(String(ctx), `context.${name}`);
    assert.deepEqual((yield* select(ctx.done.onRecv(), otherwise)).index, 1);
  }
});

both("withCancel(): nothing until it is cancelled, then done for good", function* () {
  const [ctx, cancel] = withCancel(background());
  assert.equal(String(ctx), "context.Background.WithCancel");
  const { done } = ctx;
  assert.equal(isDone(ctx), false);
  assert.equal(ctx.err, null);
  const waiter = go(() => done.recvOk());
  yield* until(() => waiter.waitReason === "chan receive");
  cancel();
  assert.deepEqual(yield* waiter.join(), [undefined, false]);
  for (let i = 0; i < 2; i++) {
    assert.equal(ctx.done, done);
    assert.ok(isDone(ctx));
    assert.equal(ctx.err, Canceled);
    assert.equal(cause(ctx), Canceled);
    cancel();
  }
});

both("Canceled and DeadlineExceeded have Go's texts, and the latter is a timeout", function* () {
  assert.equal(Canceled.message, "context canceled");
  assert.equal(Canceled.timeout, false);
  assert.equal(DeadlineExceeded.message, "context deadline exceeded");
  assert.equal(DeadlineExceeded.timeout, true);
  assert.equal(DeadlineExceeded.temporary, true);
  assert.ok(Canceled instanceof Error);
  assert.ok(Object.isFrozen(Canceled));
});

both("a parent that is cancelled cancels its children, and theirs", function* () {
  const [parent, cancelParent] = withCancel(background());
  const [child, cancelChild] = withCancel(parent);
  const value = withValue(parent, "key", "value");
  const [below, cancelBelow] = withCancel(value);
  const [timed, cancelTimed] = withTimeout(below, HOUR);
  const all = [parent, child, value, below, timed];
  for (const ctx of all) assert.deepEqual([isDone(ctx), ctx.err], [false, null]);
  assert.equal(childrenOf(parent), 2);
  assert.equal(childrenOf(below), 1);
  cancelParent();
  for (const ctx of all) {
    assert.deepEqual([isDone(ctx), ctx.err, cause(ctx)], [true, Canceled, Canceled]);
  }
  assert.equal(childrenOf(parent), 0);
  assert.equal(childrenOf(below), 0);
  const [late] = withCancel(parent);
  assert.deepEqual([isDone(late), late.err], [true, Canceled]);
  const [lateTimed] = withTimeout(parent, HOUR);
  assert.deepEqual([isDone(lateTimed), lateTimed.err], [true, Canceled]);
  assert.equal(childrenOf(parent), 0, "who is late is not held");
  for (const cancel of [cancelChild, cancelBelow, cancelTimed]) cancel();
});

both("cancelling a child does not affect its parent, which drops it", function* () {
  const [parent, cancelParent] = withCancel(background());
  const [child, cancelChild] = withCancel(parent);
  const [sibling, cancelSibling] = withCancel(parent);
  assert.equal(childrenOf(parent), 2);
  cancelChild();
  assert.deepEqual([child.err, parent.err, sibling.err], [Canceled, null, null]);
  assert.equal(childrenOf(parent), 1);
  cancelSibling();
  assert.equal(childrenOf(parent), 0);
  cancelParent();
});

both("a parent does not hold finished contexts, timers and functions", function* () {
  const [parent, cancelParent] = withCancel(background());
  yield* gosched(); // The harness has a timer, too.
  const timers = scheduler.timers.size;
  for (let i = 0; i < 1000; i++) {
    const [ctx, cancel] = withTimeout(withValue(parent, "i", i), HOUR);
    const stop = afterFunc(ctx, () => assert.fail("called"));
    assert.equal(childrenOf(parent), 1);
    assert.equal(childrenOf(ctx), 1);
    assert.ok(stop());
    cancel();
    assert.equal(childrenOf(parent), 0);
    assert.equal(scheduler.timers.size, timers);
  }
  // One whose time has come, too.
  const [ctx] = withTimeout(parent, 1);
  yield* ctx.done.recv();
  assert.equal(childrenOf(parent), 0);
  assert.equal(scheduler.timers.size, timers);
  cancelParent();
});

both("withDeadline() expires at its time, and not before", function* () {
  const at = Date.now() + 20;
  const start = performance.now();
  const [ctx, cancel] = withDeadline(background(), at);
  assert.equal(String(ctx), "context.Background.WithDeadline");
  assert.equal(ctx.deadline!.getTime(), at);
  ctx.deadline!.setTime(0);
  assert.equal(ctx.deadline!.getTime(), at, "a caller moved it");
  assert.deepEqual([isDone(ctx), ctx.err], [false, null]);
  yield* ctx.done.recv();
  assert.ok(performance.now() - start >= 18, "too soon");
  assert.deepEqual([ctx.err, cause(ctx)], [DeadlineExceeded, DeadlineExceeded]);
  cancel();
  assert.equal(ctx.err, DeadlineExceeded);
});

both("withDeadline(): the earlier one counts, the parent's or its own", function* () {
  const soon = new Date(Date.now() + 10);
  const late = new Date(Date.now() + HOUR);
  const [a, cancelA] = withDeadline(background(), late);
  const [b, cancelB] = withDeadline(a, soon);
  const [c, cancelC] = withDeadline(b, late);
  const d = withValue(c, "key", "value");
  assert.deepEqual([a.deadline, b.deadline, c.deadline, d.deadline], [late, soon, soon, soon]);
  yield* d.done.recv();
  assert.deepEqual([a.err, b.err, c.err], [null, DeadlineExceeded, DeadlineExceeded]);
  for (const cancel of [cancelA, cancelB, cancelC]) cancel();
});

both("withTimeout() expires after its milliseconds, including fractions", function* () {
  const start = performance.now();
  const [ctx, cancel] = withTimeout(background(), 2.5);
  const left = ctx.deadline!.getTime() - Date.now();
  assert.ok(left >= 1 && left <= 4, `${left}`);
  yield* ctx.done.recv();
  assert.ok(performance.now() - start >= 2.5, "too soon");
  assert.equal(ctx.err, DeadlineExceeded);
  cancel();
});

both("a time in the past, or zero, expires at once", function* () {
  for (
    const [ctx] of [
      withTimeout(background(), 0),
      withTimeout(background(), -5),
      withTimeout(background(), -Infinity),
      withDeadline(background(), 0),
      withDeadline(background(), new Date(0)),
    ]
  ) {
    assert.deepEqual([isDone(ctx), ctx.err], [true, DeadlineExceeded]);
  }
});

both("an infinite time is no deadline, and an invalid time is rejected", function* () {
  yield* gosched(); // The harness has a timer, too.
  const before = scheduler.timers.size;
  for (const [ctx, cancel] of [withTimeout(background(), Infinity), withTimeout(todo(), 1e300)]) {
    assert.equal(ctx.deadline, null);
    cancel();
    assert.equal(ctx.err, Canceled);
  }
  assert.equal(scheduler.timers.size, before);
  assert.throws(() => withTimeout(background(), NaN), RangeError);
  assert.throws(() => withTimeout(background(), "1" as unknown as number), RangeError);
  assert.throws(() => withDeadline(background(), new Date(NaN)), RangeError);
});

both("a timeout that is cancelled first is cancelled, and its timer stopped", function* () {
  yield* gosched(); // The harness has a timer, too.
  const before = scheduler.timers.size;
  const [ctx, cancel] = withTimeout(background(), HOUR);
  assert.equal(scheduler.timers.size, before + 1);
  cancel();
  assert.deepEqual([isDone(ctx), ctx.err], [true, Canceled]);
  assert.equal(scheduler.timers.size, before);
});

both("a deadline takes effect at its time even if no goroutine parks", function* () {
  const [ctx, cancel] = withTimeout(background(), 5);
  const [child, cancelChild] = withCancel(withValue(ctx, "key", "value"));
  const { done } = child;
  const start = performance.now();
  // A goroutine that computes: no timer can fire meanwhile.
  while (child.err === null) assert.ok(performance.now() - start < 30_000);
  assert.ok(performance.now() - start >= 4.5, "too soon");
  assert.deepEqual([child.err, ctx.err], [DeadlineExceeded, DeadlineExceeded]);
  assert.ok(done.tryRecv() !== null);
  const [again, cancelAgain] = withTimeout(background(), 1);
  while (!isDone(again)) assert.ok(performance.now() - start < 30_000);
  for (const c of [cancel, cancelChild, cancelAgain]) c();
});

both("value() finds the nearest of its key", function* () {
  const [one, two, three] = [Symbol("same"), Symbol("same"), {}];
  const c1 = withValue(background(), one, "c1");
  const c2 = withValue(c1, two, "c2");
  const [c3, cancel] = withCancel(withValue(c2, three, "c3"));
  const c4 = withValue(c3, one, undefined);
  const values = (ctx: Context) => [one, two, three].map((key) => ctx.value(key));
  assert.deepEqual(values(background()), [undefined, undefined, undefined]);
  assert.deepEqual(values(c1), ["c1", undefined, undefined]);
  assert.deepEqual(values(c2), ["c1", "c2", undefined]);
  assert.deepEqual(values(c3), ["c1", "c2", "c3"]);
  assert.deepEqual(values(c4), [undefined, "c2", "c3"]);
  assert.equal(String(c2), "context.Background.WithValue(Symbol(same)).WithValue(Symbol(same))");
  assert.equal(String(c3), `${c2}.WithValue(object).WithCancel`);
  cancel();
});

both("value() and cancel() go through ten thousand contexts", function* () {
  const [root, cancelRoot] = withCancel(background());
  let ctx = withValue(root, "root", 1);
  for (let i = 0; i < 10_000; i++) [ctx] = withCancel(withValue(ctx, "i", i));
  assert.equal(ctx.value("root"), 1);
  assert.equal(ctx.value("i"), 9999);
  cancelRoot();
  assert.equal(ctx.err, Canceled);
  const [wide, cancelWide] = withCancel(background());
  const all = Array.from({ length: 100_000 }, () => withCancel(wide)[0]);
  cancelWide();
  assert.ok(all.every((child) => child.err === Canceled));
});

both("misuse is Go's panic: no parent, no key", function* () {
  const none = null as unknown as Context;
  const panic = new PanicError("cannot create context from nil parent");
  assert.throws(() => withCancel(none), panic);
  assert.throws(() => withCancelCause(none), panic);
  assert.throws(() => withTimeout(none, 1), panic);
  assert.throws(() => withDeadline(none, 1), panic);
  assert.throws(() => withValue(none, "key", 1), panic);
  assert.throws(() => withoutCancel(none), panic);
  assert.throws(() => withValue(background(), null, 1), new PanicError("nil key"));
  assert.throws(() => withValue(background(), undefined, 1), new PanicError("nil key"));
});

both("cause() returns the first cancel's reason, here and below, and not above", function* () {
  const [one, two] = [new Error("one"), new Error("two")];
  const [parent, cancelParent] = withCancelCause(background());
  const [child, cancelChild] = withCancelCause(parent);
  const [below, cancelBelow] = withTimeout(child, HOUR);
  assert.deepEqual([parent, child, below].map(cause), [null, null, null]);
  cancelChild(one);
  assert.deepEqual([parent, child, below].map(cause), [null, one, one]);
  assert.deepEqual([child.err, below.err], [Canceled, Canceled]);
  cancelParent(two);
  cancelChild(two);
  cancelBelow();
  assert.deepEqual([parent, child, below].map(cause), [two, one, one]);
  const [plain, cancelPlain] = withCancelCause(background());
  cancelPlain();
  assert.equal(cause(plain), Canceled);
  assert.equal(cause(withoutCancel(parent)), null);
});

both("withTimeout() and withDeadline() may say why", function* () {
  const why = new Error("the peer is slow");
  const [a, cancelA] = withTimeout(background(), 1, why);
  const [b, cancelB] = withDeadline(background(), Date.now() - 1, why);
  yield* a.done.recv();
  assert.deepEqual([a.err, cause(a)], [DeadlineExceeded, why]);
  assert.deepEqual([b.err, cause(b)], [DeadlineExceeded, why]);
  const [c, cancelC] = withTimeout(background(), HOUR, why);
  cancelC();
  assert.deepEqual([c.err, cause(c)], [Canceled, Canceled]);
  cancelA();
  cancelB();
});

both("withoutCancel() keeps the values and nothing else", function* () {
  const [parent, cancel] = withTimeout(withValue(background(), "key", "value"), HOUR);
  const ctx = withoutCancel(parent);
  const [child, cancelChild] = withCancel(ctx);
  cancel();
  assert.deepEqual([isDone(ctx), ctx.err, ctx.deadline], [false, null, null]);
  assert.equal(ctx.signal.aborted, false);
  assert.equal(child.value("key"), "value");
  assert.equal(child.err, null);
  assert.ok(String(ctx).endsWith(".WithDeadline.WithoutCancel"));
  cancelChild();
});

both("a cancel may be called by code that a cancel wakes", function* () {
  const [parent, cancelParent] = withCancel(background());
  const [child, cancelChild] = withCancel(parent);
  go(function* () {
    yield* parent.done.recv();
    cancelChild();
    cancelParent();
  });
  const waiter = go(() => child.done.recv());
  yield* gosched();
  cancelParent();
  yield* waiter.join();
});

/** A tower of contexts in random order; `timed` has one deadline among them, else it is cancelled. */
function* layers(seed: number, timed: boolean): Routine<void> {
  let state = seed;
  const random = (below: number) => (state = (state * 48271) % 0x7fffffff) % below;
  let ctx = background();
  const cancels: (() => void)[] = [];
  const values: number[] = [];
  for (let i = 0; i < 30; i++) {
    let cancel: (() => void) | undefined;
    const kind = random(3);
    if (kind === 0) [ctx, cancel] = withCancel(ctx);
    else if (kind === 1) [ctx, cancel] = withTimeout(ctx, timed && i > 5 ? 5 : HOUR);
    else ctx = withValue(ctx, values.push(i), i);
    if (cancel !== undefined) cancels.push(cancel);
  }
  const check = () => values.forEach((v, i) => assert.equal(ctx.value(i + 1), v));
  try {
    check();
    // On a busy machine a time of 5 ms may have run out by now.
    if (!timed) assert.equal(ctx.err, null);
    if (timed) yield* ctx.done.recv();
    else cancels[random(cancels.length)]();
    check();
    assert.ok(isDone(ctx));
    assert.equal(ctx.err, timed ? DeadlineExceeded : Canceled);
  } finally {
    for (const cancel of cancels) cancel();
  }
}

both("nested contexts in all orders are cancelled from any level", function* () {
  for (let seed = 1; seed <= 50; seed++) yield* layers(seed, false);
});

both("nested contexts in all orders expire", function* () {
  for (let seed = 1; seed <= 10; seed++) yield* layers(seed, true);
});

both("ctx.done is a case of select, and null without a context", function* () {
  const [ctx, cancel] = withTimeout(background(), 1);
  const never = chan<number>();
  assert.equal((yield* select(never.onRecv(), ctx.done.onRecv())).index, 1);
  cancel();
});

both("afterFunc() calls its function once, in its own goroutine", function* () {
  const [ctx, cancel] = withCancel(background());
  const called = chan<G | null>(1);
  const stop = afterFunc(ctx, function* told() {
    yield* gosched();
    yield* called.send(scheduler.current);
  });
  for (let i = 0; i < 3; i++) yield* gosched();
  assert.equal(called.length, 0);
  cancel();
  const g = yield* called.recv();
  assert.notEqual(g, scheduler.current);
  assert.equal(g!.name, "told");
  assert.equal(g!.run, scheduler.current!.run);
  assert.equal(stop(), false);
});

both("afterFunc() stopped in time never calls, and stop reports it once", function* () {
  const [ctx, cancel] = withCancel(background());
  const stop = afterFunc(ctx, () => assert.fail("called"));
  assert.deepEqual([stop(), stop()], [true, false]);
  cancel();
  for (let i = 0; i < 3; i++) yield* gosched();
  const never = afterFunc(background(), () => assert.fail("called"));
  assert.deepEqual([never(), never()], [true, false]);
});

both(
  "afterFunc() of a finished context calls at once; a plain function is allowed",
  function* () {
    const [ctx, cancel] = withCancel(background());
    cancel();
    let calls = 0;
    const stop = afterFunc(ctx, () => void calls++);
    assert.equal(calls, 0, "on the caller's own stack");
    assert.equal(stop(), false);
    yield* until(() => calls === 1);
  },
);

both("signal is aborted with the cause, and created on first access", function* () {
  const why = new Error("why");
  const [parent, cancel] = withCancelCause(background());
  const [child, cancelChild] = withCancel(parent);
  const { signal } = child;
  assert.equal(child.signal, signal);
  assert.equal(signal.aborted, false);
  let seen: unknown = null;
  signal.addEventListener("abort", () => seen = [signal.reason, parent.err, child.err]);
  cancel(why);
  assert.deepEqual(seen, [why, Canceled, Canceled]);
  assert.equal(parent.signal.aborted, true, "asked for after the end");
  assert.equal(parent.signal.reason, why);
  const [late] = withTimeout(background(), 0);
  assert.equal(late.signal.reason, DeadlineExceeded);
  const [timed, cancelTimed] = withTimeout(background(), 1);
  const timedSignal = timed.signal;
  yield* timed.done.recv();
  assert.equal(timedSignal.reason, DeadlineExceeded);
  cancelTimed();
  cancelChild();
});

both("a context derived and cancelled by a listener finds all contexts done", function* () {
  const [parent, cancel] = withCancel(background());
  const [sibling, cancelSibling] = withCancel(parent);
  let seen: unknown = null;
  parent.signal.addEventListener("abort", () => {
    const [born, cancelBorn] = withCancel(parent);
    seen = [born.err, sibling.err];
    cancelBorn();
    cancelSibling();
    cancel();
  });
  cancel();
  assert.deepEqual(seen, [Canceled, Canceled]);
  assert.equal(childrenOf(parent), 0);
});

both("fromSignal(): cancelled by the signal, with its reason as the cause", function* () {
  const controller = new AbortController();
  const ctx = fromSignal(controller.signal);
  const [child, cancel] = withCancel(ctx);
  assert.equal(String(child), "context.FromSignal.WithCancel");
  assert.deepEqual([ctx.err, child.err, isDone(child)], [null, null, false]);
  const waiter = go(() => child.done.recv());
  yield* gosched();
  const why = new Error("why");
  controller.abort(why);
  yield* waiter.join();
  for (const c of [ctx, child, fromSignal(controller.signal), fromSignal(AbortSignal.abort(why))]) {
    assert.deepEqual([c.err, cause(c), c.signal.reason], [Canceled, why, why]);
  }
  cancel();
  assert.equal(fromSignal(AbortSignal.abort(DeadlineExceeded)).err, DeadlineExceeded);
});

both(
  "fromSignal(): a long-lived signal does not hold contexts derived from it",
  function* () {
    const { signal } = new AbortController();
    const ctx = fromSignal(signal);
    for (let i = 0; i < 100; i++) {
      assert.equal(fromSignal(signal), ctx, "a listener more each time");
      const [, cancel] = withCancel(fromSignal(signal));
      cancel();
    }
    assert.equal(childrenOf(ctx), 0);
  },
);

both("fromSignal(): a signal is listened to only while something waits for it", function* () {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const { addEventListener: add, removeEventListener: remove } = signal;
  signal.addEventListener = (
    ...args: Parameters<typeof add>
  ) => (listeners++, add.apply(signal, args));
  signal.removeEventListener = (
    ...args: Parameters<typeof remove>
  ) => (listeners--, remove.apply(signal, args));
  const ctx = fromSignal(signal);
  assert.equal(listeners, 0);
  const [, cancelOne] = withCancel(ctx);
  const [, cancelTwo] = withCancel(ctx);
  assert.equal(listeners, 1);
  cancelOne();
  assert.equal(listeners, 1, "the other one waits");
  yield* cancellable(gosched(), signal);
  assert.equal(listeners, 1);
  cancelTwo();
  assert.equal(listeners, 0);
  const why = new Error("why");
  controller.abort(why);
  assert.deepEqual([ctx.err, cause(ctx), ctx.signal.reason], [Canceled, why, why]);
  const [late] = withCancel(ctx);
  assert.equal(late.err, Canceled);
});

test("a pending AbortSignal.timeout of calls that have returned does not keep the process running", async () => {
  await using child = startProgram("tests/fixtures/timeout_signal_fixture.ts");
  const { code } = await child.exit;
  assert.deepEqual(
    [child.stdout.text.trim(), code, child.timedOut],
    ["read 5 bytes; context canceled", 0, false],
  );
});

only("run", "fromSignal() of AbortSignal.timeout is a deadline exceeded", function* () {
  const ctx = fromSignal(AbortSignal.timeout(1));
  yield* wait(
    new Promise<void>((resolve) => ctx.signal.addEventListener("abort", () => resolve())),
  );
  assert.equal(ctx.err, DeadlineExceeded);
  assert.equal((cause(ctx) as Error).name, "TimeoutError");
});

only("run", "the host cancels while goroutines sleep", function* () {
  const [ctx, cancel] = withCancel(background());
  setTimeout(cancel, 1);
  yield* ctx.done.recv();
  assert.equal(ctx.err, Canceled);
});

only("run", "the host sets a timeout while the scheduler sleeps", function* () {
  // Nothing but this timer can wake the goroutine before the harness gives up.
  const ctx = yield* wait(
    new Promise<Context>((resolve) =>
      setTimeout(() => resolve(withTimeout(background(), 5)[0]), 1)
    ),
  );
  yield* ctx.done.recv();
  const got = chan<number>();
  setTimeout(() => {
    const [later] = withTimeout(background(), 5);
    afterFunc(later, () => void got.sendAsync(1));
  }, 5);
  assert.equal(yield* got.recv(), 1);
});

test("without a run, cancelling works, and err reports an expired deadline", async () => {
  const sockets = openSockets();
  const [ctx, cancel] = withCancel(background());
  cancel();
  assert.equal(ctx.err, Canceled);
  const [timed] = withTimeout(background(), 5);
  const { signal, done } = timed;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(signal.aborted, false, "there is no scheduler that could have seen to it");
  assert.equal(timed.err, DeadlineExceeded);
  assert.equal(signal.aborted, true);
  assert.ok(done.tryRecv() !== null);
  assertNothingLeft(sockets);
});

test("a deadline that expired between runs is handled by the next run", async () => {
  const sockets = openSockets();
  for (const driver of [run, runSync]) {
    const [ctx] = withTimeout(background(), 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await driver(function* () {
      yield* ctx.done.recv();
    });
    assert.equal(ctx.err, DeadlineExceeded);
  }
  assertNothingLeft(sockets);
});

test("afterFunc() works when its run has ended, or there was none", async () => {
  const sockets = openSockets();
  for (const inRun of [true, false]) {
    const [ctx, cancel] = withCancel(background());
    let over = false;
    const told = function* () {
      yield* sleep(1);
      over = true;
    };
    if (inRun) {
      await run(function* () {
        afterFunc(ctx, told);
      });
    } else {
      afterFunc(ctx, told);
    }
    cancel();
    assert.equal(numGoroutine(), 1);
    assert.equal(scheduler.runs.size, 1, "the goroutine is in a run that is over");
    const deadline = Date.now() + 20_000;
    while (numGoroutine() > 0 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.ok(over);
  }
  await run(function* () {}); // Until what drives the scheduler has stopped.
  assertNothingLeft(sockets);
});

test("a pending deadline never keeps the process alive", async () => {
  const at = new URL("../../", import.meta.url);
  const program = `
    import { run, runSync } from "${at}mod.ts";
    import { background } from "${at}src/context/context.ts";
    import { withTimeout } from "${at}src/context/with_cancel.ts";
    import { afterFunc } from "${at}src/context/abort_signal.ts";
    afterFunc(withTimeout(background(), 3600_000)[0], () => {});
    await run(function* () { withTimeout(background(), 3600_000)[0].done; });
    runSync(function* () { withTimeout(background(), 3600_000)[0].signal; });
    console.log("over");
  `;
  const runtime = "Bun" in globalThis ? ["-e"] : ["eval"];
  const options = { cwd: fileURLToPath(at), timeout: 30_000 };
  const { stdout } = await promisify(execFile)(process.execPath, [...runtime, program], options);
  assert.equal(stdout.trim(), "over");
});
