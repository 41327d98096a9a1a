// SPDX-License-Identifier: MIT
/**
 * Twins: one program, run by this machine's kernel on loopback and by the simulated one. Its answers
 * must be equal. Each row of docs/simulation.md that loopback can show has its program here.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import {
  type Conn,
  dial,
  fileConn,
  go,
  type Goroutine,
  listen as listenAt,
  type Listener,
  type ListenOptions,
  listenPacket,
  OpError,
  type Routine,
  run,
  select,
  sleep,
  type TCPAddr,
  UDPAddr,
  type UnixConn,
} from "../../mod.ts";
import { simulateSync } from "../../sim.ts";
import { onWindows, thrown } from "../support/harness.ts";
import { quiet } from "./tcp_table.ts";

type Program = () => Routine<unknown>;

/** Whether this machine's kernel runs the program, and says what TCP has under way. */
let visible = false;
/** Ports of the program's listeners. */
const ports = new Set<number>();

/** A test that `program` returns the same from both kernels. */
function twin(name: string, program: Program): void {
  test(name, { skip: onWindows && "the simulated kernel is Linux's" }, async () => {
    ports.clear();
    visible = existsSync("/proc/net/tcp");
    const real = await run(program);
    visible = false;
    for (const seed of [1, 2, 3]) {
      const { value } = simulateSync({ seed }, () => program());
      assert.deepEqual(value, real, `seed ${seed}`);
    }
    assert.ok(Array.isArray(real) && real.length > 0);
  });
}

/** What a call returned, or the code of its error. */
function* outcome(call: Routine<unknown>): Routine<unknown> {
  try {
    return yield* call;
  } catch (error) {
    if (!(error instanceof OpError)) throw error;
    return error.timeout && error.code !== "ETIMEDOUT" ? "timeout" : error.code ?? error.message;
  }
}

const X = new TextEncoder().encode("x");

/** The text that a read returns, or its outcome otherwise. */
function* read(conn: Pick<Conn, "read">, size = 100): Routine<unknown> {
  const buf = new Uint8Array(size);
  const n = yield* outcome(conn.read(buf));
  return typeof n === "number" ? new TextDecoder().decode(buf.subarray(0, n)) : n;
}

/** A connected pair, and the listener that it came through. */
function* connected(address = "127.0.0.1:0"): Routine<[Conn, Conn, Listener]> {
  const listener = yield* listen("tcp", address);
  const a = yield* dial("tcp", String(listener.addr));
  return [a, yield* listener.accept(), listener];
}

/** Listens, and notes the port. */
function* listen(network: string, address: string, options?: ListenOptions): Routine<Listener> {
  const listener = yield* listenAt(network as "tcp", address, options);
  if (network.startsWith("tcp")) ports.add((listener.addr as TCPAddr).port);
  return listener;
}

/** Waits until what is under way between TCP sockets has arrived: Linux says so, others have time. */
function* settle(): Routine<void> {
  if (!visible) return yield* sleep(50);
  while (!quiet(ports)) yield* sleep(1);
}

/** Waits until `conn` has something to read, or an error. */
function* arrival(conn: Pick<Conn, "onReadable">): Routine<void> {
  yield* select(conn.onReadable());
}

/** Waits until `g` cannot go on. */
function* waiting(g: Goroutine<unknown>): Routine<string> {
  while (g.status !== "waiting") yield* sleep(1);
  return g.status;
}

twin("a connect to a port without a listener is refused", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  const address = String(listener.addr);
  listener.close();
  return [yield* outcome(dial("tcp", address)), yield* outcome(dial("tcp", address))];
});

twin("with a backlog of 1, two dials succeed and the third times out", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0", { backlog: 1 });
  const answers: unknown[] = [];
  const held: Conn[] = [];
  for (let i = 0; i < 3; i++) {
    const answer = yield* outcome(dial("tcp", String(listener.addr), { timeout: 300 }));
    if (typeof answer === "object") held.push(answer as Conn);
    answers.push(typeof answer === "object" ? "connected" : answer);
  }
  held.forEach((conn) => conn.close());
  return answers;
});

twin("a queued connection is dialled, written to, and read after accept", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  using conn = yield* dial("tcp", String(listener.addr));
  yield* conn.write("early");
  yield* settle();
  using accepted = yield* listener.accept();
  return [yield* read(accepted), String(accepted.remoteAddr) === String(conn.localAddr)];
});

