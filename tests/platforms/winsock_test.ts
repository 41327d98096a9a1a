// SPDX-License-Identifier: MIT
/** What only Windows has, on Windows: the calls that must not be left out, and its memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Conn,
  dial,
  go,
  type Goroutine,
  gosched,
  listen,
  type Listener,
  OpError,
  type Routine,
  runSync,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import {
  SO_UPDATE_ACCEPT_CONTEXT,
  SO_UPDATE_CONNECT_CONTEXT,
} from "../../platforms/windows/abi/constants.ts";
import type { WindowsSockets } from "../../platforms/windows/socket/sockets.ts";
import { winsock } from "../../platforms/windows/abi/winsock.ts";
import { netpoll } from "../../src/netpoll/netpoll.ts";
import {
  assertNothingLeft,
  both,
  only,
  onWindows,
  openSockets,
  pair,
  pairOn,
  thrown,
  until,
} from "../support/harness.ts";

const skip = !onWindows && "this is not Windows";

/** Slots of memory that operations have. */
function slots(): number {
  return (platform().sockets as WindowsSockets).slotsInUse;
}

test("every symbol resolves", { skip }, () => {
  const { ws2, kernel, nt, interfaces } = winsock();
  for (const library of [ws2, kernel, nt, interfaces]) {
    for (const [name, f] of Object.entries(library)) {
      if (name !== "wine_get_version") assert.equal(typeof f, "function", name);
    }
  }
});

test("the last error is that of the last call, even in optimized code", { skip }, () => {
  const { ws2, kernel, errno } = winsock();
  const [NOT_A_SOCKET, WSAENOTSOCK, EBADF] = [0x7ffc, 10038, 10009];
  let wrong = 0;
  let rubbish: unknown[] = [];
  for (let i = 0; i < 100_000; i++) {
    rubbish.push({ i, a: [i], b: new Uint8Array(32 + (i & 63)) });
    if (rubbish.length > 3000) rubbish = [];
    if (ws2.closesocket(NOT_A_SOCKET) !== -1 || errno() !== WSAENOTSOCK) wrong++;
    // Another in between, so that a stale one would show.
    if (kernel.CloseHandle(NOT_A_SOCKET) !== 0 || errno() !== EBADF) wrong++;
  }
  assert.equal(wrong, 0);
});

/** The numbers of the socket options that `main` sets, in order. */
function* optionsSet(main: () => Routine<void>): Routine<number[]> {
  const { ws2 } = winsock();
  const { setsockopt } = ws2;
  const names: number[] = [];
  const writable = ws2 as { setsockopt: typeof setsockopt };
  writable.setsockopt = (...args) => {
    names.push(args[2]);
    return setsockopt(...args);
  };
  try {
    yield* main();
  } finally {
    writable.setsockopt = setsockopt;
  }
  return names;
}

both("the context of each end of a connection is updated once", function* () {
  const CONNECTIONS = 5;
  const names = yield* optionsSet(function* () {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    for (let i = 0; i < CONNECTIONS; i++) {
      const [a, b] = yield* pairOn(listener);
      a.close();
      b.close();
    }
  });
  const count = (name: number) => names.filter((each) => each === name).length;
  assert.equal(count(SO_UPDATE_ACCEPT_CONTEXT), CONNECTIONS);
  assert.equal(count(SO_UPDATE_CONNECT_CONTEXT), CONNECTIONS);
}, skip);

both("a listener binds its port exclusively", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const error = yield* thrown(listen("tcp", String(listener.addr)));
  assert.equal((error as OpError).code, "EADDRINUSE");
  const EXCLUSIVE = ~4;
  const names = yield* optionsSet(function* () {
    (yield* listen("tcp", "127.0.0.1:0")).close();
  });
  assert.ok(names.includes(EXCLUSIVE));
  assert.ok(!names.includes(4), "SO_REUSEADDR would let anyone take it");
}, skip);

both("an option that Windows lacks is an error with its name", function* () {
  const error = yield* thrown(listen("tcp", "127.0.0.1:0", { reusePort: true }));
  assert.equal((error as OpError).code, "ENOPROTOOPT");
}, skip);

both("thousands of cancelled reads lose no byte and no slot", function* () {
  const [a, b] = yield* pair();
  using reader = a, writer = b;
  const ROUNDS = 3000;
  const buf = new Uint8Array(16);
  let got = 0;
  let cancelled = 0;
  const take = (n: number | null) => {
    for (let i = 0; i < n!; i++) assert.equal(buf[i], (got + i) & 0xff);
    got += n!;
  };
  for (let round = 0; round < ROUNDS; round++) {
    const reading = go(function* () {
      try {
        take(yield* reader.read(buf));
      } catch (error) {
        assert.equal((error as OpError).timeout, true);
        cancelled++;
      }
    });
    yield* until(() => reading.status !== "runnable");
    // The byte and the deadline race for the receive that is under way.
    yield* writer.write(Uint8Array.of(round));
    if (round % 3 > 0) yield* gosched();
    reader.setReadDeadline(1);
    yield* reading.join();
    reader.setReadDeadline(null);
    while (got <= round) take(yield* reader.read(buf));
  }
  assert.ok(cancelled > 1000, `${cancelled} reads were cancelled`);
}, skip);

