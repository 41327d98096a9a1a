// SPDX-License-Identifier: MIT
/**
 * Closing: the goroutines that are woken, the data that arrives (all), and the end of the
 * descriptor. Go: fd_mutex.go.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  ClosedError,
  type Conn,
  dial,
  fileConn,
  fileListener,
  go,
  gosched,
  listen,
  listenPacket,
  OpError,
  type Routine,
  run,
  select,
  sleep,
} from "../../mod.ts";
import { limit } from "../../reactor.ts";
import { platform } from "../../platforms/platform.ts";
import type { SocketCalls } from "../../platforms/contract/platform.ts";
import { realCalls, withCalls } from "../fixtures/syscalls_fixture.ts";
import {
  both,
  onWindows,
  pair,
  pairOn,
  parked,
  thrown,
  until,
  wineGap,
} from "../support/harness.ts";
import { pattern, readPattern } from "../support/pattern.ts";

/** More than the buffers between the two ends of a connection hold. */
const MORE_THAN_FITS = 16 << 20;
/** How long a close may be slow, on the busiest machine, and still be one that does not wait. */
const AT_ONCE_MS = 2000;

/** A path that no socket has yet. */
const unixPath = () => join(tmpdir(), `netpoll-close-${crypto.randomUUID()}`);

/** `error` as the error of a call on something closed, with this text. */
function closed(error: unknown, message: string): OpError {
  assert.ok(error instanceof OpError, String(error));
  assert.equal(error.message, message);
  assert.ok(error.cause instanceof ClosedError);
  assert.equal(error.code, "ERR_SOCKET_CLOSED");
  assert.equal(error.timeout, false);
  assert.equal(error.temporary, false);
  return error;
}

/** What `call` throws. */
function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  assert.fail("it did not throw");
}

/** What the errors of `conn` say about its ends. */
function between(conn: Conn): string {
  return `tcp ${conn.localAddr}->${conn.remoteAddr}`;
}

const CLOSED = "use of closed network connection";

both(
  "close() ends waiting and queued readers and writers",
  function* () {
    const [a, b] = yield* pair();
    using _b = b;
    const name = between(a);
    const readers = [1, 2, 3].map(() => go(() => thrown(a.read(new Uint8Array(8)))));
    const writers = [1, 2, 3].map(() => go(() => thrown(a.write(new Uint8Array(MORE_THAN_FITS)))));
    const all = [...readers, ...writers];
    yield* until(() => all.every((g) => g.status === "waiting"));
    a.close();
    for (const reader of readers) closed(yield* reader.join(), `read ${name}: ${CLOSED}`);
    const written: number[] = [];
    for (const writer of writers) {
      const error = closed(yield* writer.join(), `write ${name}: ${CLOSED}`);
      written.push(error.bytesWritten!);
    }
    assert.ok(written[0] > 0 && written[0] < MORE_THAN_FITS);
    assert.deepEqual(written.slice(1), [0, 0]);
  },
);

both("close() ends waiting accepts", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const waiting = [1, 2, 3].map(() => go(() => thrown(listener.accept())));
  yield* until(() => waiting.every((g) => g.status === "waiting"));
  listener.close();
  for (const each of waiting) {
    closed(yield* each.join(), `accept tcp ${listener.addr}: ${CLOSED}`);
  }
});

both("dispose ends waiting calls as close() does", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  const reader = go(() => thrown(a.read(new Uint8Array(8))));
  yield* parked(reader);
  a[Symbol.dispose]();
  closed(yield* reader.join(), `read ${between(a)}: ${CLOSED}`);
});