twin("a connection reset in the queue is accepted, and its read fails", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const conn = yield* dial("tcp", String(listener.addr));
  yield* conn.write("x");
  yield* settle();
  conn.abort();
  yield* settle();
  using accepted = yield* listener.accept();
  return [yield* read(accepted), yield* read(accepted), yield* read(accepted)];
});

twin("closing a listener resets the connections in its queue", function* () {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  using conn = yield* dial("tcp", String(listener.addr));
  yield* settle();
  listener.close();
  yield* settle();
  return [yield* read(conn), yield* read(conn), yield* outcome(conn.write("x"))];
});

twin("after a reset received data is read, then the error once, then the end", function* () {
  const [a, b, listener] = yield* connected();
  using _listener = listener, _b = b;
  yield* a.write("last words");
  yield* settle();
  a.abort();
  yield* settle();
  const reads = [yield* read(b), yield* read(b), yield* read(b)];
  return [...reads, yield* outcome(b.write("x"))];
});

twin("a write after a reset reports the reset once, then EPIPE", function* () {
  const [a, b, listener] = yield* connected();
  using _listener = listener, _b = b;
  a.abort();
  yield* settle();
  return [yield* outcome(b.write("x")), yield* outcome(b.write("x")), yield* read(b)];
});

twin("a reset after the peer's end is EPIPE at once", function* () {
  const [a, b, listener] = yield* connected();
  using _listener = listener, _b = b;
  a.closeWrite();
  yield* settle();
  const end = yield* read(b);
  a.abort();
  yield* settle();
  return [end, yield* outcome(b.write("x")), yield* outcome(b.write("x")), yield* read(b)];
});

twin("after a half-close reads return the end, and writes continue", function* () {
  const [a, b, listener] = yield* connected();
  using _listener = listener, _a = a, _b = b;
  yield* a.write("question");
  a.closeWrite();
  const answers = [yield* read(b), yield* read(b)];
  yield* b.write("answer");
  answers.push(yield* read(a), yield* outcome(a.write("x")));
  a.closeWrite();
  b.closeWrite();
  return [...answers, yield* read(a), yield* outcome(b.write("x"))];
});

twin("a close with unread bytes resets, and a close without ends in order", function* () {
  const answers: unknown[] = [];
  for (const unread of [true, false]) {
    const [a, b, listener] = yield* connected();
    using _listener = listener, _a = a;
    if (unread) {
      yield* a.write("unread");
      yield* settle();
    }
    b.close();
    yield* settle();
    answers.push(yield* read(a));
  }
  return answers;
});

twin("a closed peer answers data with a reset", function* () {
  const [a, b, listener] = yield* connected();
  using _listener = listener, _a = a;
  b.close();
  yield* settle();
  const first = yield* outcome(a.write("one"));
  yield* settle();
  return [first, yield* outcome(a.write("two")), yield* read(a), yield* read(a)];
});

twin("a writer waits for buffer space, and all bytes arrive in order", function* () {
  const [a, b, listener] = yield* connected();
  using _listener = listener, _b = b;
  const size = 24 << 20;
  const writing = go(function* () {
    const chunk = Uint8Array.from({ length: 65_536 }, (_, i) => i * 7);
    for (let sent = 0; sent < size; sent += chunk.length) yield* a.write(chunk);
    a.close();
  });
  const waited = yield* waiting(writing);
  const buf = new Uint8Array(100_003);
  let at = 0;
  let wrong = 0;
  for (let n; (n = yield* b.read(buf)) !== null; at += n) {
    if (buf[0] !== ((at % 65_536) * 7 & 255)) wrong++;
  }
  yield* writing.join();
  return [waited, at, wrong];
});

twin(
  "a write past its deadline reports the bytes sent, and the connection stays usable",
  function* () {
    const [a, b, listener] = yield* connected();
    using _listener = listener, _a = a, _b = b;
    a.setWriteDeadline(Date.now() + 100);
    const late = yield* thrown(a.write(new Uint8Array(32 << 20))) as Routine<OpError>;
    a.setWriteDeadline(null);
    const buf = new Uint8Array(1 << 20);
    for (let left = late.bytesWritten!; left > 0;) {
      left -= (yield* b.read(buf.subarray(0, Math.min(left, buf.length))))!;
    }
    return [late.timeout, yield* outcome(a.write("more")), yield* read(b)];
  },
);