both("data received for a reader that is gone is read by the next", function* () {
  const [a, b] = yield* pair();
  using reader = a, writer = b;
  for (let round = 0; round < 1000; round++) {
    reader.setReadDeadline(1);
    yield* thrown(reader.read(new Uint8Array(8)));
    reader.setReadDeadline(null);
    const waiting = go(() => thrown(reader.read(new Uint8Array(8))));
    yield* until(() => waiting.status === "waiting");
    // The receive is under way; its reader goes, and then the bytes come.
    reader.setReadDeadline(1);
    yield* waiting.join();
    yield* writer.write(Uint8Array.of(round & 0xff, 1, 2));
    reader.setReadDeadline(null);
    const got = new Uint8Array(3);
    assert.equal(yield* reader.readFull(got), 3);
    assert.deepEqual([...got], [round & 0xff, 1, 2]);
  }
}, skip);

both("reads smaller than the received data return all of it", function* () {
  const [a, b] = yield* pair();
  using reader = a, writer = b;
  const sent = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);
  const writing = go(() => writer.write(sent));
  const got = new Uint8Array(sent.length);
  for (let at = 0, size = 1; at < got.length; size = size * 2 % 9973) {
    const n = yield* reader.read(got.subarray(at, at + Math.max(1, size)));
    assert.ok(n !== null && n > 0);
    at += n;
  }
  yield* writing.join();
  assert.deepEqual(got, sent);
}, skip);

/** The OVERLAPPED of a receive that is over, whose slot is free again. */
function* finishedReceive(): Routine<Int32Array> {
  const { ws2 } = winsock();
  const { WSARecv } = ws2;
  let last: unknown;
  const writable = ws2 as { WSARecv: typeof WSARecv };
  writable.WSARecv = (...args) => {
    last = args[5];
    return WSARecv(...args);
  };
  try {
    const [a, b] = yield* pair();
    using reader = a, writer = b;
    yield* writer.write(Uint8Array.of(1));
    yield* reader.read(new Uint8Array(1));
  } finally {
    writable.WSARecv = WSARecv;
  }
  return last as Int32Array;
}

test("a completion of an unknown operation ends the run with an error", { skip }, () => {
  const { kernel, runtime, addressOf } = winsock();
  const before = openSockets();
  const main = function* (): Routine<void> {
    using listener = yield* listen("tcp", "127.0.0.1:0");
    const overlapped = runtime.pointerAt(addressOf(yield* finishedReceive()));
    kernel.PostQueuedCompletionStatus(netpoll.init().waitDescriptor, 0, 0, overlapped);
    yield* listener.accept();
  };
  assert.throws(() => runSync(main), /a completion of an operation that is not in progress/);
  assertNothingLeft(before);
});

/** Connections opened and closed; ten thousand are in tests/net/lossless_test.ts. */
const CHURN = 2000;
/** So many at a time. */
const AT_ONCE = 50;

only("runSync", `${CHURN} connections with operations in flight leak no slot`, function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  go(serveAll, listener);
  const before = slots();
  const dialling: Goroutine<void>[] = [];
  for (let i = 0; i < AT_ONCE; i++) dialling.push(go(churn, listener, CHURN / AT_ONCE));
  for (const each of dialling) yield* each.join();
  yield* until(() => slots() <= before + 1);
}, skip);

function* serveAll(listener: Listener): Routine<void> {
  for (;;) go(serve, yield* listener.accept());
}

function* serve(conn: Conn): Routine<void> {
  using _ = conn;
  const buf = new Uint8Array(64);
  try {
    for (let n; (n = yield* conn.read(buf)) !== null;) yield* conn.write(buf.subarray(0, n));
  } catch (error) {
    // A peer that has reset the connection.
    if (!(error instanceof OpError)) throw error;
  }
}

/** Some are closed with a read under way, some with bytes on their way, some reset. */
function* churn(listener: Listener, count: number): Routine<void> {
  const buf = new Uint8Array(64);
  for (let i = 0; i < count; i++) {
    using conn = yield* dial("tcp", String(listener.addr));
    yield* conn.write(buf.subarray(0, 8));
    if (i % 4 === 0) conn.abort();
    else if (i % 4 !== 1) yield* conn.read(buf);
  }
}
