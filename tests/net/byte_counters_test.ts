// SPDX-License-Identifier: MIT
/** Byte counters of connections: every way to read and to write counts. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  BufferedReader,
  type ByteCounters,
  byteCounters,
  type Conn,
  copy,
  dial,
  go,
  listen,
  pipe,
  type Routine,
  sendFile,
  splice,
  type UnixConn,
} from "../../mod.ts";
import { both, onWindows, pair, thrown } from "../support/harness.ts";

const BIG = 300_000;

function assertCounts(counters: ByteCounters, bytesRead: number, bytesWritten: number): void {
  const { bytesRead: read, bytesWritten: written } = counters;
  assert.deepEqual({ read, written }, { read: bytesRead, written: bytesWritten });
}

function* drain(conn: Conn): Routine<number> {
  using chunks = conn.chunks();
  let n = 0;
  for (let chunk; (chunk = yield* chunks.next()) !== null;) n += chunk.length;
  return n;
}

for (const kind of ["sockets", "pipes"] as const) {
  const ends = function* (): Routine<[Conn, Conn]> {
    return kind === "pipes" ? pipe() : yield* pair();
  };

  both(`bytes are counted from the first request on: ${kind}`, function* () {
    const [a, b] = yield* ends();
    using _a = a, _b = b;
    const buf = new Uint8Array(8);
    const early = go(() => a.write("before"));
    assert.equal(yield* b.read(buf), 6);
    yield* early.join();
    const counts = [byteCounters(a), byteCounters(b)];
    assert.equal(byteCounters(a), counts[0]);
    const writing = go(function* () {
      yield* a.write("four");
      yield* a.writev([new Uint8Array(2), new Uint8Array(BIG)]);
      a.closeWrite();
    });
    yield* b.readFull(buf.subarray(0, 5));
    assert.equal(yield* drain(b), BIG + 1);
    yield* writing.join();
    assertCounts(counts[0], 0, BIG + 6);
    assertCounts(counts[1], BIG + 6, 0);
    assert.equal(yield* b.read(buf), null);
    a.close();
    b.close();
    yield* thrown(b.write("x"));
    assertCounts(counts[1], BIG + 6, 0);
  });

  both(`copy and splice count on both sides: ${kind}`, function* () {
    for (
      const move of [
        (to: Conn, from: Conn) => copy(to, from),
        (to: Conn, from: Conn) => splice(from, to),
      ]
    ) {
      const [near, from] = yield* ends();
      const [to, far] = yield* ends();
      using _near = near, _from = from, _to = to, _far = far;
      const [source, sink] = [byteCounters(from), byteCounters(to)];
      const moving = go(function* () {
        const n = yield* move(to, from);
        to.closeWrite();
        return n;
      });
      const writing = go(function* () {
        yield* near.write(new Uint8Array(BIG));
        near.closeWrite();
      });
      assert.equal(yield* drain(far), BIG);
      yield* writing.join();
      assert.equal(yield* moving.join(), BIG);
      assertCounts(source, BIG, 0);
      assertCounts(sink, 0, BIG);
    }
  });

  both(`a canceled write counts the bytes that the connection had accepted: ${kind}`, function* () {
    const [a, b] = yield* ends();
    using _a = a, _b = b;
    const counters = byteCounters(a);
    a.setWriteDeadline(Date.now() + 20);
    const error = yield* thrown(a.write(new Uint8Array(64 << 20)));
    assertCounts(counters, 0, (error as { bytesWritten?: number }).bytesWritten!);
    a.abort();
  });
}

both("sendFile counts", function* () {
  const path = join(tmpdir(), `netpoll-counters-${process.pid}`);
  writeFileSync(path, new Uint8Array(BIG));
  try {
    const [a, b] = yield* pair();
    using _a = a, _b = b;
    const counters = byteCounters(a);
    const reading = go(() => drain(b));
    assert.equal(yield* sendFile(a, path), BIG);
    a.closeWrite();
    assert.equal(yield* reading.join(), BIG);
    assertCounts(counters, 0, BIG);
  } finally {
    rmSync(path);
  }
});

both("a connection with unread bytes has its own counters", function* () {
  const [a, b] = yield* pair();
  using _a = a, _b = b;
  const counters = byteCounters(b);
  yield* a.write("line\nrest");
  const reader = new BufferedReader(b);
  assert.equal(yield* reader.line(), "line");
  const rest = reader.detachConn();
  assert.equal(byteCounters(rest), counters);
  assert.equal(yield* rest.read(new Uint8Array(9)), 4);
  assertCounts(counters, 9, 0);
});

both("messages of Unix sockets count", function* () {
  for (const network of ["unix", "unixpacket"] as const) {
    using listener = yield* listen(network, "");
    using a = yield* dial(network, String(listener.addr)) as Routine<UnixConn>;
    using b = (yield* listener.accept()) as UnixConn;
    const [out, into] = [byteCounters(a), byteCounters(b)];
    yield* a.writeMsgUnix(new Uint8Array(7), {});
    assert.equal((yield* b.readMsgUnix(new Uint8Array(9)))!.n, 7);
    yield* a.write(new Uint8Array(5));
    using chunks = b.chunks();
    assert.equal((yield* chunks.next())!.length, 5);
    assertCounts(out, 0, 12);
    assertCounts(into, 12, 0);
  }
}, onWindows && "Windows has no abstract sockets");

both("other values than the library's stream connections have no counters", function* () {
  using udp = yield* dial("udp", "127.0.0.1:9");
  for (const value of [udp, {}, null, 7]) {
    assert.throws(() => byteCounters(value as unknown as Conn), TypeError);
  }
});
