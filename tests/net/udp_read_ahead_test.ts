// SPDX-License-Identifier: MIT
/** UDP: reads that return datagrams which an earlier read received along with its own. */
import assert from "node:assert/strict";
import {
  ClosedError,
  dial,
  filePacketConn,
  go,
  listenPacket,
  type OpError,
  PacketBatch,
  type Routine,
  select,
  type UDPConn,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { withPacketCalls } from "../fixtures/syscalls_fixture.ts";
import { both, onWindows, thrown } from "../support/harness.ts";
import { numbers, range } from "../support/numbered_datagrams.ts";

/** Whether the system can receive several datagrams with one call. */
const many = () => platform().packets.receivesMany === true;

/** Datagram `i` of a test: its number, and `length` bytes in all. */
function numbered(i: number, length = 8): Uint8Array {
  const bytes = new Uint8Array(length).fill(i);
  return bytes;
}

/** A server, and a client that has sent it `count` datagrams, which wait there. */
function* waiting(count: number, length = 8): Routine<{ server: UDPConn; client: UDPConn }> {
  const server = yield* listenPacket("udp", "127.0.0.1:0");
  const client = yield* dial("udp", String(server.localAddr));
  for (let i = 0; i < count; i++) yield* client.write(numbered(i, length));
  return { server, client };
}

/** Runs `body`. Returns how often it received a datagram by a call of its own. */
function* singleReceives(body: () => Routine<void>): Routine<number> {
  const packets = platform().packets;
  const { receiveFrom } = Object.getPrototypeOf(packets) as typeof packets;
  let count = 0;
  yield* withPacketCalls({
    receiveFrom: (...args) => {
      const n = receiveFrom.apply(packets, args as Parameters<typeof receiveFrom>);
      if (n >= 0) count++;
      return n;
    },
  }, body);
  return count;
}

both("datagrams that wait are taken several at a time, and read in order", function* () {
  const { server, client } = yield* waiting(60);
  using _server = server;
  using _client = client;
  const single = yield* singleReceives(function* () {
    assert.deepEqual(yield* numbers(server, 60), range(0, 60));
  });
  if (many()) assert.ok(single < 5, `${single} datagrams by a call of their own`);
  else assert.equal(single, 60);
});

both("a socket that waits for each datagram reads nothing ahead", function* () {
  const { server, client } = yield* waiting(0);
  using _server = server;
  using _client = client;
  const buf = new Uint8Array(8);
  const single = yield* singleReceives(function* () {
    const echo = go(function* () {
      for (let i = 0; i < 20; i++) {
        const { n, addr } = yield* server.readFrom(buf);
        yield* server.writeTo(buf.subarray(0, n), addr);
      }
    });
    const answer = new Uint8Array(8);
    for (let i = 0; i < 20; i++) {
      yield* client.write(numbered(i));
      yield* client.read(answer);
      assert.equal(answer[0], i);
    }
    yield* echo.join();
  });
  assert.equal(single, 20);
});

both("a datagram read ahead is truncated to the buffer of its own read", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using client = yield* dial("udp", String(server.localAddr));
  const lengths = [3, 20, 0, 8, 9, 30000, 1, 12];
  for (const [i, length] of lengths.entries()) yield* client.write(numbered(i, length));
  const small = new Uint8Array(8);
  const large = new Uint8Array(65536);
  for (const [i, length] of lengths.entries()) {
    const buf = i % 4 === 1 ? large : small;
    buf.fill(255);
    const { n, addr, truncated } = yield* server.readFrom(buf);
    assert.equal(n, Math.min(length, buf.length), `length of ${i}`);
    assert.equal(truncated, length > buf.length, `truncation of ${i}`);
    assert.deepEqual(buf.subarray(0, n), numbered(i, n));
    if (n < buf.length) assert.equal(buf[n], 255, "a byte behind the datagram was written");
    assert.equal(String(addr), String(client.localAddr));
  }
});