twin("a read deadline expires, and the next read succeeds", function* () {
  const [a, b, listener] = yield* connected();
  using _listener = listener, _a = a, _b = b;
  b.setReadDeadline(Date.now() + 20);
  const answers = [yield* read(b), yield* read(b)];
  b.setReadDeadline(null);
  yield* a.write("now");
  return [...answers, yield* read(b)];
});

twin("bind fails for an address in use, not local, or of the other version", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const { port } = listener.addr as TCPAddr;
  const answers = [
    yield* outcome(listen("tcp", `127.0.0.1:${port}`)),
    yield* outcome(listen("tcp", "192.0.2.1:0")),
    yield* outcome(dial("tcp6", "127.0.0.1:1")),
  ];
  using six = yield* listen("tcp", `[::1]:${port}`);
  answers.push((six.addr as TCPAddr).port === port, yield* outcome(listen("tcp", `:${port}`)));
  return answers;
});

twin("TIME_WAIT keeps the port of the active closer from a bind without reuse", function* () {
  const [a, b, listener] = yield* connected();
  const address = String(listener.addr);
  listener.close();
  b.close();
  yield* settle();
  const end = yield* read(a);
  a.close();
  yield* settle();
  const answers = [end, yield* outcome(listen("tcp", address, { reuseAddr: false }))];
  using again = yield* listen("tcp", address);
  return [...answers, String(again.addr) === address];
});

twin("the port of the passive closer is free at once", function* () {
  const [a, b, listener] = yield* connected();
  const address = String(listener.addr);
  listener.close();
  a.close();
  yield* settle();
  const end = yield* read(b);
  b.close();
  yield* settle();
  using again = yield* listen("tcp", address, { reuseAddr: false });
  return [end, String(again.addr) === address];
});

twin(
  "a dual-stack listener accepts both versions, and IPv4 peers have IPv4 addresses",
  function* () {
    using listener = yield* listen("tcp", ":0");
    const { port } = listener.addr as TCPAddr;
    const seen: unknown[] = [(listener.addr as TCPAddr).ip];
    for (const host of ["127.0.0.1", "[::1]", "127.0.0.9", "0.0.0.0"]) {
      using conn = yield* dial("tcp", `${host}:${port}`);
      using accepted = yield* listener.accept();
      const { ip } = accepted.remoteAddr as TCPAddr;
      seen.push(ip, (accepted.localAddr as TCPAddr).ip, (conn.remoteAddr as TCPAddr).ip);
    }
    return seen;
  },
);

twin("SO_REUSEPORT shares a port, and only if both sockets set it", function* () {
  using first = yield* listen("tcp", "127.0.0.1:0", { reusePort: true });
  const address = String(first.addr);
  using second = yield* listen("tcp", address, { reusePort: true });
  return [String(second.addr) === address, yield* outcome(listen("tcp", address))];
});

twin(
  "a datagram to a closed port is an error of the next call on a connected socket",
  function* () {
    const gone = yield* listenPacket("udp", "127.0.0.1:0");
    const address = String(gone.localAddr);
    gone.close();
    using conn = yield* dial("udp", address);
    yield* conn.write(X);
    yield* arrival(conn);
    // The call that reports it sends nothing.
    const answers = [yield* outcome(conn.write(X)), yield* outcome(conn.write(X))];
    yield* arrival(conn);
    answers.push(yield* read(conn));
    using loose = yield* listenPacket("udp4", "127.0.0.1:0");
    const [, port] = address.split(":");
    answers.push(yield* outcome(loose.writeTo(new Uint8Array(1), new UDPAddr("127.0.0.1", +port))));
    loose.setReadDeadline(Date.now() + 20);
    return [...answers, yield* outcome(loose.readFrom(new Uint8Array(1)))];
  },
);

