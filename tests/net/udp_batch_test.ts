// SPDX-License-Identifier: MIT
/** UDP: many datagrams at once, what comes beside their bytes, multicast. Go: x/net/ipv4. */
import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import {
  AddrError,
  background,
  cancellable,
  dial,
  go,
  listenPacket,
  OpError,
  PacketBatch,
  type Routine,
  UDPAddr,
  type UDPConn,
  withCancel,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { withPacketCalls } from "../fixtures/syscalls_fixture.ts";
import { both, onWindows, thrown, until, wineGap } from "../support/harness.ts";

/** Not the class: `assert.throws` of Deno goes by prototypes, and not by `instanceof`. */
const isOpError = (error: unknown) => error instanceof OpError;

/** `length` bytes that tell where they are. */
function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => seed + i);
}

/** Reads until `count` datagrams have arrived. Returns copies of them. */
function* collect(conn: UDPConn, batch: PacketBatch, count: number): Routine<Uint8Array[]> {
  const all: Uint8Array[] = [];
  while (all.length < count) {
    const n = yield* conn.readBatch(batch);
    for (let i = 0; i < n; i++) all.push(batch.bytes(i).slice());
  }
  return all;
}

for (const [network, host] of [["udp", "127.0.0.1"], ["udp", "[::1]"], ["udp", ""]] as const) {
  both(`a batch is sent, and back to its senders, on ${network} "${host}"`, function* () {
    using server = yield* listenPacket(network, `${host}:0`);
    const { port } = server.localAddr;
    const address = host === "" ? `127.0.0.1:${port}` : `${host}:${port}`;
    using one = yield* dial("udp", address);
    using two = yield* dial("udp", address);
    const batch = new PacketBatch(8, 100);
    for (const [seed, client] of [one, two].entries()) {
      for (let i = 0; i < 4; i++) batch.set(i, pattern(10 * i, seed * 100));
      assert.equal(yield* client.writeBatch(batch, 4), 4);
    }
    const inbox = new PacketBatch(64, 100);
    let n = 0;
    for (; n < 8; n += yield* server.readBatch(inbox)) assert.equal(n, 0, "not all at once");
    for (let i = 0; i < 8; i++) {
      const client = i < 4 ? one : two;
      assert.equal(String(inbox.addr(i)), String(client.localAddr));
      assert.deepEqual(inbox.bytes(i), pattern(10 * (i % 4), i < 4 ? 0 : 100));
      assert.equal(inbox.truncated(i), false);
      assert.equal(inbox.segmentSize(i), 0);
    }
    assert.equal(yield* server.writeBatch(inbox, n), 8);
    for (const [seed, client] of [one, two].entries()) {
      const back = yield* collect(client, batch, 4);
      assert.deepEqual(back, [0, 1, 2, 3].map((i) => pattern(10 * i, seed * 100)));
    }
  });
}

both("a batch on an unconnected socket has an address per datagram", function* () {
  using sender = yield* listenPacket("udp", "127.0.0.1:0");
  using one = yield* listenPacket("udp", "127.0.0.1:0");
  using two = yield* listenPacket("udp", "127.0.0.2:0");
  const batch = new PacketBatch(4, 10);
  const to = [one, one, two, one];
  to.forEach(({ localAddr }, i) => batch.set(i, pattern(i), localAddr));
  yield* sender.writeBatch(batch);
  const buf = new Uint8Array(10);
  for (const length of [0, 1, 3]) assert.equal(yield* one.read(buf), length);
  assert.equal(yield* two.read(buf), 2);
});

both("a datagram longer than its slot is marked as truncated", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using client = yield* dial("udp", String(server.localAddr));
  yield* client.write(pattern(20));
  yield* client.write(pattern(5));
  const batch = new PacketBatch(4, 10);
  assert.equal(yield* server.readBatch(batch), 2);
  assert.deepEqual(batch.bytes(0), pattern(10));
  assert.deepEqual([batch.truncated(0), batch.truncated(1)], [true, false]);
});

