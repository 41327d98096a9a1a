// SPDX-License-Identifier: MIT
// cspell:ignore efcd
/** Reading, writing, half-closing, resets and options of TCP connections. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import process from "node:process";
import { test } from "node:test";
import {
  type Conn,
  go,
  type Goroutine,
  gosched,
  listen,
  type OpError,
  type Routine,
  UnexpectedEOFError,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { failingWith, realCalls, withCalls } from "../fixtures/syscalls_fixture.ts";
import {
  both,
  errnoOf,
  onWindows,
  opError,
  option,
  pair,
  pairOn,
  runBy,
  thrown,
  until,
} from "../support/harness.ts";
import { pattern } from "../support/pattern.ts";

/** More than the buffers between the two ends of a connection hold. */
const MORE_THAN_FITS = 16 << 20;

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (p: Uint8Array) => new TextDecoder().decode(p);

/** Reads to the end of the stream. */
function* readAll(conn: Conn, chunk = 64 * 1024): Routine<Uint8Array> {
  const parts: Uint8Array[] = [];
  const buf = new Uint8Array(chunk);
  for (let n; (n = yield* conn.read(buf)) !== null;) parts.push(buf.slice(0, n));
  return Buffer.concat(parts);
}

/** A call whose arguments are checked only when it is driven. */
function* started<T>(call: () => Routine<T>): Routine<T> {
  return yield* call();
}

/** Waits until `g` is parked for a descriptor. */
function* parkedForIO(g: Goroutine<unknown>): Routine<void> {
  yield* until(() => g.status === "waiting" && g.waitReason === "IO wait");
}

both("read() returns available data, up to the buffer's length", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  yield* a.write(bytes("abcdef"));
  const buf = new Uint8Array(4);
  assert.equal(yield* b.read(buf), 4);
  assert.equal(text(buf), "abcd");
  assert.equal(yield* b.read(buf), 2);
  assert.equal(text(buf), "efcd");
});

both("read() and write() stay within their view", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const sent = bytes("0123456789");
  assert.equal(yield* a.write(sent.subarray(3, 6)), 3);
  const buf = Buffer.from("..........");
  assert.equal(yield* b.read(buf.subarray(4, 9)), 3);
  assert.equal(buf.toString(), "....345...");
});

both("read() parks until data arrives", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const buf = new Uint8Array(8);
  const reader = go(() => b.read(buf));
  yield* parkedForIO(reader);
  yield* a.write(bytes("x"));
  assert.equal(yield* reader.join(), 1);
});

both("read() returns null at the end of the stream, repeatedly", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  const buf = new Uint8Array(8);
  const reader = go(() => b.read(buf));
  yield* parkedForIO(reader);
  a.close();
  assert.equal(yield* reader.join(), null);
  for (let i = 0; i < 3; i++) assert.equal(yield* b.read(buf), null);
});

both("read() returns all data before the end, however they arrive", function* () {
  for (const size of [1, 7, 8, 9, 4096, 100_000]) {
    const [a, b] = yield* pair();
    using _b = b;
    const want = pattern(size);
    yield* a.write(want);
    a.close();
    assert.deepEqual(new Uint8Array(yield* readAll(b, 8)), want);
  }
});

both("an empty read returns 0 at once, even at the end of the stream", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  const none = new Uint8Array(0);
  assert.equal(yield* b.read(none), 0);
  assert.equal(yield* b.readFull(none), 0);
  a.close();
  assert.equal(yield* b.read(new Uint8Array(1)), null);
  assert.equal(yield* b.read(none), 0);
});

both("an empty write returns 0 and sends nothing", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  assert.equal(yield* a.write(new Uint8Array(0)), 0);
  yield* a.write(bytes("x"));
  assert.equal(yield* b.read(new Uint8Array(8)), 1);
});

const NOT_BUFFERS: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ["undefined", undefined],
  ["a string", "text"],
  ["a number", 4096],
  ["an array of numbers", [1, 2, 3]],
  ["a DataView", new DataView(new ArrayBuffer(8))],
  ["an ArrayBuffer", new ArrayBuffer(8)],
  ["a Uint16Array", new Uint16Array(8)],
  ["an object with a length", { length: 8 }],
];