both("every call after close() is an error with Go's message", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const [a, b] = yield* pairOn(listener);
  using _b = b;
  const name = between(a);
  const buf = new Uint8Array(8);
  a.close();
  listener.close();
  closed(yield* thrown(a.read(buf)), `read ${name}: ${CLOSED}`);
  closed(yield* thrown(a.readFull(buf)), `read ${name}: ${CLOSED}`);
  closed(yield* thrown(a.read(buf.subarray(0, 0))), `read ${name}: ${CLOSED}`);
  const error = closed(yield* thrown(a.write(buf)), `write ${name}: ${CLOSED}`);
  assert.equal(error.bytesWritten, 0);
  closed(yield* thrown(a.write(buf.subarray(0, 0))), `write ${name}: ${CLOSED}`);
  closed(yield* thrown(listener.accept()), `accept tcp ${listener.addr}: ${CLOSED}`);
  const calls: [string, () => void][] = [
    [`set ${name}`, () => a.setNoDelay(true)],
    [`set ${name}`, () => a.setKeepAlive(true)],
    [`set ${name}`, () => a.setLinger(1)],
    [`set tcp ${listener.addr}`, () => listener.setDeadline(null)],
  ];
  for (const [what, call] of calls) closed(thrownBy(call), `${what}: ${CLOSED}`);
});

both("errors of setters after close() name the local end alone, as in Go", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  a.close();
  const calls = [
    () => a.setDeadline(null),
    () => a.setReadDeadline(1),
    () => a.setWriteDeadline(1),
    () => a.setReadBuffer(4096),
    () => a.setWriteBuffer(4096),
  ];
  for (const call of calls) {
    const error = closed(thrownBy(call), `set tcp ${a.localAddr}: ${CLOSED}`);
    assert.equal(error.source, null);
    assert.equal(String(error.addr), String(a.localAddr));
  }
});

both("an error includes the operation, the network and both addresses", function* () {
  const listener = yield* listen("tcp4", "127.0.0.1:0");
  const [a, b] = yield* pairOn(listener);
  using _b = b;
  a.close();
  const error = (yield* thrown(a.write(new Uint8Array(1)))) as OpError;
  assert.equal(error.op, "write");
  assert.equal(error.net, "tcp");
  assert.equal(String(error.source), String(a.localAddr));
  assert.equal(String(error.addr), String(a.remoteAddr));
  listener.close();
  const late = (yield* thrown(listener.accept())) as OpError;
  assert.equal(late.op, "accept");
  assert.equal(late.net, "tcp4");
});

both("an error of a listener has its address in `addr` and no source, as in Go", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  listener.close();
  const error = (yield* thrown(listener.accept())) as OpError;
  assert.equal(error.source, null);
  assert.equal(String(error.addr), String(listener.addr));
});

/** Calls everything that closes. */
function closeAgain(conn: Conn): void {
  conn.close();
  conn.closeWrite();
  conn.closeRead();
  conn.abort();
  conn[Symbol.dispose]();
}

both("closing a closed connection does nothing", function* () {
  const book = ledger();
  yield* withCalls(book.calls, function* () {
    const listener = yield* listen("tcp", "127.0.0.1:0");
    const [a, b] = yield* pairOn(listener);
    a.close();
    closeAgain(a);
    b[Symbol.dispose]();
    closeAgain(b);
    const [c, d] = yield* pairOn(listener);
    c.abort();
    closeAgain(c);
    d.close();
    closeAgain(d);
    listener.close();
    listener.close();
    listener[Symbol.dispose]();
    yield* until(() => book.open.size === 0);
    for (const conn of [a, b, c, d]) closeAgain(conn);
    listener.close();
  });
});

both("closeWrite() and closeRead() do nothing when the peer is gone", function* () {
  const [a, b] = yield* pair();
  using _a = a;
  b.abort();
  assert.equal(((yield* thrown(a.read(new Uint8Array(1)))) as OpError).code, "ECONNRESET");
  a.closeWrite();
  a.closeRead();
  a.closeWrite();
});

both("the addresses outlive the connection", function* () {
  const listener = yield* listen("tcp", ":0");
  const port = String(listener.addr).split(":").at(-1);
  const dialling = go(() => dial("tcp", `127.0.0.1:${port}`));
  // Neither end has been asked for its address before it is closed.
  const accepted = yield* listener.accept();
  const dialled = yield* dialling.join();
  accepted.close();
  dialled.close();
  listener.close();
  assert.equal(String(accepted.localAddr), `127.0.0.1:${port}`);
  assert.equal(String(accepted.remoteAddr), String(dialled.localAddr));
  assert.equal(String(dialled.remoteAddr), String(accepted.localAddr));
  assert.equal(String(listener.addr), `[::]:${port}`);
});

