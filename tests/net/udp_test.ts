// SPDX-License-Identifier: MIT
/** UDP: datagrams one by one. Go: net/udpsock_test.go. The many at once are in udp_batch_test.ts. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import {
  AddrError,
  ClosedError,
  type Datagram,
  DeadlineExceededError,
  dial,
  go,
  listenPacket,
  numGoroutine,
  OpError,
  resolveUDPAddr,
  type Routine,
  run,
  select,
  sleep,
  UDPAddr,
  type UDPConn,
  wait,
  WriteToConnectedError,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import {
  POLL_ERROR,
  POLL_HANGUP,
  POLL_READ,
  POLL_WRITE,
} from "../../platforms/contract/platform.ts";
import type { PollDesc } from "../../src/netpoll/poll_desc.ts";
import { RunQueue } from "../../src/sched/run_queue.ts";
import { both, only, onWindows, opError, thrown, until } from "../support/harness.ts";
import { withPacketCalls } from "../fixtures/syscalls_fixture.ts";

const HELLO = new TextEncoder().encode("hello");

function text(p: Uint8Array, { n }: { n: number }): string {
  return new TextDecoder().decode(p.subarray(0, n));
}

/** A free port. */
function* freePort(): Routine<string> {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  return String(conn.localAddr);
}

for (
  const [network, host] of [
    ["udp", "127.0.0.1"],
    ["udp4", "127.0.0.1"],
    ["udp", "[::1]"],
    ["udp6", "[::1]"],
  ] as const
) {
  both(`a datagram is sent and answered on ${network} ${host}`, function* () {
    using server = yield* listenPacket(network, `${host}:0`);
    using client = yield* listenPacket(network, `${host}:0`);
    const buf = new Uint8Array(100);
    assert.equal(yield* client.writeTo(HELLO, server.localAddr), 5);
    const came = yield* server.readFrom(buf);
    assert.equal(text(buf, came), "hello");
    assert.equal(came.truncated, false);
    assert.ok(came.addr instanceof UDPAddr);
    assert.equal(String(came.addr), String(client.localAddr));
    yield* server.writeTo(buf.subarray(0, 4), came.addr);
    assert.equal(text(buf, yield* client.readFrom(buf)), "hell");
    assert.equal(server.remoteAddr, null);
  });

  both(`a dialed socket has one peer on ${network} ${host}`, function* () {
    using server = yield* listenPacket(network, `${host}:0`);
    using client = yield* dial(network, String(server.localAddr));
    using stranger = yield* listenPacket(network, `${host}:0`);
    assert.equal(String(client.remoteAddr), String(server.localAddr));
    const buf = new Uint8Array(100);
    assert.equal(yield* client.write(HELLO), 5);
    const { addr } = yield* server.readFrom(buf);
    assert.equal(String(addr), String(client.localAddr));
    yield* stranger.writeTo(Uint8Array.of(1), client.localAddr);
    yield* server.writeTo(HELLO.subarray(0, 3), addr);
    // The stranger's never comes.
    assert.equal(yield* client.read(buf), 3);
  });
}

both("a udp socket receives both IP versions, and prints IPv4 as such", function* () {
  using server = yield* listenPacket("udp", ":0");
  const { port } = server.localAddr;
  const buf = new Uint8Array(10);
  for (const host of ["127.0.0.1", "::1"]) {
    using client = yield* dial("udp", String(new UDPAddr(host, port)));
    yield* client.write(HELLO);
    const { addr } = yield* server.readFrom(buf);
    assert.equal(addr.ip, host);
    assert.equal(String(addr), String(client.localAddr));
    yield* server.writeTo(HELLO, addr);
    assert.equal(yield* client.read(buf), 5);
    // A reply may go to any address, not only to one that readFrom returned.
    yield* server.writeTo(HELLO, yield* resolveUDPAddr("udp", String(client.localAddr)));
    assert.equal(yield* client.read(buf), 5);
  }
});