both("a read without room takes the datagram that was read ahead", function* () {
  const { server, client } = yield* waiting(6);
  using _server = server;
  using _client = client;
  yield* numbers(server, 3);
  const { n, truncated } = yield* server.readFrom(new Uint8Array(0));
  assert.deepEqual([n, truncated], [0, true]);
  assert.deepEqual(yield* numbers(server, 2), [4, 5]);
});

both("all kinds of read find what was read ahead, with its metadata", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  if (!onWindows) server.setPacketInfo(true);
  using client = yield* dial("udp", String(server.localAddr));
  for (let i = 0; i < 12; i++) yield* client.write(numbered(i, 8));
  assert.deepEqual(yield* numbers(server, 3), [0, 1, 2]);
  const buf = new Uint8Array(4);
  const message = yield* server.readMsg(buf);
  assert.deepEqual([buf[0], message.n, message.truncated], [3, 4, true]);
  assert.equal(String(message.addr), String(client.localAddr));
  if (!onWindows) assert.equal(message.destination, "127.0.0.1");
  assert.equal(yield* server.read(buf), 4);
  assert.equal(buf[0], 4);
  const batch = new PacketBatch(16, 6);
  const seen: number[] = [];
  while (seen.length < 7) {
    const n = yield* server.readBatch(batch);
    for (let i = 0; i < n; i++) {
      seen.push(batch.bytes(i)[0]);
      assert.deepEqual([batch.bytes(i).length, batch.truncated(i)], [6, true]);
      assert.equal(String(batch.addr(i)), String(client.localAddr));
      if (!onWindows) assert.equal(batch.info(i).destination, "127.0.0.1");
    }
  }
  assert.deepEqual(seen, range(5, 12));
});

both("a socket with datagrams read ahead is readable at once", function* () {
  const { server, client } = yield* waiting(4);
  using _server = server;
  using _client = client;
  for (let i = 0; i < 3; i++) {
    yield* numbers(server, 1);
    yield* server.readable();
    assert.equal((yield* select(server.onReadable())).index, 0);
  }
  assert.deepEqual(yield* numbers(server, 1), [3]);
});

both(
  "a deadline that has passed and a canceled read take nothing that was read ahead",
  function* () {
    const { server, client } = yield* waiting(6);
    using _server = server;
    using _client = client;
    yield* numbers(server, 2);
    server.setReadDeadline(1);
    const late = yield* thrown(server.readFrom(new Uint8Array(8))) as Routine<OpError>;
    assert.equal(late.timeout, true);
    server.setReadDeadline(null);
    yield* thrown(server.readFrom(new Uint8Array(8), AbortSignal.abort()));
    assert.deepEqual(yield* numbers(server, 4), [2, 3, 4, 5]);
  },
);

both("several goroutines that read share what was read ahead", function* () {
  const { server, client } = yield* waiting(40);
  using _server = server;
  using _client = client;
  const all: number[] = [];
  const readers = range(0, 4).map(() =>
    go(function* () {
      for (let i = 0; i < 10; i++) all.push(...(yield* numbers(server, 1)));
    })
  );
  for (const reader of readers) yield* reader.join();
  assert.deepEqual(all.sort((a, b) => a - b), range(0, 40));
});

both("a detached socket still has the datagrams that it had read ahead", function* () {
  const { server, client } = yield* waiting(12);
  using _client = client;
  assert.deepEqual(yield* numbers(server, 4), range(0, 4));
  const fd = server.detach();
  using owner = filePacketConn(fd, { own: true }) as UDPConn;
  yield* client.write(numbered(12));
  const seen: number[] = [];
  const buf = new Uint8Array(8);
  for (;;) {
    try {
      if (seen.length % 2 === 0) yield* server.readFrom(buf);
      else yield* server.read(buf);
    } catch (error) {
      assert.ok((error as OpError).cause instanceof ClosedError);
      break;
    }
    seen.push(buf[0]);
  }
  seen.push(...(yield* numbers(owner, 9 - seen.length)));
  assert.deepEqual(seen, range(4, 13));
});