both("a batch stops at the datagram in error, and reports how many were sent", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using client = yield* dial("udp", String(server.localAddr));
  const batch = new PacketBatch(4, 65536);
  for (const [i, length] of [1, 2, 65530, 4].entries()) batch.set(i, length);
  const error = yield* thrown(client.writeBatch(batch)) as Routine<OpError>;
  assert.equal(error.code, "EMSGSIZE");
  assert.equal((error as { messagesWritten?: number }).messagesWritten, 2);
  const buf = new Uint8Array(9);
  assert.equal(yield* server.read(buf), 1);
  assert.equal(yield* server.read(buf), 2);
});

both("a batch continues after a partial send", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using client = yield* dial("udp", String(server.localAddr));
  const batch = new PacketBatch(10, 10);
  const { messages } = platform().packets;
  let partial = 0;
  yield* withPacketCalls({
    messages: (shape) => {
      const real = messages.call(platform().packets, shape as Parameters<typeof messages>[0]);
      const { send } = Object.getPrototypeOf(real) as typeof real;
      return Object.assign(real, {
        // Three at a time, and now and then none.
        send: (fd: number, from: number, to: number, named: boolean) =>
          partial++ % 2 === 1
            ? -platform().errno.EINTR
            : send.call(real, fd, from, Math.min(from + 3, to), named),
      });
    },
  }, function* () {
    const slow = new PacketBatch(10, 10);
    for (let i = 0; i < 10; i++) slow.set(i, pattern(i));
    assert.equal(yield* client.writeBatch(slow), 10);
  });
  assert.equal(partial, 7);
  assert.deepEqual((yield* collect(server, batch, 10)).map((p) => p.length), [...Array(10).keys()]);
});

both("a canceled batch or long message reports its progress", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using client = yield* dial("udp", String(server.localAddr));
  using second = yield* dial("udp", String(server.localAddr));
  const { messages } = platform().packets;
  let room = 0;
  yield* withPacketCalls({
    messages: (shape) => {
      const real = messages.call(platform().packets, shape as Parameters<typeof messages>[0]);
      const { send } = Object.getPrototypeOf(real) as typeof real;
      return Object.assign(real, {
        // As a device whose queue is full.
        send: (fd: number, from: number, _to: number, named: boolean) =>
          room === 0
            ? -platform().errno.EAGAIN
            : send.call(real, fd, from, from + Math.min(room--, 1), named),
      });
    },
  }, function* () {
    const batch = new PacketBatch(5, 10);
    for (let i = 0; i < 5; i++) batch.set(i, pattern(i));
    room = 3;
    const [ctx, cancel] = withCancel(background());
    const writing = go(() => thrown(client.writeBatch(batch, 5, ctx)));
    yield* until(() => room === 0 && writing.status === "waiting");
    cancel();
    const error = (yield* writing.join()) as OpError;
    assert.deepEqual([error.code, error.messagesWritten], ["ABORT_ERR", 3]);
    // What was over before it began has sent nothing.
    const none = (yield* thrown(client.writeBatch(batch, 5, ctx))) as OpError;
    assert.equal(none.messagesWritten, 0);
    room = 2;
    const [around, cancelAround] = withCancel(background());
    const more = go(() => thrown(cancellable(second.writeBatch(batch, 5), around)));
    yield* until(() => room === 0 && more.status === "waiting");
    cancelAround();
    assert.equal(((yield* more.join()) as OpError).messagesWritten, 2);
  });
  const buf = new Uint8Array(10);
  for (const i of [0, 1, 2, 0, 1]) assert.equal(yield* server.read(buf), i);
});

both("readBatch waits for the first datagram, and a deadline ends it", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  const batch = new PacketBatch();
  const reading = go(() => server.readBatch(batch));
  yield* until(() => reading.status === "waiting");
  yield* server.writeTo(pattern(3), server.localAddr);
  assert.equal(yield* reading.join(), 1);
  server.setReadDeadline(0);
  assert.ok((yield* thrown(server.readBatch(batch)) as Routine<OpError>).timeout);
});