both("udp4 and udp6 receive one IP version", function* () {
  using six = yield* listenPacket("udp6", ":0");
  using four = yield* listenPacket("udp4", `:${six.localAddr.port}`);
  const buf = new Uint8Array(10);
  for (const [host, server] of [["127.0.0.1", four], ["::1", six]] as const) {
    using client = yield* dial("udp", String(new UDPAddr(host, six.localAddr.port)));
    yield* client.write(HELLO);
    assert.equal((yield* server.readFrom(buf)).addr.ip, host);
  }
});

both("an address of the wrong IP version is rejected with Go's message", function* () {
  using conn = yield* listenPacket("udp4", "127.0.0.1:0");
  const error = opError(
    yield* thrown(conn.writeTo(HELLO, new UDPAddr("::1", 9))),
    `write udp4 ${conn.localAddr}->[::1]:9: address ::1: non-IPv4 address`,
  );
  assert.ok(error.cause instanceof AddrError);
  for (const wrong of ["127.0.0.1:9", { ip: "127.0.0.1", port: 9 }, null, undefined]) {
    const refused = yield* thrown(conn.writeTo(HELLO, wrong as unknown as UDPAddr));
    assert.ok(refused instanceof TypeError, String(refused));
  }
  for (const addr of [new UDPAddr("x", 9), new UDPAddr("127.0.0.1", 65536)]) {
    const refused = yield* thrown(conn.writeTo(HELLO, addr));
    assert.ok(refused instanceof OpError && refused.cause instanceof AddrError, String(refused));
  }
});

both("an empty datagram reads as 0, and is not the end", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using client = yield* dial("udp", String(server.localAddr));
  const buf = new Uint8Array(10);
  assert.equal(yield* client.write(new Uint8Array(0)), 0);
  assert.equal(yield* client.write(new Uint8Array(0)), 0);
  yield* client.write(HELLO);
  const { n, truncated, addr } = yield* server.readFrom(buf);
  assert.deepEqual([n, truncated], [0, false]);
  assert.equal(yield* server.read(buf), 0);
  assert.equal(yield* server.read(buf), 5);
  assert.equal(yield* server.writeTo(new Uint8Array(0), addr), 0);
  assert.equal(yield* client.read(buf), 0);
});

both("data that does not fit is lost, and reported as truncated", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using client = yield* dial("udp", String(server.localAddr));
  for (let i = 0; i < 3; i++) yield* client.write(HELLO);
  yield* client.write(Uint8Array.of(7));
  const buf = new Uint8Array(10).fill(0xff);
  const short = buf.subarray(0, 3);
  assert.deepEqual(pick(yield* server.readFrom(short)), { n: 3, truncated: true });
  assert.equal(buf[3], 0xff, "bytes behind the buffer were written");
  assert.equal(yield* server.read(short), 3);
  // Without any room a datagram is taken all the same.
  assert.deepEqual(pick(yield* server.readFrom(new Uint8Array(0))), { n: 0, truncated: true });
  assert.deepEqual(pick(yield* server.readFrom(buf.subarray(0, 1))), { n: 1, truncated: false });
  assert.equal(buf[0], 7);
  assert.equal(yield* server.read(new Uint8Array(0)), 0);
});

function pick({ n, truncated }: Datagram): { n: number; truncated: boolean } {
  return { n, truncated };
}

both("the largest datagram is sent, a larger one is EMSGSIZE", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using client = yield* dial("udp", String(server.localAddr));
  const most = new Uint8Array(65507).map((_, i) => i);
  yield* client.write(most);
  const buf = new Uint8Array(65536);
  assert.equal(yield* server.read(buf), most.length);
  assert.deepEqual(buf.subarray(0, most.length), most);
  for (const length of [65508, 1 << 20]) {
    const error = yield* thrown(client.write(new Uint8Array(length)));
    assert.equal((error as OpError).code, "EMSGSIZE");
  }
});