for (const [what, value] of NOT_BUFFERS) {
  both(`${what} is not a buffer: a TypeError and no system call`, function* () {
    const [a, b] = yield* pair();
    using _a = a, _b = b;
    const buffer = value as Uint8Array;
    const never = () => assert.fail("the kernel was called");
    yield* withCalls({ recv: never, send: never }, function* () {
      const calls = [() => a.read(buffer), () => a.readFull(buffer)];
      // A string may be written.
      if (typeof value !== "string") calls.push(() => a.write(buffer));
      for (const call of calls) {
        const error = yield* thrown(started(call));
        assert.ok(error instanceof TypeError, String(error));
        assert.match(error.message, /must be a Uint8Array/);
      }
    });
    // Nothing of it stays: the locks are free.
    yield* a.write(bytes("ok"));
    assert.equal(yield* b.read(new Uint8Array(8)), 2);
  });
}

both("write() parks if the buffer is full, and continues as the peer reads", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  const want = pattern(MORE_THAN_FITS);
  const writer = go(() => a.write(want));
  yield* parkedForIO(writer);
  const reader = go(function* () {
    const buf = new Uint8Array(40_000);
    let got = 0;
    for (let n; (n = yield* b.read(buf)) !== null; got += n) {
      assert.equal(Buffer.compare(buf.subarray(0, n), want.subarray(got, got + n)), 0);
      yield* gosched();
    }
    return got;
  });
  assert.equal(yield* writer.join(), want.length);
  a.close();
  assert.equal(yield* reader.join(), want.length);
});

both(
  "a reader does not wait for a blocked writer, nor a writer for a blocked reader",
  function* () {
    const [a, b] = yield* pair();
    using _a = a, _b = b;
    const buf = new Uint8Array(8);
    const reader = go(() => a.read(buf));
    yield* parkedForIO(reader);
    yield* a.write(bytes("there"));
    assert.equal(yield* b.read(buf), 5);
    yield* b.write(bytes("back"));
    assert.equal(yield* reader.join(), 4);

    const writer = go(() => a.write(new Uint8Array(MORE_THAN_FITS)));
    yield* parkedForIO(writer);
    yield* b.write(bytes("again"));
    assert.equal(yield* a.read(buf), 5);
    b.abort();
    yield* thrown(writer.join());
  },
);

both("readers take turns in FIFO order", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const got: string[] = [];
  const readers = Array.from({ length: 5 }, (_, i) =>
    go(function* reader() {
      const buf = new Uint8Array(1);
      for (let round = 0; round < 3; round++) {
        assert.equal(yield* b.read(buf), 1);
        got.push(`${i}${text(buf)}`);
      }
    }));
  yield* until(() => readers.every((g) => g.status === "waiting"));
  yield* a.write(bytes("abcdefghijklmno"));
  for (const reader of readers) yield* reader.join();
  assert.deepEqual(got.join(" "), "0a 1b 2c 3d 4e 0f 1g 2h 3i 4j 0k 1l 2m 3n 4o");
});

both("writes are not interleaved, and are sent in call order", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  const size = MORE_THAN_FITS;
  const writers = [1, 2, 3].map((mark) => go(() => a.write(new Uint8Array(size).fill(mark))));
  yield* until(() => writers.every((g) => g.status === "waiting"));
  const reader = go(() => readAll(b));
  for (const writer of writers) assert.equal(yield* writer.join(), size);
  a.close();
  const got = yield* reader.join();
  const want = Buffer.concat([1, 2, 3].map((mark) => new Uint8Array(size).fill(mark)));
  assert.equal(Buffer.compare(got, want), 0);
});

both("a finished write stays finished, and does not affect other writes", function* () {
  const [a, b] = yield* pair();
  const [c, d] = yield* pair();
  using _a = a, _b = b, _d = d;
  const over = a.write(bytes("over"));
  assert.equal(yield* over, 4);
  const writer = go(() => c.write(new Uint8Array(MORE_THAN_FITS)));
  yield* until(() => writer.status === "waiting");
  assert.equal(over.next().done, true);
  assert.equal(over.return(0).done, true);
  const reader = go(() => readAll(d));
  assert.equal(yield* writer.join(), MORE_THAN_FITS);
  c.close();
  assert.equal((yield* reader.join()).length, MORE_THAN_FITS);
});

both("a connection that is always ready lets others run", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  let others = 0;
  const other = go(function* other() {
    for (;; others++) yield* gosched();
  });
  const buf = new Uint8Array(1);
  for (let i = 0; i < 1000; i++) {
    yield* a.write(buf);
    yield* b.read(buf);
  }
  assert.equal(other.status, "runnable");
  assert.ok(others > 10, `the other ran ${others} times`);
});