/** Counts the descriptors that are opened and closed; a close of one that is not open fails. */
function ledger(): { calls: Partial<SocketCalls>; open: Set<number>; closes: number } {
  const real = realCalls();
  const open = new Set<number>();
  const opened = (fd: number) => {
    if (fd >= 0) {
      assert.ok(!open.has(fd), `${fd} was given out twice`);
      open.add(fd);
    }
    return fd;
  };
  const book = {
    open,
    closes: 0,
    calls: {
      streamSocket: (family: "ip4" | "ip6") => opened(real.streamSocket(family)),
      accept: (fd: number) => opened(real.accept(fd)),
      spareDescriptor: () => opened(real.spareDescriptor()),
      close: (fd: number) => {
        assert.ok(open.delete(fd), `${fd} was closed, and was not open`);
        book.closes++;
        return real.close(fd);
      },
      recv: (fd: number, p: Uint8Array, n: number) => {
        assert.ok(open.has(fd), `${fd} was read after its close`);
        return real.recv(fd, p, n);
      },
      send: (fd: number, p: Uint8Array, n: number) => {
        assert.ok(open.has(fd), `${fd} was written after its close`);
        return real.send(fd, p, n);
      },
    },
  };
  return book;
}

both("the descriptor is closed once, when the last call has released it", function* () {
  const book = ledger();
  yield* withCalls(book.calls, function* () {
    const [a, b] = yield* pair();
    const { fd } = a;
    const reader = go(() => thrown(a.read(new Uint8Array(8))));
    yield* parked(reader);
    a.close();
    assert.ok(book.open.has(fd), "it was closed under the reader");
    // Its number is not given to another meanwhile.
    const { sockets } = platform();
    const other = sockets.streamSocket("ip4");
    assert.notEqual(other, fd);
    sockets.close(other);
    assert.ok(((yield* reader.join()) as OpError).cause instanceof ClosedError);
    yield* until(() => !book.open.has(fd));
    b.close();
    yield* until(() => book.open.size === 0);
  });
});

both(
  "whatever ends a connection, each descriptor is closed once and never used afterwards",
  function* () {
    const book = ledger();
    yield* withCalls(book.calls, function* () {
      const listener = yield* listen("tcp", "127.0.0.1:0");
      const ends: ((conn: Conn) => void)[] = [
        (conn) => conn.close(),
        (conn) => conn.abort(),
        (conn) => conn[Symbol.dispose](),
        (conn) => halfClose(() => conn.closeWrite(), conn),
        (conn) => halfClose(() => conn.closeRead(), conn),
        (conn) => {
          conn.setDeadline(1);
          conn.close();
        },
      ];
      function halfClose(half: () => void, conn: Conn): void {
        half();
        conn.close();
      }
      function* use(conn: Conn): Routine<void> {
        try {
          const buf = new Uint8Array(100);
          while ((yield* conn.read(buf)) !== null) yield* conn.write(buf);
        } catch (error) {
          assert.ok(error instanceof OpError, String(error));
        }
      }
      for (const endA of ends) {
        for (const endB of ends) {
          const [a, b] = yield* pairOn(listener);
          const users = [a, a, b].map((conn) => go(() => use(conn)));
          yield* a.write(new Uint8Array(100));
          yield* gosched();
          endA(a);
          yield* gosched();
          endB(b);
          for (const user of users) yield* user.join();
        }
      }
      listener.close();
      yield* until(() => book.open.size === 0);
    });
    assert.ok(book.closes > 72, `${book.closes} closes`);
  },
);

/** Rounds of each test of what is lost: a loss depends on which side is faster. */
const ROUNDS = 4;
/** What is written at once before the close. */
const LARGE = 5 << 20;

