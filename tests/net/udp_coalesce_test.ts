// SPDX-License-Identifier: MIT
/** UDP: writes that are sent together at the end of the scheduler's turn. */
import assert from "node:assert/strict";
import {
  dial,
  filePacketConn,
  go,
  isTimeout,
  listenPacket,
  OpError,
  PacketBatch,
  type Routine,
  sleep,
  UDPAddr,
  type UDPConn,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { kernelForm } from "../../src/net/socket/peer_cache.ts";
import { sends } from "../fixtures/batch_sends_fixture.ts";
import { both, errnoOf, onWindows, thrown } from "../support/harness.ts";
import { numbers, range } from "../support/numbered_datagrams.ts";

/** Why a test is skipped where the system sends each datagram by a call of its own. */
const single = platform().packets.sendsMany !== true && "datagrams are sent at once here";

/** Datagram `i`: its number, `length` times. */
function numbered(i: number, length = 8): Uint8Array {
  return new Uint8Array(length).fill(i);
}

/** A socket that receives, and one that sends to it at the end of the turn. */
function* sockets(
  connected = false,
): Routine<{ sink: UDPConn; out: UDPConn; write(p: Uint8Array): Routine<number> } & Disposable> {
  const sink = yield* listenPacket("udp", "127.0.0.1:0");
  sink.setReadDeadline(Date.now() + 10_000);
  const to = sink.localAddr;
  const out = connected
    ? yield* dial("udp", String(to), { coalesce: true })
    : yield* listenPacket("udp4", "127.0.0.1:0", { coalesce: true });
  return {
    sink,
    out,
    write: (p) => connected ? out.write(p) : out.writeTo(p, to),
    [Symbol.dispose]() {
      sink[Symbol.dispose]();
      out[Symbol.dispose]();
    },
  };
}

/** Has the poller report that `conn` is writable: sends a datagram from it to itself. */
function nudge(conn: UDPConn): void {
  platform().packets.sendTo(conn.fd, numbered(0), 8, kernelForm(conn.localAddr, "ip4"));
}

for (const connected of [false, true]) {
  const kind = connected ? "a connected socket" : "an unconnected socket";
  both(`what a turn writes to ${kind} is sent together, in order`, function* () {
    using pair = yield* sockets(connected);
    const calls = yield* sends(function* () {
      for (let i = 0; i < 10; i++) assert.equal(yield* pair.write(numbered(i)), 8);
      assert.deepEqual(yield* numbers(pair.sink, 10), range(0, 10));
    });
    if (!single) assert.deepEqual(calls, [{ count: 10, result: 10 }]);
  });

  both(`the bytes written to ${kind} are those at the call`, function* () {
    using pair = yield* sockets(connected);
    const buf = new Uint8Array(8);
    for (let i = 0; i < 10; i++) {
      buf.fill(i);
      yield* pair.write(buf);
      buf.fill(255);
    }
    assert.deepEqual(yield* numbers(pair.sink, 10), range(0, 10));
  });
}

both("datagrams of all lengths keep their order, their bytes and their destinations", function* () {
  using one = yield* listenPacket("udp", "127.0.0.1:0");
  using two = yield* listenPacket("udp", "127.0.0.1:0");
  using out = yield* listenPacket("udp", "127.0.0.1:0", { coalesce: true });
  const lengths = [0, 1, 2048, 2049, 7, 9000, 1200, 0];
  for (const [i, length] of lengths.entries()) {
    for (const { localAddr } of [one, two]) yield* out.writeTo(numbered(i, length), localAddr);
  }
  const buf = new Uint8Array(65536);
  for (const conn of [one, two]) {
    conn.setReadDeadline(Date.now() + 10_000);
    for (const [i, length] of lengths.entries()) {
      const { n, addr } = yield* conn.readFrom(buf);
      assert.deepEqual(buf.slice(0, n), numbered(i, length));
      assert.equal(String(addr), String(out.localAddr));
    }
  }
});

both("sockets of IPv6, and of both versions, send together", function* () {
  for (const [host, to] of [["[::1]", "[::1]"], ["", "127.0.0.1"]]) {
    using sink = yield* listenPacket("udp", `${host}:0`);
    sink.setReadDeadline(Date.now() + 10_000);
    using client = yield* dial("udp", `${to}:${sink.localAddr.port}`);
    using out = yield* listenPacket("udp", `${host}:0`, { coalesce: true });
    using named = yield* listenPacket("udp", `${host}:0`);
    named.setReadDeadline(Date.now() + 10_000);
    using asker = yield* dial("udp", `${to}:${out.localAddr.port}`);
    yield* asker.write(numbered(1));
    yield* client.write(numbered(1));
    const buf = new Uint8Array(8);
    const { addr } = yield* out.readFrom(buf);
    for (let i = 0; i < 5; i++) yield* out.writeTo(numbered(i), addr);
    assert.deepEqual(yield* numbers(asker, 5), range(0, 5));
  }
});

both("more datagrams than there is room for are sent as soon as the room is taken", function* () {
  using pair = yield* sockets();
  const calls = yield* sends(function* () {
    for (let i = 0; i < 150; i++) yield* pair.write(numbered(i, 1));
    assert.deepEqual(yield* numbers(pair.sink, 150), range(0, 150));
  });
  for (const { count } of calls) assert.ok(count <= 64, `${count} at once`);
  if (!single) assert.ok(calls.length <= 12, `${calls.length} calls`);
});

both("more sockets than there is memory for lose nothing", function* () {
  using sink = yield* listenPacket("udp", "127.0.0.1:0");
  sink.setReadDeadline(Date.now() + 10_000);
  const all: UDPConn[] = [];
  for (let i = 0; i < 40; i++) {
    all.push(yield* dial("udp", String(sink.localAddr), { coalesce: true }));
  }
  for (let round = 0; round < 2; round++) {
    for (const [i, conn] of all.entries()) yield* conn.write(numbered(i));
    const got = yield* numbers(sink, 40);
    assert.deepEqual(got.sort((a, b) => a - b), range(0, 40));
  }
  for (const conn of all) conn.close();
});

both("close and detach send what waits", function* () {
  for (const how of ["close", "dispose", "detach"] as const) {
    using pair = yield* sockets();
    for (let i = 0; i < 5; i++) yield* pair.write(numbered(i));
    if (how === "close") pair.out.close();
    else if (how === "dispose") pair.out[Symbol.dispose]();
    else {
      using owner = filePacketConn(pair.out.detach(), { own: true }) as UDPConn;
      yield* owner.writeTo(numbered(5), pair.sink.localAddr);
      assert.deepEqual(yield* numbers(pair.sink, 6), range(0, 6));
      continue;
    }
    assert.deepEqual(yield* numbers(pair.sink, 5), range(0, 5));
  }
});

both("the end of a goroutine does not keep its datagrams from being sent", function* () {
  using pair = yield* sockets();
  yield* go(function* () {
    for (let i = 0; i < 5; i++) yield* pair.write(numbered(i));
  }).join();
  assert.deepEqual(yield* numbers(pair.sink, 5), range(0, 5));
});

both("writes of other kinds come after the datagrams that wait", function* () {
  using pair = yield* sockets();
  const to = pair.sink.localAddr;
  const batch = new PacketBatch(2, 8);
  batch.set(0, numbered(4), to);
  batch.set(1, numbered(5), to);
  yield* pair.write(numbered(0));
  yield* pair.write(numbered(1));
  yield* pair.out.writeMsg(numbered(2), to, {});
  yield* pair.write(numbered(3));
  yield* pair.out.writeBatch(batch);
  yield* pair.write(numbered(6));
  yield* pair.out.writeSegments(numbered(7, 16), 8, to);
  yield* pair.write(numbered(8));
  assert.deepEqual(yield* numbers(pair.sink, 10), [0, 1, 2, 3, 4, 5, 6, 7, 7, 8]);
});

both("a call that sends some of the datagrams is followed by one for the rest", function* () {
  using pair = yield* sockets();
  const calls = yield* sends(function* () {
    for (let i = 0; i < 6; i++) yield* pair.write(numbered(i));
    assert.deepEqual(yield* numbers(pair.sink, 6), range(0, 6));
  }, (call) => [1, 2, -errnoOf("EINTR")][call] ?? null);
  assert.deepEqual(calls.map(({ count }) => count), [6, 5, 3, 3]);
}, single);

both("the error of a datagram is thrown by the next write, and the others are sent", function* () {
  using pair = yield* sockets();
  const { out, sink } = pair;
  const denied = -errnoOf("EPERM");
  yield* sends(function* () {
    for (let i = 0; i < 5; i++) yield* pair.write(numbered(i));
    // The second is tried twice, and so is the fourth.
    assert.deepEqual(yield* numbers(sink, 3), [0, 2, 4]);
  }, (call) => [1, denied, denied, 1, denied, denied][call] ?? null);
  const error = yield* thrown(pair.write(numbered(9))) as Routine<OpError>;
  assert.ok(error instanceof OpError);
  assert.deepEqual([error.code, error.earlierDatagram, error.op], ["EPERM", true, "write"]);
  assert.equal(String(error.addr), String(sink.localAddr));
  assert.equal(String(error.source), String(out.localAddr));
  assert.match(error.message, /sendmmsg: .*\(an earlier datagram\)$/);
  // Only once, and its own datagram was not sent.
  yield* pair.write(numbered(10));
  assert.deepEqual(yield* numbers(sink, 1), [10]);
}, single);

both("writes of other kinds throw the error of an earlier datagram as well", function* () {
  const batch = new PacketBatch(1, 8);
  for (const kind of ["writeMsg", "writeBatch", "long"] as const) {
    using pair = yield* sockets();
    const to = pair.sink.localAddr;
    batch.set(0, numbered(2), to);
    yield* sends(function* () {
      yield* pair.write(numbered(1));
      yield* sleep(1);
      const error = yield* thrown<unknown>(
        kind === "writeMsg"
          ? pair.out.writeMsg(numbered(2), to, {})
          : kind === "writeBatch"
          ? pair.out.writeBatch(batch)
          : pair.write(numbered(2, 4000)),
      ) as Routine<OpError>;
      assert.deepEqual([error.code, error.earlierDatagram], ["EINVAL", true], kind);
      if (kind === "writeBatch") assert.equal(error.messagesWritten, 0);
    }, (call) => call < 2 ? -errnoOf("EINVAL") : null);
    yield* pair.write(numbered(3));
    assert.deepEqual(yield* numbers(pair.sink, 1), [3]);
  }
}, single);

both("a port that is closed is reported by the next write of a connected socket", function* () {
  const sink = yield* listenPacket("udp", "127.0.0.1:0");
  using out = yield* dial("udp", String(sink.localAddr), { coalesce: true });
  const address = String(sink.localAddr);
  sink.close();
  let refused: OpError | null = null;
  const until = Date.now() + 10_000;
  while (refused === null && Date.now() < until) {
    try {
      yield* out.write(numbered(1));
      yield* sleep(1);
    } catch (error) {
      refused = error as OpError;
    }
  }
  assert.ok(refused instanceof OpError);
  assert.match(refused.code, /^(ECONNREFUSED|ECONNRESET)$/);
  assert.equal(String(refused.addr), address);
}, onWindows && "Wine reports no such error");

both("a datagram whose call reports the error of an earlier one is sent", function* () {
  using pair = yield* sockets(true);
  const refused = -errnoOf("ECONNREFUSED");
  yield* sends(function* () {
    yield* pair.write(numbered(1));
    yield* pair.write(numbered(2));
    assert.deepEqual(yield* numbers(pair.sink, 2), [1, 2]);
  }, (call) => call === 0 ? refused : null);
  const error = yield* thrown(pair.write(numbered(3))) as Routine<OpError>;
  assert.deepEqual([error.code, error.earlierDatagram], ["ECONNREFUSED", true]);
}, single);

both("a datagram that is too long fails at its own write, after those before it", function* () {
  using pair = yield* sockets();
  yield* pair.write(numbered(1));
  const error = yield* thrown(pair.write(new Uint8Array(70_000))) as Routine<OpError>;
  assert.deepEqual([error.code, error.earlierDatagram], ["EMSGSIZE", undefined]);
  yield* pair.write(numbered(2));
  assert.deepEqual(yield* numbers(pair.sink, 2), [1, 2]);
});

both("an address that cannot be sent to fails at its own write", function* () {
  using out = yield* listenPacket("udp4", "127.0.0.1:0", { coalesce: true });
  using six = yield* listenPacket("udp6", "[::1]:0");
  const error = yield* thrown(out.writeTo(numbered(1), six.localAddr)) as Routine<OpError>;
  assert.match(error.message, /non-IPv4 address/);
  assert.equal(error.earlierDatagram, undefined);
});

both(
  "what the kernel has no room for waits, and is sent in order once there is some",
  function* () {
    using pair = yield* sockets();
    let room = false;
    const calls = yield* sends(function* () {
      for (let i = 0; i < 4; i++) yield* pair.write(numbered(i));
      const writer = go(function* () {
        // The socket has no room: this write parks, until the rest of the others is sent.
        yield* sleep(1);
        yield* pair.write(numbered(4));
      });
      assert.deepEqual(yield* numbers(pair.sink, 2), [0, 1]);
      yield* sleep(5);
      room = true;
      nudge(pair.out);
      assert.deepEqual(yield* numbers(pair.sink, 3), [2, 3, 4]);
      yield* writer.join();
    }, (call) => call === 0 ? 2 : room ? null : -errnoOf("EAGAIN"));
    const counts = calls.map(({ count }) => count);
    assert.deepEqual(counts.slice(0, 2), [4, 2]);
  },
  single,
);

both("a write that finds no room is ended by its deadline, and the others are sent", function* () {
  using pair = yield* sockets();
  let room = false;
  yield* sends(function* () {
    pair.out.setWriteDeadline(Date.now() + 50);
    let kept = 0;
    let late: unknown = null;
    while (late === null) {
      try {
        yield* pair.write(numbered(kept));
        kept++;
      } catch (error) {
        late = error;
      }
    }
    assert.ok(isTimeout(late), String(late));
    assert.ok(kept <= 64, `${kept} wait`);
    pair.out.setWriteDeadline(null);
    room = true;
    nudge(pair.out);
    yield* pair.write(numbered(99));
    assert.deepEqual(yield* numbers(pair.sink, kept + 1), [...range(0, kept), 99]);
  }, () => room ? null : -errnoOf("EAGAIN"));
}, single);

both("a socket that is closed while there is no room loses the rest alone", function* () {
  using pair = yield* sockets();
  yield* sends(function* () {
    for (let i = 0; i < 4; i++) yield* pair.write(numbered(i));
    yield* sleep(1);
    pair.out.close();
    assert.deepEqual(yield* numbers(pair.sink, 2), [0, 1]);
  }, (call) => call === 0 ? 2 : -errnoOf("EAGAIN"));
}, single);

both("a small send buffer loses and reorders nothing", function* () {
  using pair = yield* sockets();
  pair.out.setWriteBuffer(4096);
  const reader = go(() => numbers(pair.sink, 100));
  for (let i = 0; i < 100; i++) {
    yield* pair.write(numbered(i, 500));
    if (i % 20 === 19) yield* sleep(0);
  }
  assert.deepEqual(yield* reader.join(), range(0, 100));
});

both("a write without a destination fails at its own call", function* () {
  using pair = yield* sockets();
  yield* pair.write(numbered(1));
  const error = yield* thrown(pair.out.write(numbered(2))) as Routine<OpError>;
  assert.match(error.code, /^(EDESTADDRREQ|ENOTCONN)$/);
  assert.equal(error.earlierDatagram, undefined);
  yield* pair.write(numbered(3));
  assert.deepEqual(yield* numbers(pair.sink, 2), [1, 3]);
});

both("several goroutines that write do not mix their datagrams up", function* () {
  using pair = yield* sockets();
  const writers = range(0, 4).map((w) =>
    go(function* () {
      for (let i = 0; i < 20; i++) yield* pair.write(numbered(w * 20 + i, 1 + i));
    })
  );
  for (const writer of writers) yield* writer.join();
  const got = yield* numbers(pair.sink, 80);
  for (const w of range(0, 4)) {
    const own = got.filter((n) => Math.floor(n / 20) === w);
    assert.deepEqual(own, range(w * 20, w * 20 + 20));
  }
});

both("an echo by coalesced writes answers every client", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0", { coalesce: true });
  const echo = go(function* () {
    const buf = new Uint8Array(64);
    try {
      for (;;) {
        const { n, addr } = yield* server.readFrom(buf);
        yield* server.writeTo(buf.subarray(0, n), addr);
      }
    } catch {
      // It was closed.
    }
  });
  const clients = range(0, 10).map((c) =>
    go(function* () {
      using client = yield* dial("udp", String(server.localAddr));
      client.setReadDeadline(Date.now() + 10_000);
      for (let i = 0; i < 20; i++) {
        yield* client.write(numbered(c * 20 + i));
        assert.deepEqual(yield* numbers(client, 1), [c * 20 + i]);
      }
    })
  );
  for (const client of clients) yield* client.join();
  server.close();
  yield* echo.join();
});

both("coalesce must be a boolean", function* () {
  const options = { coalesce: 1 as unknown as boolean };
  for (
    const call of [
      () => listenPacket("udp", "127.0.0.1:0", options),
      () => dial("udp", "127.0.0.1:9", options),
    ]
  ) {
    const error = yield* thrown<unknown>(call());
    assert.ok(error instanceof TypeError);
    assert.match(error.message, /coalesce/);
  }
});

both("an option acts on the datagrams that are written after it", function* () {
  using sink = yield* listenPacket("udp4", "0.0.0.0:0");
  sink.setReadDeadline(Date.now() + 10_000);
  using out = yield* listenPacket("udp4", "127.0.0.1:0", { coalesce: true });
  const everyone = new UDPAddr("127.255.255.255", sink.localAddr.port);
  out.setBroadcast(true);
  yield* out.writeTo(numbered(1), everyone);
  out.setBroadcast(false);
  yield* out.writeTo(numbered(2), new UDPAddr("127.0.0.1", sink.localAddr.port));
  assert.deepEqual(yield* numbers(sink, 2), [1, 2]);
}, single);
