// SPDX-License-Identifier: MIT
/** What a call says that was canceled or came too late: the truth, and always in the same shape. */
import assert from "node:assert/strict";
import {
  background,
  type Cancel,
  Canceled,
  CanceledError,
  cancellable,
  chan,
  dial,
  go,
  gosched,
  isCanceled,
  isTimeout,
  listen,
  listenPacket,
  lookupHost,
  type LookupOptions,
  Mutex,
  OpError,
  pipe,
  type Routine,
  run,
  RWMutex,
  select,
  Semaphore,
  sleep,
  WaitGroup,
  withCancel,
  withCancelCause,
  withTimeout,
} from "../../mod.ts";
import { DeadlineExceeded, DeadlineExceededError } from "../../src/context/errors.ts";
import { both, pair, parked, thrown } from "../support/harness.ts";
import { test } from "node:test";

/** Calls that wait for ever unless they are canceled. */
const CALLS: Record<string, (cancel: Cancel) => Routine<unknown>> = {
  "Mutex.lock": function* (cancel) {
    const mutex = new Mutex();
    yield* mutex.lock();
    yield* cancellable(mutex.lock(), cancel);
  },
  "RWMutex.rlock": function* (cancel) {
    const mutex = new RWMutex();
    yield* mutex.lock();
    yield* cancellable(mutex.rlock(), cancel);
  },
  "Semaphore.acquire": (cancel) => new Semaphore(0).acquire(1, cancel),
  "Semaphore.acquired": (cancel) => new Semaphore(0).acquired(1, cancel),
  "WaitGroup.wait": function* (cancel) {
    const wg = new WaitGroup();
    wg.add(1);
    yield* cancellable(wg.wait(), cancel);
  },
  "Chan.recv": (cancel) => cancellable(chan<number>().recv(), cancel),
  "Chan.send": (cancel) => cancellable(chan<number>().send(1), cancel),
  select: (cancel) => cancellable(select(chan<number>().onRecv()), cancel),
  sleep: (cancel) => cancellable(sleep(60_000), cancel),
  "Conn.read": function* (cancel) {
    const [a, b] = yield* pair();
    using _ = a;
    using __ = b;
    yield* a.read(new Uint8Array(1), cancel);
  },
  "pipe's read": (cancel) => pipe()[0].read(new Uint8Array(1), cancel),
  "Listener.accept": function* (cancel) {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    yield* listener.accept(cancel);
  },
  "PacketConn.readFrom": function* (cancel) {
    using conn = yield* listenPacket("udp", "127.0.0.1:0");
    yield* conn.readFrom(new Uint8Array(1), cancel);
  },
};

/** The stack of an error is that of a call, not that of loading the library. */
function assertOwnStack(error: Error): void {
  assert.match(String(error.stack), /ended_call_test|harness/);
}

/** The error itself, or what an OpError wraps. */
function innermost(error: Error): unknown {
  return error instanceof OpError ? error.cause : error;
}

for (const [name, call] of Object.entries(CALLS)) {
  both(`a canceled ${name} has the common error shape`, function* () {
    const reason = new Error("enough");
    const [ctx, cancel] = withCancelCause(background());
    const calling = go(() => thrown(call(ctx)));
    yield* parked(calling);
    yield* sleep(1);
    cancel(reason);
    const error = (yield* calling.join()) as CanceledError;
    assert.equal(error.code, "ABORT_ERR");
    assert.equal(error.timeout, false);
    assert.deepEqual([isCanceled(error), isTimeout(error)], [true, false]);
    const inner = innermost(error);
    assert.ok(inner instanceof CanceledError);
    assert.equal(inner.cause, reason);
    assertOwnStack(error);
    assert.notEqual(yield* thrown(call(ctx)), error, "no error is thrown twice");
  });

  both(`a ${name} past its deadline has the common error shape`, function* () {
    const [ctx, stop] = withTimeout(background(), 1);
    const error = (yield* thrown(call(ctx))) as DeadlineExceededError;
    stop();
    assert.equal(error.code, "ETIMEDOUT");
    assert.equal(error.timeout, true);
    assert.deepEqual([isCanceled(error), isTimeout(error)], [false, true]);
    assert.ok(innermost(error) instanceof DeadlineExceededError);
    assertOwnStack(error);
  });
}

both("deadlines of connections and of contexts have the same errors", function* () {
  const [a, b] = yield* pair();
  using _ = a;
  using __ = b;
  a.setReadDeadline(Date.now() - 1);
  const own = yield* thrown(a.read(new Uint8Array(1)));
  const again = yield* thrown(a.read(new Uint8Array(1)));
  a.setReadDeadline(null);
  const [ctx, stop] = withTimeout(background(), 1);
  const other = yield* thrown(a.read(new Uint8Array(1), ctx));
  stop();
  for (const error of [own, again, other] as { cause: Error; code: string; message: string }[]) {
    assert.ok(error.cause instanceof DeadlineExceededError);
    assert.equal(error.code, "ETIMEDOUT");
    assert.match(error.message, /: i\/o timeout$/);
    assertOwnStack(error.cause);
  }
  assert.notEqual((own as Error).cause, (again as Error).cause, "each has its own");
});