both("readFull() fills its buffer, or returns null, or reports how much it read", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  const buf = new Uint8Array(6);
  const real = realCalls();
  let came = 0;
  const recv = (fd: number, p: Uint8Array, length: number) => {
    const n = real.recv(fd, p, length);
    came += Math.max(0, n);
    return n;
  };
  yield* withCalls({ recv }, function* () {
    const whole = go(() => b.readFull(buf));
    yield* a.write(bytes("ab"));
    yield* until(() => came === 2);
    yield* a.write(bytes("cde"));
    yield* until(() => came === 5);
    yield* a.write(bytes("fgh"));
    assert.equal(yield* whole.join(), 6);
  });
  assert.equal(text(buf), "abcdef");
  a.close();
  const error = yield* thrown(b.readFull(buf));
  assert.ok(error instanceof UnexpectedEOFError);
  assert.equal(error.message, "unexpected EOF");
  assert.equal(error.bytesRead, 2);
  assert.equal(yield* b.readFull(buf), null);
});

both("closeWrite() ends the stream for the peer and leaves the other direction open", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  yield* a.write(bytes("last"));
  a.closeWrite();
  assert.equal(text(yield* readAll(b)), "last");
  yield* b.write(bytes("answer"));
  b.closeWrite();
  assert.equal(text(yield* readAll(a)), "answer");
  const error = opError(
    yield* thrown(a.write(bytes("more"))),
    `write tcp ${a.localAddr}->${a.remoteAddr}: write: broken pipe`,
  );
  assert.equal(error.code, "EPIPE");
  assert.equal(error.bytesWritten, 0);
});

both("closeRead() ends a waiting read and leaves the other direction open", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const reader = go(() => a.read(new Uint8Array(8)));
  yield* parkedForIO(reader);
  a.closeRead();
  assert.equal(yield* reader.join(), null);
  assert.equal(yield* a.read(new Uint8Array(8)), null);
  yield* a.write(bytes("still"));
  assert.equal(yield* b.read(new Uint8Array(8)), 5);
});

both("closeRead() keeps received data readable", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  yield* b.write(bytes("before"));
  const buf = new Uint8Array(3);
  assert.equal(yield* a.read(buf), 3);
  a.closeRead();
  assert.equal(text(yield* readAll(a)), "ore");
});

both("a reset ends a waiting read with ECONNRESET", function* () {
  const [a, b] = yield* pair();
  using _a = a;
  const reader = go(() => thrown(a.read(new Uint8Array(8))));
  yield* parkedForIO(reader);
  b.abort();
  const error = opError(
    yield* reader.join(),
    `read tcp ${a.localAddr}->${a.remoteAddr}: read: connection reset by peer`,
  );
  assert.equal(error.code, "ECONNRESET");
  assert.equal(error.timeout, false);
});

both("a reset is reported by the next read", function* () {
  const [a, b] = yield* pair();
  using _a = a;
  b.abort();
  const error = yield* thrown(a.read(new Uint8Array(8)));
  assert.equal((error as OpError).code, "ECONNRESET");
});

both("a reset of a connection is not temporary: in Go, only that of an accept is", function* () {
  const [a, b] = yield* pair();
  using _a = a;
  b.abort();
  assert.equal(((yield* thrown(a.read(new Uint8Array(8)))) as OpError).temporary, false);
});

both("a reset ends a waiting write, which reports how much was written", function* () {
  const [a, b] = yield* pair();
  using _a = a;
  const writer = go(() => thrown(a.write(new Uint8Array(MORE_THAN_FITS))));
  yield* parkedForIO(writer);
  b.abort();
  const error = (yield* writer.join()) as OpError;
  const between = `${a.localAddr}->${a.remoteAddr}`;
  assert.ok(
    error.message === `write tcp ${between}: write: connection reset by peer` ||
      error.message === `write tcp ${between}: write: broken pipe`,
    error.message,
  );
  assert.match(error.code, GONE);
  assert.ok(error.bytesWritten! > 0 && error.bytesWritten! < MORE_THAN_FITS);
});

/** What a write says of a peer that is gone. Windows says the same again and again. */
const GONE = onWindows ? /^(ECONNRESET|ECONNABORTED|EPIPE)$/ : /^(ECONNRESET|EPIPE)$/;