both("a port without a listener is ECONNREFUSED, once, and the socket stays usable", function* () {
  const address = yield* freePort();
  using client = yield* dial("udp", address);
  yield* client.write(HELLO);
  const error = opError(
    yield* thrown(client.read(new Uint8Array(1))),
    `read udp ${client.localAddr}->${address}: recv: connection refused`,
  );
  assert.equal(error.code, "ECONNREFUSED");
  using server = yield* listenPacket("udp", address);
  yield* client.write(HELLO);
  const { addr } = yield* server.readFrom(new Uint8Array(9));
  yield* server.writeTo(HELLO, addr);
  assert.equal(yield* client.read(new Uint8Array(9)), 5);
}, onWindows && "a UDP socket of Windows is not told, so that one peer cannot end it for all");

both("a waiting reader receives ECONNREFUSED as well", function* () {
  using client = yield* dial("udp", yield* freePort());
  const reading = go(() => thrown(client.read(new Uint8Array(1))));
  yield* until(() => reading.status === "waiting");
  yield* client.write(HELLO);
  assert.equal((yield* reading.join() as Routine<OpError>).code, "ECONNREFUSED");
});

both("refusals by other machines do not affect an unconnected socket", function* () {
  const nobody = yield* resolveUDPAddr("udp", yield* freePort());
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  for (let i = 0; i < 3; i++) yield* conn.writeTo(HELLO, nobody);
  yield* conn.writeTo(HELLO, conn.localAddr);
  assert.equal(yield* conn.read(new Uint8Array(9)), 5);
});

both("an error event without data is reported by a call, if at all", function* () {
  // As when the network reports an error while the send buffer is full. Go takes the descriptor for
  // one that cannot be polled, until another event arrives.
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  const { pd } = (conn as unknown as { netFD: { pd: PollDesc } }).netFD;
  pd.ready(POLL_READ | POLL_WRITE | POLL_HANGUP | POLL_ERROR, new RunQueue());
  yield* conn.writeTo(HELLO, conn.localAddr);
  assert.equal(yield* conn.read(new Uint8Array(9)), 5);
});

both("an unconnected socket requires a destination, a connected one rejects it", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  const homeless = opError(
    yield* thrown(conn.write(HELLO)),
    `write udp ${conn.localAddr}: send: destination address required`,
  );
  assert.equal(homeless.code, "EDESTADDRREQ");
  using client = yield* dial("udp", String(conn.localAddr));
  const error = opError(
    yield* thrown(client.writeTo(HELLO, conn.localAddr)),
    `write udp ${client.localAddr}->${conn.localAddr}: ` +
      "use of WriteTo with pre-connected connection",
  );
  assert.ok(error.cause instanceof WriteToConnectedError);
});

both("deadlines end waiting and future reads", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  const buf = new Uint8Array(9);
  conn.setReadDeadline(Date.now() + 20);
  const error = opError(
    yield* thrown(conn.readFrom(buf)),
    `read udp ${conn.localAddr}: i/o timeout`,
  );
  assert.ok(error.cause instanceof DeadlineExceededError && error.timeout);
  assert.equal(String(error.source), String(conn.localAddr));
  assert.equal(error.addr, null);
  yield* conn.writeTo(HELLO, conn.localAddr);
  // It has passed, whatever there is to read.
  assert.ok((yield* thrown(conn.read(buf)) as Routine<OpError>).timeout);
  conn.setReadDeadline(null);
  assert.equal(yield* conn.read(buf), 5);
  const reading = go(() => thrown(conn.read(buf)));
  yield* until(() => reading.status === "waiting");
  conn.setDeadline(0);
  assert.ok((yield* reading.join() as Routine<OpError>).timeout);
  assert.ok((yield* thrown(conn.writeTo(HELLO, conn.localAddr)) as Routine<OpError>).timeout);
  conn.setDeadline(null);
  yield* conn.writeTo(HELLO, conn.localAddr);
});