both("close() loses nothing of a large write to a slow peer", function* () {
  const want = pattern(LARGE);
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = yield* pair();
    using _b = b;
    const reader = go(() => readPattern(b, 16 * 1024));
    assert.equal(yield* a.write(want), LARGE);
    a.close();
    assert.equal(yield* reader.join(), LARGE);
  }
});

both("close() loses nothing although the peer's data was never read", function* () {
  const want = pattern(LARGE);
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = yield* pair();
    using _b = b;
    yield* b.write(new Uint8Array(100_000));
    const reader = go(() => readPattern(b, 16 * 1024));
    assert.equal(yield* a.write(want), LARGE);
    a.close();
    assert.equal(yield* reader.join(), LARGE);
  }
});

both("close() loses nothing although the peer had already ended its side", function* () {
  const want = pattern(LARGE);
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = yield* pair();
    using _b = b;
    b.closeWrite();
    assert.equal(yield* a.read(new Uint8Array(1)), null);
    const reader = go(() => readPattern(b, 16 * 1024));
    assert.equal(yield* a.write(want), LARGE);
    if (round % 2 === 0) a.closeWrite();
    a.close();
    assert.equal(yield* reader.join(), LARGE);
  }
});

both("close() loses nothing although the peer keeps sending", function* () {
  const want = pattern(LARGE);
  for (let round = 0; round < ROUNDS; round++) {
    const [a, b] = yield* pair();
    using _b = b;
    const sender = go(function* sender() {
      try {
        for (const buf = new Uint8Array(1000);; yield* gosched()) yield* b.write(buf);
      } catch (error) {
        assert.ok(error instanceof OpError, String(error));
      }
    });
    const reader = go(() => readPattern(b, 16 * 1024));
    assert.equal(yield* a.write(want), LARGE);
    a.close();
    assert.equal(yield* reader.join(), LARGE);
    b.close();
    yield* sender.join();
  }
});

both(
  "close() loses nothing of a small reply to a request that was not read to its end",
  function* () {
    const request = new Uint8Array(2 << 20);
    const want = pattern(1000);
    for (let round = 0; round < 10 * ROUNDS; round++) {
      const [a, b] = yield* pair();
      using _b = b;
      const client = go(function* client() {
        yield* b.write(request);
        return yield* readPattern(b, 100);
      });
      // As a server does that refuses an upload.
      yield* a.read(new Uint8Array(1000));
      yield* a.write(want);
      a.close();
      assert.equal(yield* client.join(), want.length);
    }
  },
);

both("the peer receives the bytes reported by a write that close() interrupted", function* () {
  const want = pattern(MORE_THAN_FITS);
  const [a, b] = yield* pair();
  using _b = b;
  const writer = go(() => thrown(a.write(want)));
  yield* parked(writer);
  a.close();
  const { bytesWritten } = (yield* writer.join()) as OpError;
  assert.equal(yield* readPattern(b, 64 * 1024), bytesWritten);
});

both("close() does not wait for the peer", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  yield* b.write(new Uint8Array(1000));
  a.setWriteDeadline(Date.now() + 20);
  const { bytesWritten } = (yield* thrown(a.write(pattern(MORE_THAN_FITS)))) as OpError;
  const start = performance.now();
  a.close();
  assert.ok(performance.now() - start < AT_ONCE_MS);
  assert.equal(yield* readPattern(b, 64 * 1024), bytesWritten);
});

both("close() with SO_LINGER set does not block the thread", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  a.setWriteDeadline(Date.now() + 20);
  const { bytesWritten } = (yield* thrown(a.write(pattern(MORE_THAN_FITS)))) as OpError;
  a.setLinger(3);
  const start = performance.now();
  a.close();
  const took = performance.now() - start;
  assert.ok(took < AT_ONCE_MS, `nothing else ran for ${took} ms`);
  assert.equal(yield* readPattern(b, 64 * 1024), bytesWritten);
});