both("a write to a peer that is gone is an error, not a signal", function* () {
  const [a, b] = yield* pair();
  using _a = a;
  b.close();
  let error: OpError | null = null;
  while (error === null) {
    try {
      yield* a.write(bytes("anyone?"));
      yield* gosched();
    } catch (e) {
      error = e as OpError;
    }
  }
  assert.match(error.code, /^(ECONNRESET|EPIPE)$/);
  // Once more, now that the socket is known to be broken: this is where SIGPIPE would come.
  assert.match(
    ((yield* thrown(a.write(bytes("anyone?")))) as OpError).code,
    onWindows ? GONE : /^EPIPE$/,
  );
});

const noSignals = onWindows && "Windows has no signals";

test("a write to a peer that is gone raises no SIGPIPE", { skip: noSignals }, async () => {
  const raised: string[] = [];
  // A listener replaces the runtimes' own handling, which is to ignore the signal. It stays:
  // without it Bun would leave the signal at its default from then on, which ends the process.
  process.on("SIGPIPE", () => raised.push("SIGPIPE"));
  // On Deno a listener for signals does not keep the event loop going.
  const alive = setInterval(() => {}, 1000);
  try {
    await runBy("runSync", function* () {
      const [a, b] = yield* pair();
      using _a = a;
      b.abort();
      yield* thrown(a.read(new Uint8Array(1)));
      for (let i = 0; i < 3; i++) {
        assert.equal(((yield* thrown(a.write(bytes("anyone?")))) as OpError).code, "EPIPE");
      }
    });
    // One that is raised now is heard of after any that was raised before.
    const heard = once(process, "SIGUSR2");
    process.kill(process.pid, "SIGUSR2");
    await heard;
    await new Promise((resolve) => setTimeout(resolve, 1));
  } finally {
    clearInterval(alive);
  }
  assert.deepEqual(raised, []);
});

both("one reset ends the reader and the writer", function* () {
  const [a, b] = yield* pair();
  using _a = a;
  const reader = go(function* () {
    try {
      return yield* a.read(new Uint8Array(8));
    } catch (error) {
      return (error as OpError).code;
    }
  });
  const writer = go(() => thrown(a.write(new Uint8Array(MORE_THAN_FITS))));
  yield* parkedForIO(reader);
  yield* parkedForIO(writer);
  b.abort();
  // The kernel tells the error once; the other call finds the stream ended or the pipe broken.
  const ends = [yield* reader.join(), ((yield* writer.join()) as OpError).code];
  assert.ok(ends.includes("ECONNRESET"), String(ends));
});

both("a call interrupted by a signal is retried", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const { EINTR } = platform().errno;
  const buf = new Uint8Array(8);
  assert.equal(
    yield* failingWith("send", [EINTR, EINTR, EINTR], function* () {
      assert.equal(yield* a.write(bytes("hello")), 5);
    }),
    4,
  );
  const calls = yield* failingWith("recv", [EINTR, EINTR], function* () {
    assert.equal(yield* b.read(buf), 5);
  });
  assert.equal(calls, 3);
  assert.equal(text(buf.subarray(0, 5)), "hello");
});

both("an unexpected error of the kernel is thrown unchanged", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const between = `${a.localAddr}->${a.remoteAddr}`;
  const [EIO, UNKNOWN] = [errnoOf("EIO"), 4095];
  yield* failingWith("recv", [EIO], function* () {
    const error = opError(
      yield* thrown(a.read(new Uint8Array(8))),
      `read tcp ${between}: read: input/output error`,
    );
    assert.equal(error.code, "EIO");
  });
  yield* failingWith("send", [UNKNOWN], function* () {
    opError(yield* thrown(a.write(bytes("x"))), `write tcp ${between}: write: errno 4095`);
  });
  yield* a.write(bytes("x"));
  assert.equal(yield* b.read(new Uint8Array(8)), 1);
});

both("a spurious wake-up parks the reader again", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const real = realCalls();
  let calls = 0;
  const recv = (fd: number, p: Uint8Array, length: number) =>
    calls++ === 0 ? -platform().errno.EAGAIN : real.recv(fd, p, length);
  const reader = go(() => b.read(new Uint8Array(8)));
  yield* parkedForIO(reader);
  yield* withCalls({ recv }, function* () {
    yield* a.write(bytes("x"));
    yield* until(() => calls === 1);
    yield* parkedForIO(reader);
    // The next data is a new edge.
    yield* a.write(bytes("y"));
    assert.equal(yield* reader.join(), 2);
  });
}, onWindows && "no wake-up of a completion port is for nothing: each is the end of an operation");