both("close ends waiting calls, and never lingers", function* () {
  const conn = yield* listenPacket("udp", "127.0.0.1:0");
  const address = String(conn.localAddr);
  yield* conn.writeTo(HELLO, conn.localAddr);
  yield* conn.read(new Uint8Array(9));
  const readers = [
    go(() => thrown(conn.read(new Uint8Array(1)))),
    go(() =>
      thrown(
        conn.readFrom(new Uint8Array(1)),
      )
    ),
  ];
  yield* until(() => readers.every(({ status }) => status === "waiting"));
  const before = numGoroutine();
  conn.close();
  for (const reader of readers) {
    const error = yield* reader.join() as Routine<OpError>;
    assert.ok(error.cause instanceof ClosedError, String(error));
  }
  assert.ok(numGoroutine() <= before - 2, "a goroutine lingers");
  assert.equal(conn.fd, -1);
  assert.equal(String(conn.localAddr), address);
  conn.close();
  for (
    const call of [() => conn.read(new Uint8Array(1)), () => conn.writeTo(HELLO, conn.localAddr)]
  ) {
    assert.ok((yield* thrown<unknown>(call()) as Routine<OpError>).cause instanceof ClosedError);
  }
  conn[Symbol.dispose]();
  // The port is free at once.
  using again = yield* listenPacket("udp", address);
  assert.ok(again.fd >= 0);
});

both("a signal and a context end a read", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  const controller = new AbortController();
  const reading = go(() => thrown(conn.readFrom(new Uint8Array(1), controller.signal)));
  yield* until(() => reading.status === "waiting");
  controller.abort();
  opError(yield* reading.join(), `read udp ${conn.localAddr}: operation was canceled`);
  yield* conn.writeTo(HELLO, conn.localAddr);
  assert.equal(yield* conn.read(new Uint8Array(9)), 5);
});

both("a run that ends closes its sockets, except the result of main", function* () {
  const left = yield* listenPacket("udp", "127.0.0.1:0");
  go(() => left.read(new Uint8Array(1)));
});

only("run", "a socket that main returned works in another run", function* () {
  const conn: UDPConn = yield* wait(run(() => listenPacket("udp", "127.0.0.1:0")));
  yield* conn.writeTo(HELLO, conn.localAddr);
  assert.equal(yield* conn.read(new Uint8Array(9)), 5);
  conn.close();
});

both("readable() and select wait for a datagram and take none", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  const waiting = go(() => conn.readable());
  yield* until(() => waiting.status === "waiting");
  yield* conn.writeTo(HELLO, conn.localAddr);
  yield* waiting.join();
  const { index } = yield* select(conn.onReadable());
  assert.equal(index, 0);
  assert.equal((yield* select(conn.onWritable())).index, 0);
  assert.equal(yield* conn.read(new Uint8Array(9)), 5);
});

both(
  "datagrams of one sender have the same address object, others their own",
  function* () {
    using server = yield* listenPacket("udp", "127.0.0.1:0");
    const clients: UDPConn[] = [];
    // More than the thread remembers: their places are taken by turns.
    for (let i = 0; i < 400; i++) clients.push(yield* dial("udp", String(server.localAddr)));
    const buf = new Uint8Array(4);
    for (let round = 0; round < 2; round++) {
      for (const client of clients) {
        yield* client.write(HELLO.subarray(0, 2));
        const { addr } = yield* server.readFrom(buf);
        assert.equal(String(addr), String(client.localAddr));
        yield* server.writeTo(HELLO.subarray(0, 3), addr);
        assert.equal(yield* client.read(buf), 3);
      }
    }
    yield* clients[0].write(HELLO);
    yield* clients[0].write(HELLO);
    const first = yield* server.readFrom(buf);
    assert.ok((yield* server.readFrom(buf)).addr === first.addr);
    for (const client of clients) client.close();
  },
);

both("a call interrupted by a signal is retried", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  const packets = platform().packets;
  const real = Object.getPrototypeOf(packets) as Record<string, (...args: unknown[]) => unknown>;
  let interrupted = 0;
  const once = (name: string) => {
    let first = true;
    return (...args: unknown[]) => {
      if (!first) return real[name].apply(packets, args);
      first = false;
      interrupted++;
      return -platform().errno.EINTR;
    };
  };
  const calls = { sendTo: once("sendTo"), receiveFrom: once("receiveFrom") };
  yield* withPacketCalls(calls, function* () {
    yield* conn.writeTo(HELLO, conn.localAddr);
    assert.equal((yield* conn.readFrom(new Uint8Array(9))).n, 5);
  });
  assert.equal(interrupted, 2);
});

