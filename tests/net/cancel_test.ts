// SPDX-License-Identifier: MIT
/** Reads, writes and accepts that a context or a signal ends. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import {
  background,
  type Cancel,
  CanceledError,
  cancellable,
  type Conn,
  copy,
  dial,
  go,
  listen,
  OpError,
  pipe,
  type Routine,
  sendFile,
  sleep,
  splice,
  withCancel,
  withCancelCause,
  withTimeout,
} from "../../mod.ts";
import { counters } from "../../src/fd/counters.ts";
import { both, only, pair, parked, thrown, until } from "../support/harness.ts";

/** Makes a cancel of each kind, with what cancels it for `reason`. */
const KINDS: Record<string, (reason: Error) => [Cancel, () => void]> = {
  context: (reason) => {
    const [ctx, cancel] = withCancelCause(background());
    return [ctx, () => cancel(reason)];
  },
  signal: (reason) => {
    const controller = new AbortController();
    return [controller.signal, () => controller.abort(reason)];
  },
};

/** Fails unless `error` says that `op` was cancelled for `reason`. */
function assertCanceled(error: unknown, op: string, reason: unknown): asserts error is OpError {
  assert.ok(error instanceof OpError, String(error));
  assert.equal(error.op, op);
  assert.equal(error.code, "ABORT_ERR");
  assert.equal(error.timeout, false);
  assert.match(error.message, /: operation was canceled$/);
  assert.ok(error.cause instanceof CanceledError);
  assert.equal(error.cause.cause, reason);
}

/** Fills the way to a peer that does not read, until a write would have to wait. */
function* fill(conn: Conn): Routine<void> {
  conn.setWriteBuffer(4096);
  conn.setWriteDeadline(Date.now() + 20);
  const error = yield* thrown(conn.write(new Uint8Array(1 << 24)));
  assert.ok((error as OpError).timeout);
  conn.setWriteDeadline(null);
}

for (const [kind, make] of Object.entries(KINDS)) {
  const calls: Record<string, (conn: Conn, cancel: Cancel) => Routine<unknown>> = {
    read: (conn, cancel) => conn.read(new Uint8Array(8), cancel),
    readFull: (conn, cancel) => conn.readFull(new Uint8Array(8), cancel),
    readable: (conn, cancel) => conn.readable(cancel),
    "chunks().next": (conn, cancel) => conn.chunks().next(cancel),
  };
  for (const [name, call] of Object.entries(calls)) {
    both(`${name} is ended by a ${kind}, and the connection stays usable`, function* () {
      const [a, b] = yield* pair();
      using _a = a, _b = b;
      const reason = new Error("enough");
      const [cancel, abort] = make(reason);
      go(function* () {
        yield* sleep(1);
        abort();
      });
      assertCanceled(yield* thrown(call(a, cancel)), "read", reason);
      yield* b.write(new TextEncoder().encode("12345678"));
      const buf = new Uint8Array(8);
      assert.equal(yield* a.readFull(buf), 8);
      assert.equal(new TextDecoder().decode(buf), "12345678");
    });

    both(
      `${name} with a ${kind} that has already fired throws at once, and takes nothing`,
      function* () {
        const [a, b] = yield* pair();
        using _a = a, _b = b;
        yield* b.write(Uint8Array.of(1, 2));
        yield* a.readable();
        const reason = new Error("over");
        const [cancel, abort] = make(reason);
        abort();
        assertCanceled(yield* thrown(call(a, cancel)), "read", reason);
        assert.equal(yield* a.read(new Uint8Array(8)), 2);
      },
    );
  }

  both(`a write is ended by a ${kind} and reports how much was sent`, function* () {
    const [a, b] = yield* pair();
    using _a = a, _b = b;
    a.setLinger(0); // The rest is not to be waited for.
    yield* fill(a);
    const reason = new Error("slow");
    const [cancel, abort] = make(reason);
    go(function* () {
      yield* sleep(1);
      abort();
    });
    const error = yield* thrown(a.write(new Uint8Array(1 << 24), cancel));
    assertCanceled(error, "write", reason);
    assert.ok(error.bytesWritten! >= 0 && error.bytesWritten! < 1 << 24);
  });

  both(`an accept is ended by a ${kind}, and the next one gets the connection`, function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    const reason = new Error("no more");
    const [cancel, abort] = make(reason);
    go(function* () {
      yield* sleep(1);
      abort();
    });
    assertCanceled(yield* thrown(listener.accept(cancel)), "accept", reason);
    using dialled = yield* dial("tcp", String(listener.addr));
    assertCanceled(yield* thrown(listener.accept(cancel)), "accept", reason);
    using accepted = yield* listener.accept();
    assert.equal(String(accepted.remoteAddr), String(dialled.localAddr));
  });
}