both("Nagle's algorithm is off by default, at both ends", function* () {
  for (const network of ["tcp", "tcp6"] as const) {
    const ends = yield* pair(network);
    for (const end of ends) {
      using conn = end;
      assert.equal(option(conn, "TCP_NODELAY"), 1);
      conn.setNoDelay(false);
      assert.equal(option(conn, "TCP_NODELAY"), 0);
      conn.setNoDelay(true);
      assert.equal(option(conn, "TCP_NODELAY"), 1);
    }
  }
});

both("keep-alive is on by default, with Go's times, at both ends", function* () {
  for (const end of yield* pair()) {
    using conn = end;
    assert.equal(option(conn, "SO_KEEPALIVE"), 1);
    assert.equal(option(conn, "TCP_KEEPIDLE"), 15);
    assert.equal(option(conn, "TCP_KEEPINTVL"), 15);
  }
});

both("setKeepAlive() turns it on or off, and sets its times", function* () {
  const [a, b] = yield* pair();
  using conn = a, _b = b;
  conn.setKeepAlive(false);
  assert.equal(option(conn, "SO_KEEPALIVE"), 0);
  conn.setKeepAlive({ idle: 60_000, interval: 5_000, count: 3 });
  assert.equal(option(conn, "SO_KEEPALIVE"), 1);
  assert.equal(option(conn, "TCP_KEEPIDLE"), 60);
  assert.equal(option(conn, "TCP_KEEPINTVL"), 5);
  assert.equal(option(conn, "TCP_KEEPCNT"), 3);
  // The kernel counts whole seconds: a part of one is rounded up, as Go does. The rest stays.
  conn.setKeepAlive({ idle: 1_001 });
  assert.equal(option(conn, "TCP_KEEPIDLE"), 2);
  assert.equal(option(conn, "TCP_KEEPINTVL"), 5);
  assert.throws(() => conn.setKeepAlive({ idle: 0 }), RangeError);
  assert.throws(() => conn.setKeepAlive({ interval: NaN }), RangeError);
  assert.throws(() => conn.setKeepAlive({ count: -1 }), RangeError);
});

both("setReadBuffer() and setWriteBuffer() set the kernel's buffer sizes", function* () {
  const [a, b] = yield* pair();
  using conn = a, _b = b;
  // Linux books twice what is asked for, to cover its own bookkeeping. socket(7).
  const booked = onWindows ? 1 : 2;
  conn.setReadBuffer(20_000);
  assert.equal(option(conn, "SO_RCVBUF"), booked * 20_000);
  conn.setWriteBuffer(30_000);
  assert.equal(option(conn, "SO_SNDBUF"), booked * 30_000);
  for (const wrong of [0, -1, 1.5, NaN, 2 ** 31]) {
    assert.throws(() => conn.setReadBuffer(wrong), RangeError);
    assert.throws(() => conn.setWriteBuffer(wrong), RangeError);
  }
});

both("setLinger() accepts whole seconds or null", function* () {
  const [a, b] = yield* pair();
  using conn = a, _b = b;
  for (const wrong of [-1, 0.5, NaN, Infinity]) {
    assert.throws(() => conn.setLinger(wrong), RangeError);
  }
  conn.setLinger(1);
  conn.setLinger(null);
});

both("an option that the kernel rejects is an OpError of set", function* () {
  const [a, b] = yield* pair();
  using conn = a, _b = b;
  let error: unknown;
  try {
    conn.setKeepAlive({ count: 1e6 });
  } catch (e) {
    error = e;
  }
  const { code } = opError(
    error,
    `set tcp ${conn.localAddr}->${conn.remoteAddr}: setsockopt: invalid argument`,
  );
  assert.equal(code, "EINVAL");
});

both("fd is the descriptor's number while it is open", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const [a, b] = yield* pairOn(listener);
  const all = [a, b, listener];
  const numbers = all.map(({ fd }) => fd);
  assert.ok(numbers.every((fd) => Number.isInteger(fd) && fd > 2));
  assert.equal(new Set(numbers).size, 3);
  for (const each of all) each.close();
  assert.deepEqual(all.map(({ fd }) => fd), [-1, -1, -1]);
});