both("readMsg and readBatch of a detached socket return what it had read ahead", function* () {
  for (const kind of ["readMsg", "readBatch"] as const) {
    const { server, client } = yield* waiting(12);
    using _client = client;
    assert.deepEqual(yield* numbers(server, 4), range(0, 4));
    using owner = filePacketConn(server.detach(), { own: true }) as UDPConn;
    const seen: number[] = [];
    const buf = new Uint8Array(8);
    const batch = new PacketBatch(3, 8);
    for (;;) {
      try {
        if (kind === "readMsg") {
          const { n, addr, truncated } = yield* server.readMsg(buf);
          assert.deepEqual([n, String(addr), truncated], [8, String(client.localAddr), false]);
          seen.push(buf[0]);
        } else {
          const n = yield* server.readBatch(batch);
          assert.ok(n > 0);
          for (let i = 0; i < n; i++) seen.push(batch.bytes(i)[0]);
        }
      } catch (error) {
        assert.ok((error as OpError).cause instanceof ClosedError, kind);
        break;
      }
    }
    if (many()) assert.ok(seen.length > 0, kind);
    seen.push(...(yield* numbers(owner, 8 - seen.length)));
    assert.deepEqual(seen, range(4, 12), kind);
  }
});

both("a socket whose descriptor others have reads nothing ahead", function* () {
  const { server, client } = yield* waiting(12);
  using _server = server;
  using _client = client;
  using other = filePacketConn(server.fd) as UDPConn;
  for (let i = 0; i < 12; i++) {
    assert.deepEqual(yield* numbers(i % 5 < 3 ? server : other, 1), [i]);
  }
}, onWindows && "one descriptor has one port there");

both("closed sockets release the memory", function* () {
  for (let round = 0; round < 3; round++) {
    const pairs: { server: UDPConn; client: UDPConn }[] = [];
    for (let i = 0; i < 12; i++) pairs.push(yield* waiting(7));
    const single = yield* singleReceives(function* () {
      for (const { server } of pairs) yield* numbers(server, 3);
    });
    // Three each, were the memory of the last round still lent; on a slow network some come late.
    if (many()) assert.ok(single <= 24, `round ${round}: ${single} by a call of their own`);
    for (const { server, client } of pairs) {
      server.close();
      yield* thrown(server.readFrom(new Uint8Array(1)));
      client.close();
    }
  }
});

both("more sockets than there is memory for lose nothing", function* () {
  const pairs: { server: UDPConn; client: UDPConn }[] = [];
  for (let i = 0; i < 20; i++) pairs.push(yield* waiting(6));
  for (const { server } of pairs) assert.deepEqual(yield* numbers(server, 3), [0, 1, 2]);
  for (const { server } of pairs) assert.deepEqual(yield* numbers(server, 3), [3, 4, 5]);
  for (const { server, client } of pairs) {
    server.close();
    client.close();
  }
});

both("an error of an earlier datagram is reported beside those read ahead", function* () {
  using peer = yield* listenPacket("udp", "127.0.0.1:0");
  using client = yield* dial("udp", String(peer.localAddr));
  for (let i = 0; i < 8; i++) yield* peer.writeTo(numbered(i), client.localAddr);
  assert.deepEqual(yield* numbers(client, 2), [0, 1]);
  peer.close();
  yield* client.write(numbered(0));
  const seen: number[] = [];
  let errors = 0;
  while (seen.length + errors < 7) {
    try {
      seen.push(...(yield* numbers(client, 1)));
    } catch (error) {
      assert.match((error as OpError).code, /^(ECONNREFUSED|ECONNRESET)$/);
      errors++;
    }
  }
  assert.deepEqual([seen, errors], [range(2, 8), 1]);
}, onWindows && "nothing is read ahead there, and Wine reports no such error");
