// SPDX-License-Identifier: MIT
/** Many pieces in one write: all of them, in their order, and what an error says. Go: net/writev_test.go. */
import assert from "node:assert/strict";
import {
  background,
  type Conn,
  go,
  type OpError,
  pipe,
  readAll,
  type Routine,
  withCancel,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { both, pair, thrown, until } from "../support/harness.ts";
import { assertPattern } from "../support/pattern.ts";

/** From so many bytes on a piece goes out where it is; shorter ones are put together. */
const LONG = 16 * 1024;

/** Pieces of these lengths, whose bytes go on counting from one to the next. */
function pieces(lengths: readonly number[]): { all: Uint8Array[]; total: number } {
  let next = 0;
  const all = lengths.map((length) => Uint8Array.from({ length }, () => next++ % 251));
  return { all, total: next };
}

const SHAPES: Record<string, number[]> = {
  "nothing": [],
  "empty pieces": [0, 0, 0],
  "one": [5],
  "a head and a body": [100, 50_000],
  "around the length at which pieces are long": [LONG - 1, LONG, LONG + 1, LONG - 1, 1, LONG],
  "short ones that fill the scratch buffer": Array(20).fill(LONG - 1),
  "very many, far beyond IOV_MAX": Array.from({ length: 5000 }, (_, i) => i % 7),
  "very many long ones": Array(200).fill(LONG),
  "long and short in turn": Array.from({ length: 300 }, (_, i) => i % 2 === 0 ? LONG + i : i % 5),
  "one that is larger than all buffers": [3, 20 << 20, 7],
};

for (const [name, lengths] of Object.entries(SHAPES)) {
  both(`writev of ${name}`, function* () {
    const { all, total } = pieces(lengths);
    const [a, b] = yield* pair();
    const reader = go(() => readAll(b));
    assert.equal(yield* a.writev(all), total);
    a.close();
    const got = yield* reader.join();
    assert.equal(got.length, total);
    assertPattern(got);
    b.close();
  });
}

both("writev accepts views anywhere in a buffer, and of shared memory", function* () {
  const { all: [whole], total } = pieces([100_000]);
  const shared = new Uint8Array(new SharedArrayBuffer(40_000));
  shared.set(whole.subarray(60_000));
  const views = [whole.subarray(0, 10), whole.subarray(10, 60_000), shared];
  const [a, b] = yield* pair();
  const reader = go(() => readAll(b));
  assert.equal(yield* a.writev(views), total);
  a.close();
  assertPattern(yield* reader.join());
  b.close();
});

both("the pieces may be reused once writev has returned, and not before", function* () {
  const [a, b] = yield* pair();
  let received = 0;
  const reader = go(function* () {
    const buf = new Uint8Array(64 * 1024);
    for (let n; (n = yield* b.read(buf)) !== null; received += n) {
      assert.ok(buf.subarray(0, n).every((byte) => byte === 1), "bytes from after the write came");
    }
  });
  const all = [new Uint8Array(100), new Uint8Array(300_000), new Uint8Array(50)];
  let sent = 0;
  for (let i = 0; i < 30; i++) {
    for (const piece of all) piece.fill(1);
    sent += yield* a.writev(all);
    for (const piece of all) piece.fill(2);
  }
  a.close();
  yield* reader.join();
  assert.equal(received, sent);
  b.close();
});

/** A writer that waits with most of its pieces not yet out. */
function* stuck(a: Conn, b: Conn, end: () => void, call: () => Routine<number>): Routine<void> {
  const writer = go(() => thrown(call()));
  yield* until(() => writer.status === "waiting");
  end();
  const error = (yield* writer.join()) as OpError;
  assert.equal(error.op, "writev");
  assert.ok(error.bytesWritten! > 0);
  a.close();
  const got = yield* readAll(b);
  assert.equal(got.length, error.bytesWritten);
  assertPattern(got);
  b.close();
}

both("a partial writev reports how much was sent", function* () {
  const { all } = pieces([10, 20_000, 30 << 20]);
  const [a, b] = yield* pair();
  yield* stuck(a, b, () => a.setWriteDeadline(1), () => a.writev(all));
  const [c, d] = yield* pair();
  const [ctx, cancel] = withCancel(background());
  yield* stuck(c, d, cancel, () => c.writev(all, ctx));
});

both("writev on a closed connection is an error, even if empty", function* () {
  const [a, b] = yield* pair();
  a.close();
  for (const all of [[], [new Uint8Array(1)]]) {
    const error = (yield* thrown(a.writev(all))) as OpError;
    assert.match(error.message, /^writev tcp .*: use of closed network connection$/);
    assert.equal(error.bytesWritten, 0);
  }
  b.close();
});

both("a writev that the peer resets is a system call error", function* () {
  const [a, b] = yield* pair();
  b.abort();
  const error = (yield* thrown((function* () {
    for (;;) yield* a.writev([new Uint8Array(10), new Uint8Array(100_000)]);
  })())) as OpError;
  assert.match(error.message, /^writev tcp .*: sendmsg: (connection reset by peer|broken pipe)$/);
  a.close();
});

both("writes and writevs of several goroutines are not interleaved", function* () {
  const [a, b] = yield* pair();
  const writers = [1, 2, 3, 4].map((n) =>
    go(function* () {
      const all = [10, 70_000, 20].map((length) => new Uint8Array(length).fill(n));
      for (let i = 0; i < 5; i++) {
        if (n % 2 === 0) yield* a.writev(all);
        else yield* a.write(new Uint8Array(70_030).fill(n));
      }
    })
  );
  const reader = go(() => readAll(b));
  for (const writer of writers) yield* writer.join();
  a.close();
  const got = yield* reader.join();
  assert.equal(got.length, 20 * 70_030);
  for (let at = 0; at < got.length; at += 70_030) {
    const [first] = got.subarray(at);
    assert.ok(got.subarray(at, at + 70_030).every((byte) => byte === first));
  }
  b.close();
});

both("an interrupted call, and one that accepts a single byte, continue", function* () {
  const { vector } = platform().transfers;
  const { EINTR } = platform().errno;
  const real = vector.send.bind(vector);
  let calls = 0;
  const [a, b] = yield* pair();
  vector.send = (fd) => calls++ % 3 === 0 ? -EINTR : real(fd);
  try {
    const { all, total } = pieces([5, 20_000, 5]);
    assert.equal(yield* a.writev(all), total);
    assert.ok(calls > 1);
  } finally {
    Reflect.deleteProperty(vector, "send");
  }
  a.close();
  assertPattern(yield* readAll(b));
  b.close();
});

both("a value that is not a Uint8Array is rejected before anything is written", function* () {
  const [a, b] = yield* pair();
  for (const conn of [a, pipe()[0]]) {
    for (const bad of ["text", null, [1, 2], new Float64Array(2)]) {
      const all = [new Uint8Array(1), bad] as Uint8Array[];
      assert.throws(() => conn.writev(all), TypeError);
    }
  }
  a.close();
  assert.equal((yield* readAll(b)).length, 0);
  b.close();
});