both("the bytes reported by a partial write are those that arrive", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  const [ctx, cancel] = withCancel(background());
  const writing = go(function* () {
    const error = yield* thrown(a.write(new Uint8Array(1 << 24), ctx));
    a.close();
    return (error as OpError).bytesWritten!;
  });
  const buf = new Uint8Array(1 << 16);
  let got = (yield* b.read(buf))!;
  cancel();
  const sent = yield* writing.join();
  for (let n; (n = yield* b.read(buf)) !== null;) got += n;
  assert.equal(got, sent);
});

both("a context's deadline is a timeout", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const [ctx, cancel] = withTimeout(background(), 2);
  const error = yield* thrown(a.read(new Uint8Array(1), ctx));
  cancel();
  assert.ok(error instanceof OpError);
  assert.equal(error.code, "ETIMEDOUT");
  assert.equal(error.timeout, true);
  assert.match(error.message, /: i\/o timeout$/);
});

only("run", "AbortSignal.timeout is a timeout", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const error = yield* thrown(a.read(new Uint8Array(1), AbortSignal.timeout(2)));
  assert.ok(error instanceof OpError && error.timeout, String(error));
});

both("a readFull that fails half-way reports how much it had read", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  yield* b.write(Uint8Array.of(1, 2, 3));
  const buf = new Uint8Array(5);
  const reading = go(() => thrown(a.readFull(buf)));
  while (buf[2] !== 3) yield* sleep(1);
  a.setReadDeadline(Date.now());
  const error = yield* reading.join();
  assert.equal((error as OpError).timeout, true);
  assert.equal((error as OpError).bytesRead, 3);
  assert.deepEqual([...buf], [1, 2, 3, 0, 0]);
});

both(
  "a queued read is ended as well, while those before and behind continue",
  function* () {
    const [a, b] = yield* pair();
    using _a = a, _b = b;
    const [ctx, cancel] = withCancel(background());
    const order: string[] = [];
    const reader = function* (name: string, cancel?: Cancel) {
      try {
        yield* a.read(new Uint8Array(1), cancel);
        order.push(name);
      } catch (error) {
        order.push(`${name} ${(error as OpError).code}`);
      }
    };
    const readers = [go(reader, "first"), go(reader, "second", ctx), go(reader, "third")];
    yield* sleep(1);
    cancel();
    yield* readers[1].join();
    yield* b.write(Uint8Array.of(1, 2));
    yield* readers[0].join();
    yield* readers[2].join();
    assert.deepEqual(order, ["second ABORT_ERR", "first", "third"]);
  },
);

both("a value that is not a context or signal is rejected", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const [context] = withCancel(background());
  const cases: [unknown, string][] = [
    [{}, "object"],
    [500, "500"],
    [new AbortController(), "an AbortController; pass its signal"],
    [{ context }, "an object with a context; pass its context"],
    [
      { timeout: 500 },
      "an object with a timeout; pass a context of withTimeout, or set a deadline",
    ],
  ];
  for (const [cancel, current] of cases) {
    const error = yield* thrown(a.read(new Uint8Array(1), cancel as Cancel));
    assert.ok(error instanceof TypeError);
    assert.equal(
      error.message,
      "Cannot cancel a call as cancel must be a Context or an AbortSignal: " +
        `current value is ${current}`,
    );
  }
});