both(
  "setLinger(1) allows the peer a second to read, then drops the rest",
  function* () {
    const [a, b] = yield* pair();
    using _b = b;
    a.setWriteDeadline(Date.now() + 20);
    const { bytesWritten } = (yield* thrown(a.write(pattern(MORE_THAN_FITS)))) as OpError;
    a.setLinger(1);
    const start = performance.now();
    a.close();
    if (onWindows) {
      // There only a read reports a reset, and then returns nothing else: it must have arrived.
      yield* sleep(2000);
    } else {
      const { sockets, errno } = platform();
      yield* until(() => sockets.getOption(b.fd, "SO_ERROR") === errno.ECONNRESET);
      const took = performance.now() - start;
      assert.ok(took >= 999, `the reset came after ${took} ms`);
    }
    if (onWindows) {
      const error = yield* thrown(readPattern(b, 64 * 1024));
      return assert.equal((error as OpError).code, "ECONNRESET");
    }
    assert.ok((yield* readPattern(b, 64 * 1024)) < bytesWritten!);
  },
);

both("close() never leaves lingering to the kernel, which would block the thread", function* () {
  const real = realCalls();
  /** What SO_LINGER is set to, for each descriptor for which it is. */
  const lingers = new Map<number, number>();
  let what = "";
  const slow: string[] = [];
  const setLinger = (fd: number, seconds: number) => {
    lingers.set(fd, seconds);
    return real.setLinger(fd, seconds);
  };
  const close = (fd: number) => {
    if ((lingers.get(fd) ?? -1) > 0) slow.push(what);
    lingers.delete(fd);
    return real.close(fd);
  };
  yield* withCalls({ setLinger, close }, function* () {
    for (const [write, peerEnds] of [[0, false], [1, false], [0, true], [1, true]] as const) {
      what = `${write} bytes written${peerEnds ? ", the peer's end seen" : ""}`;
      const [a, b] = yield* pair();
      a.setLinger(2);
      yield* a.write(new Uint8Array(write));
      if (peerEnds) {
        b.closeWrite();
        assert.equal(yield* a.read(new Uint8Array(1)), null);
      }
      a.close();
      b.close();
    }
  });
  assert.deepEqual(slow, [], "close(2) was called with SO_LINGER set");
});

both("an inherited SO_LINGER does not block the thread either", function* () {
  const real = realCalls();
  const setLinger = (fd: number) => real.setLinger(fd, 2);
  const slow: number[] = [];
  const close = (fd: number) => {
    // A listener has nothing to send.
    if (real.linger(fd) > 0 && typeof real.remoteAddress(fd) !== "number") slow.push(fd);
    return real.close(fd);
  };
  yield* withCalls({ close }, function* () {
    // A connection inherits that of its listener.
    using first = yield* listen("tcp", "127.0.0.1:0", { control: setLinger });
    const other = yield* listen("tcp", "127.0.0.1:0");
    setLinger(other.fd);
    using second = onWindows ? first : fileListener(other.detach(), { own: true });
    for (const listener of [first, second]) {
      const address = String(listener.addr);
      const dialling = go(() => dial("tcp", address, { control: setLinger }));
      let accepted = yield* listener.accept();
      const conn = yield* dialling.join();
      assert.equal(real.linger(accepted.fd), 2);
      if (!onWindows) accepted = fileConn(accepted.detach(), { own: true });
      // The end of the other one is seen, so that the close is a plain one.
      conn.closeWrite();
      assert.equal(yield* accepted.read(new Uint8Array(1)), null);
      accepted.close();
      assert.equal(yield* conn.read(new Uint8Array(1)), null);
      conn.close();
      const direct = go(() => dial("tcp", address));
      const kept = yield* listener.accept();
      (yield* direct.join()).closeWrite();
      assert.equal(yield* kept.read(new Uint8Array(1)), null);
      kept.close();
    }
  });
  assert.deepEqual(slow, [], "close(2) was called with SO_LINGER set");
});