both("a value that is not a buffer is rejected", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  for (const wrong of ["hello", null, new ArrayBuffer(1), [1]] as unknown as Uint8Array[]) {
    for (
      const call of [
        () => conn.read(wrong),
        () => conn.readFrom(wrong),
        () => conn.write(wrong),
        () => conn.writeTo(wrong, conn.localAddr),
        () => conn.readMsg(wrong),
      ]
    ) assert.throws(call, TypeError);
  }
});

both("a port in use is rejected with Go's message; reusePort shares it", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0", { reusePort: true });
  const address = String(conn.localAddr);
  opError(
    yield* thrown(listenPacket("udp", address)),
    `listen udp ${address}: bind: address already in use`,
  );
  using other = yield* listenPacket("udp", address, { reusePort: true });
  assert.equal(String(other.localAddr), address);
  const options = yield* thrown(listenPacket("udp", address, { backlog: 1 } as object));
  assert.ok(options instanceof TypeError);
}, onWindows && "Windows has no SO_REUSEPORT");

both("a dialed socket may have a local address; control is called first", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  const seen: string[] = [];
  using client = yield* dial("udp", String(server.localAddr), {
    localAddress: "127.0.0.2:0",
    control: (fd, network, address) => void seen.push(`${fd >= 0} ${network} ${address}`),
  });
  assert.equal(client.localAddr.ip, "127.0.0.2");
  assert.deepEqual(seen, [`true udp4 ${server.localAddr}`]);
});

both("out-of-range options are rejected before the system call", function* () {
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  for (const size of [0, -1, 1.5, NaN, 2 ** 31]) {
    assert.throws(() => conn.setReadBuffer(size), RangeError);
    assert.throws(() => conn.setWriteBuffer(size), RangeError);
  }
  for (const hops of [-1, 256, 1.5, NaN]) {
    assert.throws(() => conn.setTTL(hops), RangeError);
    assert.throws(() => conn.setMulticastTTL(hops), RangeError);
  }
  assert.throws(() => conn.setTTL(0), RangeError);
  conn.setTTL(1);
  conn.setReadBuffer(65536);
  conn.setWriteBuffer(65536);
  conn.setMulticastTTL(0);
});

both("broadcast is allowed by default, as in Go, and can be disabled", function* () {
  using conn = yield* listenPacket("udp4", "0.0.0.0:0");
  const everybody = new UDPAddr("127.255.255.255", conn.localAddr.port);
  yield* conn.writeTo(HELLO, everybody);
  assert.equal(yield* conn.read(new Uint8Array(9)), 5);
  conn.setBroadcast(false);
  assert.equal((yield* thrown(conn.writeTo(HELLO, everybody)) as Routine<OpError>).code, "EACCES");
});

only("run", "node:dgram and the library exchange datagrams", function* () {
  const peer = createSocket("udp4");
  peer.bind(0, "127.0.0.1");
  yield* wait(once(peer, "listening"));
  peer.on("message", (message, { port, address }) => peer.send(message, port, address));
  using conn = yield* dial("udp", `127.0.0.1:${peer.address().port}`);
  const buf = new Uint8Array(9);
  for (const length of [5, 0, 3]) {
    yield* conn.write(HELLO.subarray(0, length));
    assert.equal(yield* conn.read(buf), length);
  }
  yield* wait(new Promise<void>((resolve) => peer.close(() => resolve())));
});

both("readers take turns, one datagram each", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  const readers = Array.from({ length: 5 }, () =>
    go(function* reader() {
      const buf = new Uint8Array(4);
      yield* server.read(buf);
      return buf[0];
    }));
  yield* until(() => readers.every(({ status }) => status === "waiting"));
  for (let i = 0; i < 5; i++) yield* server.writeTo(Uint8Array.of(i), server.localAddr);
  for (const [i, reader] of readers.entries()) assert.equal(yield* reader.join(), i);
  yield* sleep(0);
});