for (const way of ["write", "writev", "write of a pipe"] as const) {
  both(`cancellable of a ${way} reports how much was sent`, function* () {
    const [a, b] = way === "write of a pipe" ? pipe() : yield* pair();
    using _a = a, _b = b;
    a.setLinger(0); // The rest is not to be waited for.
    const bytes = new Uint8Array(1 << 24);
    const [ctx, cancel] = withCancel(background());
    const writing = go(() =>
      thrown(cancellable(way === "writev" ? a.writev([bytes]) : a.write(bytes), ctx))
    );
    const got = (yield* b.read(new Uint8Array(1000)))!;
    yield* parked(writing);
    cancel();
    const error = (yield* writing.join()) as CanceledError & { bytesWritten?: number };
    assert.ok(error instanceof CanceledError);
    assert.ok(error.bytesWritten! >= got && error.bytesWritten! < bytes.length);
  });
}

const folder = mkdtempSync(join(tmpdir(), "netpoll-cancel-"));
after(() => rmSync(folder, { recursive: true }));
const LONG_FILE = join(folder, "file");
writeFileSync(LONG_FILE, "");
truncateSync(LONG_FILE, 1 << 25);

/** Copies to `to` until it has to wait; the source is endless, or a file. */
const COPIES: Record<string, (to: Conn, from: Conn) => Routine<number>> = {
  copy: (to, from) => copy(to, from),
  splice: (to, from) => splice(from, to),
  sendFile: (to) => sendFile(to, LONG_FILE),
};

for (const [name, start] of Object.entries(COPIES)) {
  for (const piped of [false, true]) {
    both(`cancellable of ${name} to a ${piped ? "pipe" : "socket"} reports how much`, function* () {
      const [to, far] = piped ? pipe() : yield* pair();
      const [from, near] = yield* pair();
      for (const conn of [to, near]) conn.setLinger(0); // The rest is not to be waited for.
      using _to = to, _far = far, _from = from, _near = near;
      const feeding = go(() => thrown(near.write(new Uint8Array(1 << 25))));
      const [ctx, cancel] = withCancel(background());
      const copying = go(() => thrown(cancellable(start(to, from), ctx)));
      const buf = new Uint8Array(1 << 16);
      let got = (yield* far.read(buf))!;
      yield* parked(copying);
      cancel();
      const error = (yield* copying.join()) as CanceledError & { bytesWritten?: number };
      assert.ok(error instanceof CanceledError);
      to.closeWrite();
      for (let n; (n = yield* far.read(buf)) !== null;) got += n;
      assert.equal(error.bytesWritten, got);
      near.abort();
      yield* feeding.join();
    });
  }
}

both("cancellable of a readFull reports how much was read", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const [ctx, cancel] = withCancel(background());
  const before = counters.read;
  const reading = go(() => thrown(cancellable(b.readFull(new Uint8Array(10)), ctx)));
  yield* a.write("abc");
  yield* until(() => counters.read >= before + 3);
  yield* parked(reading);
  cancel();
  const error = (yield* reading.join()) as { bytesRead?: number };
  assert.equal(error.bytesRead, 3);
});

both("an object in place of a context is rejected with advice", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const p = new Uint8Array(1);
  const { signal } = new AbortController();
  const wrong: [object, RegExp][] = [
    [{ timeout: 5 }, /with a timeout; pass a context of withTimeout, or set a deadline$/],
    [{ context: background() }, /with a context; pass its context$/],
    [{ signal }, /with a signal; pass its signal$/],
  ];
  for (const [cancel, cure] of wrong) {
    const error = yield* thrown(a.read(p, cancel as never));
    assert.ok(error instanceof TypeError);
    assert.match(error.message, cure);
  }
});