test("run() does not end before data written last has arrived", async () => {
  const want = pattern(LARGE);
  let address = "";
  const got: Buffer[] = [];
  const served = run(function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    address = String(listener.addr);
    const conn = yield* listener.accept();
    yield* conn.write(want);
    conn.close();
  });
  while (address === "") await new Promise((resolve) => setTimeout(resolve, 1));
  const client = connect(Number(address.split(":")[1]), "127.0.0.1");
  client.on("data", (data) => {
    got.push(data as Buffer);
    // A slow reader, so that most of it is still on its way when the server's main returns.
    client.pause();
    setTimeout(() => client.resume(), 1);
  });
  const ended = once(client, "end");
  await served;
  await ended;
  client.destroy();
  assert.equal(Buffer.compare(Buffer.concat(got), want), 0);
});

both("abort() resets the connection and drops unsent data", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  a.setWriteDeadline(Date.now() + 20);
  const { bytesWritten } = (yield* thrown(a.write(pattern(MORE_THAN_FITS)))) as OpError;
  a.abort();
  let got = 0;
  const error = yield* thrown((function* () {
    const buf = new Uint8Array(64 * 1024);
    for (let n; (n = yield* b.read(buf)) !== null;) got += n;
  })());
  assert.equal((error as OpError).code, "ECONNRESET");
  assert.ok(got < bytesWritten!, `${got} of ${bytesWritten} bytes came`);
});

both("abort() ends waiting calls on this side", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  const reader = go(() => thrown(a.read(new Uint8Array(8))));
  const writer = go(() => thrown(a.write(new Uint8Array(MORE_THAN_FITS))));
  yield* parked(reader);
  yield* parked(writer);
  a.abort();
  closed(yield* reader.join(), `read ${between(a)}: ${CLOSED}`);
  closed(yield* writer.join(), `write ${between(a)}: ${CLOSED}`);
});

both("setLinger(0) makes close() a reset, setLinger(null) an orderly end again", function* () {
  const [a, b] = yield* pair();
  using _b = b;
  yield* a.write(new Uint8Array(1));
  a.setLinger(0);
  yield* b.read(new Uint8Array(1));
  a.close();
  assert.equal(((yield* thrown(b.read(new Uint8Array(1)))) as OpError).code, "ECONNRESET");

  const [c, d] = yield* pair();
  using _d = d;
  c.setLinger(0);
  c.setLinger(null);
  // Bytes that are never read: of those the kernel's own close would make a reset.
  yield* d.write(new Uint8Array(1));
  yield* c.write(new Uint8Array(1));
  c.close();
  assert.equal(yield* d.read(new Uint8Array(8)), 1);
  assert.equal(yield* d.read(new Uint8Array(8)), null);
});

both("a closed listener accepts no connections, and its port is free", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  const [a, b] = yield* pairOn(listener);
  listener.close();
  const refused = yield* thrown(dial("tcp", address));
  assert.equal((refused as OpError).code, "ECONNREFUSED");
  // Those that were accepted live on; so do those that linger in TIME_WAIT, which must not matter.
  yield* b.write(new Uint8Array(1));
  assert.equal(yield* a.read(new Uint8Array(1)), 1);
  b.close();
  assert.equal(yield* a.read(new Uint8Array(1)), null);
  a.close();
  const again = yield* listen("tcp", address);
  assert.equal(String(again.addr), address);
  again.close();
});

both("a connection that was never accepted is reset when the listener closes", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  using conn = yield* dial("tcp", String(listener.addr));
  const reader = go(() => conn.read(new Uint8Array(1)));
  yield* parked(reader);
  listener.close();
  assert.equal(((yield* thrown(reader.join())) as OpError).code, "ECONNRESET");
});

both("a run that ends leaves no waiting calls", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const [a] = yield* pairOn(listener);
  const waiting = [1, 2, 3].flatMap(() => [
    go(() => a.read(new Uint8Array(8))),
    go(() => a.write(new Uint8Array(MORE_THAN_FITS))),
    go(() => listener.accept()),
  ]);
  yield* until(() => waiting.every((g) => g.status === "waiting"));
  // The harness looks for what is left.
});