both("a batch rejects data that does not fit", function* () {
  for (const [count, size] of [[0, 1], [1025, 1], [1, 0], [1, 65537], [1.5, 1], [NaN, 1]]) {
    assert.throws(() => new PacketBatch(count, size), RangeError);
  }
  const batch = new PacketBatch(2, 10);
  for (const i of [-1, 2, 0.5, NaN, "0" as unknown as number]) {
    assert.throws(() => batch.bytes(i), RangeError);
    assert.throws(() => batch.addr(i), RangeError);
    assert.throws(() => batch.set(i, 1), RangeError);
  }
  assert.throws(() => batch.set(0, new Uint8Array(11)), RangeError);
  assert.throws(() => batch.set(0, -1), RangeError);
  assert.throws(() => batch.set(0, 1, null, -1), RangeError);
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  assert.throws(() => conn.writeBatch(batch, 3), RangeError);
  assert.throws(() => conn.readBatch({} as PacketBatch), TypeError);
});

for (const host of ["127.0.0.1", "[::1]"]) {
  both(`one write is segmented into datagrams on ${host}`, function* () {
    using server = yield* listenPacket("udp", `${host}:0`);
    server.setReadBuffer(1 << 20);
    using client = yield* dial("udp", String(server.localAddr));
    using open = yield* listenPacket("udp", `${host}:0`);
    // 150 of them: more than the kernel cuts at once.
    const data = pattern(149 * 100 + 30);
    assert.equal(yield* client.writeSegments(data, 100), data.length);
    const batch = new PacketBatch(64, 200);
    const want = Array.from({ length: 150 }, (_, i) => data.slice(i * 100, (i + 1) * 100));
    assert.deepEqual(yield* collect(server, batch, 150), want);
    assert.equal(yield* open.writeSegments(data, 100, server.localAddr), data.length);
    assert.deepEqual(yield* collect(server, batch, 150), want);
    assert.equal(yield* client.writeSegments(pattern(3), 100), 3);
    assert.equal(yield* client.writeSegments(new Uint8Array(0), 100), 0);
    assert.deepEqual(yield* collect(server, batch, 2), [pattern(3), pattern(0)]);
  });
}

both("data that the kernel cannot segment is segmented here", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  const data = pattern(1000);
  const want = Array.from({ length: 10 }, (_, i) => data.slice(i * 100, (i + 1) * 100));
  const inbox = new PacketBatch(64, 200);
  const outbox = new PacketBatch(3, 1000);
  yield* withPacketCalls({ setOption: () => -platform().errno.EINVAL }, function* () {
    using client = yield* dial("udp", String(server.localAddr));
    yield* client.writeSegments(data, 100);
    assert.deepEqual(yield* collect(server, inbox, 10), want);
    outbox.set(0, pattern(1));
    outbox.set(1, data, null, 100);
    outbox.set(2, pattern(2));
    assert.equal(yield* client.writeBatch(outbox), 3);
    assert.deepEqual(yield* collect(server, inbox, 12), [pattern(1), ...want, pattern(2)]);
  });
  // Larger than the device's packets: no kernel cuts into such.
  using client = yield* dial("udp", String(server.localAddr));
  const large = pattern(140_000);
  server.setReadBuffer(1 << 20);
  yield* client.writeSegments(large, 65_500);
  const whole = new PacketBatch(4, 65536);
  assert.deepEqual(
    (yield* collect(server, whole, 3)).map(({ length }) => length),
    [65_500, 65_500, 9_000],
  );
});

both("an invalid segment size is rejected", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  for (const size of [0, -1, 1.5, NaN]) {
    const error = yield* thrown(conn.writeSegments(pattern(9), size, conn.localAddr));
    assert.ok(error instanceof RangeError, String(error));
  }
});