twin("datagrams may be empty, truncated or too long", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using conn = yield* dial("udp", String(server.localAddr));
  const answers: unknown[] = [
    yield* outcome(conn.write(new Uint8Array(0))),
    yield* outcome(conn.write(new Uint8Array(10))),
    yield* outcome(conn.write(new Uint8Array(65_507))),
    yield* outcome(conn.write(new Uint8Array(65_508))),
  ];
  for (const size of [4, 4, 70_000]) {
    const { n, truncated } = yield* server.readMsg(new Uint8Array(size));
    answers.push(n, truncated);
  }
  return answers;
});

twin("datagrams are dropped when the receive buffer is full", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using conn = yield* dial("udp", String(server.localAddr));
  for (let i = 0; i < 1000; i++) yield* conn.write(new Uint8Array(1000));
  server.setReadDeadline(Date.now() + 100);
  let came = 0;
  while (typeof (yield* outcome(server.readFrom(new Uint8Array(1000)))) === "object") came++;
  return [came > 50 && came < 900];
});

twin("a connected UDP socket receives from its peer alone", function* () {
  using server = yield* listenPacket("udp", "127.0.0.1:0");
  using stranger = yield* listenPacket("udp", "127.0.0.1:0");
  using conn = yield* dial("udp", String(server.localAddr));
  const own = conn.localAddr as UDPAddr;
  yield* stranger.writeTo(new TextEncoder().encode("stranger"), own);
  yield* server.writeTo(new TextEncoder().encode("peer"), own);
  yield* arrival(conn);
  const first = yield* read(conn);
  conn.setReadDeadline(Date.now() + 20);
  return [first, yield* read(conn)];
});

/** A connected pair of Unix sockets, by an abstract name of the system's choice. */
function* unixPair(network: "unix" | "unixpacket"): Routine<[UnixConn, UnixConn]> {
  using listener = yield* listenAt(network, "");
  const a = yield* dial(network, String(listener.addr));
  return [a as UnixConn, yield* listener.accept()];
}

twin("Unix sockets: streams join writes, packets keep their boundaries", function* () {
  const answers: unknown[] = [];
  for (const network of ["unix", "unixpacket"] as const) {
    const [a, b] = yield* unixPair(network);
    using _a = a, _b = b;
    yield* a.write("one");
    yield* a.write("two");
    a.closeWrite();
    answers.push(yield* read(b), yield* read(b), yield* read(b));
    yield* b.write("back");
    answers.push(yield* read(a), yield* outcome(a.write("x")));
  }
  return answers;
});

twin("Unix sockets: a closed peer, and one with unread bytes", function* () {
  const answers: unknown[] = [];
  for (const unread of [false, true]) {
    const [a, b] = yield* unixPair("unix");
    using _a = a;
    if (unread) yield* a.write("unread");
    b.close();
    answers.push(yield* read(a), yield* read(a), yield* outcome(a.write("x")));
  }
  return answers;
});

twin("Unix sockets: names that do not exist, and names in use", function* () {
  using listener = yield* listen("unix", "");
  const name = String(listener.addr);
  return [
    yield* outcome(dial("unix", "@netpoll-nobody")),
    yield* outcome(dial("unix", "/nonexistent/socket")),
    yield* outcome(listen("unix", name)),
    yield* outcome(dial("unixpacket", name)),
  ];
});

twin("Unix datagrams: the sender waits while the receiver's queue is full", function* () {
  using server = yield* listenPacket("unixgram", "");
  using conn = yield* dial("unixgram", String(server.localAddr));
  let sent = 0;
  const sender = go(function* () {
    for (; sent < 1000; sent++) yield* conn.write(X);
  });
  const waited = yield* waiting(sender);
  const buf = new Uint8Array(1);
  for (let i = 0; i < 1000; i++) yield* server.readFrom(buf);
  yield* sender.join();
  return [waited, sent];
});

twin("Unix sockets: a connection is passed to another process by a message", function* () {
  const [a, b, listener] = yield* connected();
  using _listener = listener, _a = a;
  const [left, right] = yield* unixPair("unix");
  using _left = left, _right = right;
  yield* left.writeMsgUnix(new TextEncoder().encode("take it"), { fds: [b.fd] });
  b.close();
  const message = yield* right.readMsgUnix(new Uint8Array(100));
  using taken = fileConn(message!.fds[0], { own: true });
  yield* a.write("for the new holder");
  const heard = yield* read(taken);
  yield* taken.write("from the new holder");
  return [message!.n, heard, yield* read(a)];
});