/** Whatever holds goroutines parked on a listener, its address is free when it is closed. */
for (const network of ["tcp", "unix"] as const) {
  const skip = network === "unix" && wineGap("AF_UNIX");
  both(
    `closing a listener with goroutines in accept frees its ${network} address at once`,
    function* () {
      const first = yield* listen(network as "tcp", network === "tcp" ? "127.0.0.1:0" : unixPath());
      const address = String(first.addr);
      const waiting = [1, 2, 3].map(() => go(() => thrown(first.accept())));
      const selecting = go(() => thrown(select(first.onAccept())));
      const limited = go(() => thrown(limit(first, {}).accept()));
      const all = [...waiting, selecting, limited];
      yield* until(() => all.every((g) => g.status === "waiting"));
      first.close();
      // None of them has run yet, and the number may be the new listener's.
      const second = yield* listen(network as "tcp", address);
      const accepting = go(() => second.accept());
      for (const g of all) {
        const error = (yield* g.join()) as OpError;
        assert.ok(error.cause instanceof ClosedError, String(error));
      }
      const client = yield* dial(network as "tcp", address);
      const served = yield* accepting.join();
      yield* client.write(Uint8Array.of(7));
      assert.equal(yield* served.read(new Uint8Array(2)), 1);
      for (const each of [client, served, second]) each.close();
    },
    skip,
  );
}

both("a listener with goroutines in accept is closed once, before they run", function* () {
  const book = ledger();
  yield* withCalls(book.calls, function* () {
    const listener = yield* listen("tcp", "127.0.0.1:0");
    const { fd } = listener;
    const waiting = [1, 2].map(() => go(() => thrown(listener.accept())));
    yield* until(() => waiting.every((g) => g.status === "waiting"));
    listener.close();
    assert.ok(!book.open.has(fd), "it is still open");
    const another = yield* listen("tcp", "127.0.0.1:0");
    for (const each of waiting) yield* each.join();
    another.close();
    yield* until(() => book.open.size === 0);
  });
});

both("closing a datagram socket with goroutines in a read frees its port at once", function* () {
  const first = yield* listenPacket("udp", "127.0.0.1:0");
  const waiting = [1, 2].map(() => go(() => thrown(first.readFrom(new Uint8Array(9)))));
  yield* until(() => waiting.every((g) => g.status === "waiting"));
  first.close();
  const second = yield* listenPacket("udp", String(first.localAddr));
  for (const each of waiting) {
    assert.ok(((yield* each.join()) as OpError).cause instanceof ClosedError);
  }
  yield* second.writeTo(Uint8Array.of(1, 2), second.localAddr);
  assert.equal((yield* second.readFrom(new Uint8Array(9))).n, 2);
  second.close();
});

/** A connected pair of Unix sockets. */
function* unixPair(): Routine<[Conn, Conn]> {
  using listener = yield* listen("unix", unixPath());
  const dialled = yield* dial("unix", String(listener.addr));
  return [dialled, yield* listener.accept()];
}

for (const unread of [false, true]) {
  const told = unread ? "ECONNRESET" : "the end of the stream, for there is no reset to send";
  both(
    `abort() of a Unix stream ${unread ? "with" : "without"} unread input: ${told}`,
    function* () {
      const [a, b] = yield* unixPair();
      using _b = b;
      if (unread) yield* b.write(Uint8Array.of(1));
      yield* a.write(Uint8Array.of(1, 2, 3));
      a.abort();
      const buf = new Uint8Array(8);
      assert.equal(yield* b.read(buf), 3);
      if (!unread) return assert.equal(yield* b.read(buf), null);
      assert.equal(((yield* thrown(b.read(buf))) as OpError).code, "ECONNRESET");
    },
    onWindows && "Windows resets, and Wine does not",
  );
}

both(
  "closeWrite() and closeRead() of a Unix stream do nothing when the peer is gone",
  function* () {
    const [a, b] = yield* unixPair();
    b.close();
    a.closeWrite();
    a.closeRead();
    a.close();
  },
  wineGap("AF_UNIX"),
);