both(
  "coalesced datagrams have their segment size, and can be sent back unchanged",
  function* () {
    using server = yield* listenPacket("udp", "127.0.0.1:0");
    using client = yield* dial("udp", String(server.localAddr));
    if (!server.setReceiveOffload(true)) return; // A kernel before 5.0 has none.
    const data = pattern(950);
    yield* client.writeSegments(data, 100);
    const buf = new Uint8Array(65536);
    const { n, segmentSize } = yield* server.readMsg(buf);
    assert.deepEqual([n, segmentSize], [950, 100]);
    assert.deepEqual(buf.subarray(0, n), data);
    yield* client.writeSegments(data, 100);
    const batch = new PacketBatch(4, 65536);
    assert.equal(yield* server.readBatch(batch), 1);
    assert.equal(batch.segmentSize(0), 100);
    assert.equal(batch.info(0).segmentSize, 100);
    yield* server.writeBatch(batch, 1);
    const back = yield* collect(client, new PacketBatch(16, 200), 10);
    assert.deepEqual(back.map(({ length }) => length), [...Array(9).fill(100), 50]);
    assert.equal(server.setReceiveOffload(false), false);
  },
);

/** The interface of this machine itself, by name or by the index that it always has. */
const LOOPBACK = onWindows ? 1 : "lo";

for (
  const [host, to] of [
    ["127.0.0.1", "127.0.0.1"],
    ["", "127.0.0.3"],
    ["", "::1"],
    ["[::1]", "::1"],
  ]
) {
  both(`packet info has the destination of a datagram: ${to} at "${host}"`, function* () {
    using server = yield* listenPacket("udp", `${host}:0`);
    server.setPacketInfo(true);
    using client = yield* dial("udp", String(new UDPAddr(to, server.localAddr.port)));
    yield* client.write(pattern(5));
    const buf = new Uint8Array(9);
    const { n, addr, destination, interfaceIndex, truncated } = yield* server.readMsg(buf);
    assert.deepEqual([n, destination, truncated], [5, to, false]);
    assert.ok(interfaceIndex > 0);
    assert.equal(String(addr), String(client.localAddr));
    yield* client.write(pattern(5));
    const batch = new PacketBatch(2, 9);
    yield* server.readBatch(batch);
    assert.deepEqual(batch.info(0), { destination: to, interfaceIndex, segmentSize: 0 });
    if (to === "127.0.0.3" && wineGap("a choice of a datagram's source")) return;
    // The answer comes from there, by the same interface.
    yield* server.writeMsg(buf.subarray(0, n), addr, {
      source: destination!,
      interface: interfaceIndex,
    });
    assert.equal(yield* client.read(buf), 5);
    server.setPacketInfo(false);
    yield* client.write(pattern(5));
    assert.equal((yield* server.readMsg(buf)).destination, null);
  });
}

both("readMsg reports a truncated datagram, and an empty one", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using client = yield* dial("udp", String(server.localAddr));
  yield* client.write(pattern(9));
  yield* client.write(pattern(0));
  const buf = new Uint8Array(8).fill(0xff);
  const first = yield* server.readMsg(buf.subarray(0, 4));
  assert.deepEqual([first.n, first.truncated], [4, true]);
  assert.deepEqual(buf, Uint8Array.of(0, 1, 2, 3, 0xff, 0xff, 0xff, 0xff));
  const second = yield* server.readMsg(buf);
  assert.deepEqual([second.n, second.truncated], [0, false]);
});