both(
  "a context's own errors have the same classes, and no misleading stack",
  function* () {
    assert.ok(Canceled instanceof CanceledError);
    assert.ok(DeadlineExceeded instanceof DeadlineExceededError);
    assert.deepEqual([Canceled.code, DeadlineExceeded.code], ["ABORT_ERR", "ETIMEDOUT"]);
    assert.deepEqual([isCanceled(Canceled), isTimeout(Canceled)], [true, false]);
    assert.deepEqual([isCanceled(DeadlineExceeded), isTimeout(DeadlineExceeded)], [false, true]);
    for (const error of [Canceled, DeadlineExceeded]) {
      assert.doesNotMatch(error.stack ?? "", /\n/, "no frames");
    }
  },
);

both("isCanceled and isTimeout recognize the host's errors, and no others", function* () {
  const aborted = AbortSignal.abort().reason;
  assert.deepEqual([isCanceled(aborted), isTimeout(aborted)], [true, false]);
  const late = new DOMException("late", "TimeoutError");
  assert.deepEqual([isCanceled(late), isTimeout(late)], [false, true]);
  for (const other of [new Error("x"), null, undefined, "AbortError", { code: "ABORT_ERR" }, 7]) {
    assert.deepEqual([isCanceled(other), isTimeout(other)], [false, false]);
  }
});

test("a canceled or late lookup or dial has these errors, too", async () => {
  await run(function* () {
    const lookup = () => new Promise<string[]>(() => {});
    const calls: ((options: LookupOptions) => Routine<unknown>)[] = [
      (options) => lookupHost("x.test", options),
      (options) => dial("tcp", "x.test:1", options),
    ];
    for (const call of calls) {
      const controller = new AbortController();
      const calling = go(() => thrown(call({ lookup, signal: controller.signal })));
      yield* parked(calling);
      controller.abort();
      const ended = yield* calling.join();
      assert.deepEqual([isCanceled(ended), isTimeout(ended)], [true, false], String(ended));
      const late = yield* thrown(call({ lookup, timeout: 5 }));
      assert.deepEqual([isCanceled(late), isTimeout(late)], [false, true], String(late));
    }
  });
});

/** A send by each possible way, which returns its result. */
const SENDS: Record<string, (to: ReturnType<typeof chan<string>>) => Routine<unknown>> = {
  send: (to) => to.send("job"),
  select: (to) => select(to.onSend("job"), chan<number>().onRecv()),
  "a send in a function": function* (to) {
    yield* to.send("job");
  },
};

for (const [name, send] of Object.entries(SENDS)) {
  for (const first of ["the receiver", "the end"]) {
    both(`${name}: a received value is sent, even if ${first} comes first`, function* () {
      const jobs = chan<string>();
      const [ctx, cancel] = withCancel(background());
      const sending = go(function* () {
        try {
          yield* cancellable(send(jobs), ctx);
          return "sent";
        } catch (error) {
          return isCanceled(error) ? "not sent" : error;
        }
      });
      yield* parked(sending);
      if (first === "the end") cancel();
      assert.deepEqual(jobs.tryRecv(), { value: "job", ok: true });
      cancel();
      assert.equal(yield* sending.join(), "sent");
    });
  }

  both(`${name}: a value without a receiver is not sent`, function* () {
    const jobs = chan<string>();
    const [ctx, cancel] = withCancel(background());
    const sending = go(() => thrown(cancellable(send(jobs), ctx)));
    yield* parked(sending);
    cancel();
    assert.ok(isCanceled(yield* sending.join()));
    assert.equal(jobs.tryRecv(), null);
  });
}

both("a goroutine that sends in a loop is canceled between two sends", function* () {
  const jobs = chan<number>();
  const [ctx, cancel] = withCancel(background());
  let sent = 0;
  const sending = go(() =>
    thrown(cancellable(
      (function* (): Routine<void> {
        for (;; sent++) yield* jobs.send(sent);
      })(),
      ctx,
    ))
  );
  yield* parked(sending);
  for (let i = 0; i < 3; i++) {
    assert.equal(jobs.tryRecv()?.value, i);
    if (i < 2) yield* parked(sending);
  }
  cancel();
  assert.ok(isCanceled(yield* sending.join()));
  assert.equal(sent, 3);
  assert.equal(jobs.tryRecv(), null);
});

test("a join canceled together with its error does not swallow it", async () => {
  await run(function* () {
    const [ctx, cancel] = withCancel(background());
    const failing = go(function* () {
      yield* gosched();
      cancel();
      throw new RangeError("its own");
    });
    const error = yield* thrown(cancellable(failing.join(), ctx));
    assert.ok(error instanceof RangeError, String(error));
  });
});

both("a write to a pipe that is read entirely before the cancellation succeeds", function* () {
  const [a, b] = pipe();
  const [ctx, cancel] = withCancel(background());
  const writing = go(() => a.write(new Uint8Array(3), ctx));
  yield* parked(writing);
  assert.equal(yield* b.read(new Uint8Array(8)), 3);
  cancel();
  assert.equal(yield* writing.join(), 3);
});