both("a datagram may be sent from any address of this machine, and from no other", function* () {
  using server = yield* listenPacket("udp4", "127.0.0.1:0");
  using client = yield* listenPacket("udp4", ":0");
  yield* client.writeMsg(pattern(3), server.localAddr, {
    source: "127.0.0.9",
    interface: LOOPBACK,
  });
  assert.equal((yield* server.readFrom(new Uint8Array(9))).addr.ip, "127.0.0.9");
  const error = yield* thrown(
    client.writeMsg(pattern(3), server.localAddr, { source: "192.0.2.1" }),
  );
  assert.ok(error instanceof OpError, String(error));
  assert.equal(String(error.addr), String(server.localAddr));
  for (const source of ["::1", "x", ""]) {
    const wrong = yield* thrown(client.writeMsg(pattern(3), server.localAddr, { source }));
    assert.ok(wrong instanceof RangeError, String(wrong));
  }
  const unknown = yield* thrown(
    client.writeMsg(pattern(3), server.localAddr, { interface: "nowhere0" }),
  );
  assert.ok(unknown instanceof OpError && unknown.cause instanceof AddrError, String(unknown));
}, wineGap("a choice of a datagram's source"));

/**
 * An interface that multicast goes by, which the loopback's does for IPv4 alone; null if there is none,
 * or no name that the system would know: Windows has others than node:os tells, and Wine tells none.
 */
function multicastInterface(family: "IPv4" | "IPv6"): string | null {
  if (onWindows) return null;
  const found = Object.entries(networkInterfaces()).find(([, addresses]) =>
    addresses?.some((each) => each.family === family && !each.internal)
  );
  return found?.[0] ?? null;
}

// Neither leaves this machine: the one by its TTL of 0, the other by its scope.
for (
  const [network, group, on] of [
    ["udp4", "239.7.7.7", LOOPBACK],
    ["udp4", "239.7.7.7", multicastInterface("IPv4")],
    ["udp6", "ff11::7007", multicastInterface("IPv6")],
  ] as const
) {
  if (on === null) continue; // A machine with nothing but its loopback has no route for these.
  both(`multicast reaches the members of a group: ${group}%${on}`, function* () {
    // A group's port may be shared without asking, as in Go.
    using first = yield* listenPacket(network, String(new UDPAddr(group, 0)));
    const to = new UDPAddr(group, first.localAddr.port);
    using second = yield* listenPacket(network, String(to));
    using sender = yield* listenPacket(network, ":0");
    sender.setMulticastInterface(on);
    sender.setMulticastTTL(0);
    first.joinGroup(group, on);
    second.joinGroup(group, on);
    yield* sender.writeTo(pattern(5), to);
    const buf = new Uint8Array(9);
    assert.equal(yield* first.read(buf), 5);
    assert.equal(yield* second.read(buf), 5);
    if (on !== LOOPBACK) {
      sender.setMulticastLoopback(false);
      yield* sender.writeTo(pattern(6), to);
      sender.setMulticastLoopback(true);
    }
    second.leaveGroup(group, on);
    yield* sender.writeTo(pattern(7), to);
    assert.equal(yield* first.read(buf), 7, "it heard what was not to be looped back");
    assert.throws(() => second.leaveGroup(group, on), isOpError);
  }, wineGap("interfaces of multicast by index"));
}

both("an invalid group or interface is rejected", function* () {
  using conn = yield* listenPacket("udp4", "127.0.0.1:0");
  for (const group of ["127.0.0.1", "x", "", "::1"]) {
    assert.throws(
      () => conn.joinGroup(group),
      (error) => error instanceof OpError && error.op === "set" && error.cause instanceof AddrError,
    );
  }
  assert.throws(
    () => conn.joinGroup("239.1.1.1", "nowhere0"),
    (error) => error instanceof OpError && error.cause instanceof AddrError,
  );
  assert.throws(() => conn.joinGroup("239.1.1.1", -1), RangeError);
  assert.throws(() => conn.joinGroup("239.1.1.1", 1 << 20), isOpError);
  // A group of IPv6 is none for a socket of IPv4.
  assert.throws(() => conn.joinGroup("ff12::1", LOOPBACK), isOpError);
  assert.throws(() => conn.setMulticastInterface("nowhere0"), isOpError);
  conn.setMulticastInterface(null);
});
