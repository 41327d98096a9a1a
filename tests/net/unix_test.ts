// SPDX-License-Identifier: MIT
/** Unix sockets: streams, packets, datagrams, their names and files. Go: net/unixsock_test.go. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, statSync, unlinkSync, writeFileSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  AddrError,
  ClosedError,
  copy,
  dial,
  go,
  listen,
  listenPacket,
  OpError,
  pipe,
  readAll,
  type Routine,
  sleep,
  splice,
  toWebStreams,
  UnixAddr,
  type UnixConn,
  wait,
} from "../../mod.ts";
import type { PacketCalls } from "../../platforms/contract/packets.ts";
import { platform } from "../../platforms/platform.ts";
import { withPacketCalls } from "../fixtures/syscalls_fixture.ts";
import { both, only, onWindows, openSockets, opError, thrown, until } from "../support/harness.ts";

const HELLO = new TextEncoder().encode("hello");

/** A folder of its own for a test. */
function folder(): { path: (name: string) => string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), "netpoll-"));
  return {
    path: (name) => join(dir, name),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true }),
  };
}

/** Two ends of a connection, with the listener closed. */
function* pair(network: "unix" | "unixpacket"): Routine<[UnixConn, UnixConn]> {
  using listener = yield* listen(network, "");
  const dialled = yield* dial(network, String(listener.addr));
  return [dialled, yield* listener.accept()];
}

for (const network of ["unix", "unixpacket"] as const) {
  both(
    `${network}: both ends have their names, and the file is removed with the listener`,
    function* () {
      using dir = folder();
      const path = dir.path("s");
      const listener = yield* listen(network, path);
      assert.ok(statSync(path).isSocket());
      assert.equal(String(listener.addr), path);
      assert.equal(listener.addr.network, network);
      using client = yield* dial(network, path);
      using server = yield* listener.accept();
      assert.equal(String(client.remoteAddr), path);
      assert.equal(String(server.localAddr), path);
      // As in Go, an end without a name is "@".
      assert.equal(String(client.localAddr), "@");
      assert.equal(String(server.remoteAddr), "@");
      yield* client.write(HELLO);
      const buf = new Uint8Array(9);
      assert.equal(yield* server.read(buf), 5);
      listener.close();
      assert.equal(existsSync(path), false);
      client.close();
      assert.equal(yield* server.read(buf), null);
      opError(
        yield* thrown(server.write(HELLO)),
        `write ${network} ${path}->@: write: broken pipe`,
      );
    },
  );

  both(`${network}: each side may end before the other`, function* () {
    const [a, b] = yield* pair(network);
    using _a = a, _b = b;
    yield* a.write(HELLO);
    a.closeWrite();
    const buf = new Uint8Array(8);
    assert.equal(yield* b.read(buf), 5);
    assert.equal(yield* b.read(buf), null);
    yield* b.write(HELLO);
    assert.equal(yield* a.read(buf), 5, "the other direction goes on");
    b.closeWrite();
    assert.equal(yield* a.read(buf), null);
  });

  both(`${network}: close ends waiting calls`, function* () {
    const listener = yield* listen(network, "");
    using client = yield* dial(network, String(listener.addr));
    using server = yield* listener.accept();
    const calls = [
      go(() => thrown(listener.accept())),
      go(() => thrown(client.read(new Uint8Array(1)))),
      go(() => thrown(server.readMsgUnix(new Uint8Array(1)))),
    ];
    yield* until(() => calls.every(({ status }) => status === "waiting"));
    for (const each of [listener, client, server]) each.close();
    for (const call of calls) {
      const error = yield* call.join() as Routine<OpError>;
      assert.ok(error.cause instanceof ClosedError, String(error));
    }
    assert.throws(() => server.peerCredentials(), isOpError);
  });

  both(`${network}: written data is read after the close, whatever was unread`, function* () {
    const [client, server] = yield* pair(network);
    yield* client.write(HELLO);
    for (let i = 0; i < 20; i++) yield* server.write(new Uint8Array(1000).fill(i));
    server.close();
    const buf = new Uint8Array(1000);
    for (let i = 0; i < 20; i++) {
      assert.equal(yield* client.readFull(buf), 1000);
      assert.deepEqual(buf, new Uint8Array(1000).fill(i));
    }
    assert.equal(yield* client.read(buf), null);
    client.close();
  });

  both(`${network}: peerCredentials returns the process at the other end`, function* () {
    const [client, server] = yield* pair(network);
    using _client = client;
    using _server = server;
    const { pid, uid = -1, gid = -1 } = client.peerCredentials();
    assert.equal(pid, process.pid);
    assert.deepEqual(server.peerCredentials(), { pid, uid, gid });
    assert.deepEqual([uid, gid], [process.getuid!(), process.getgid!()]);
  });
}

/** Not the class: `assert.throws` of Deno goes by prototypes, and not by `instanceof`. */
const isOpError = (error: unknown) => error instanceof OpError;

both("unixpacket preserves message boundaries, and queued messages are read at once", function* () {
  const [client, server] = yield* pair("unixpacket");
  for (const length of [3, 1, 200]) yield* client.write(new Uint8Array(length).fill(length));
  const buf = new Uint8Array(100);
  // A message that is shorter than the buffer does not mean that there is no other.
  assert.equal(yield* server.read(buf), 3);
  assert.equal(yield* server.read(buf), 1);
  assert.equal(yield* server.read(buf), 100);
  yield* client.write(HELLO);
  const { n, truncated } = (yield* server.readMsgUnix(buf.subarray(0, 2)))!;
  assert.deepEqual([n, truncated], [2, true]);
  client.close();
  assert.equal(yield* server.readMsgUnix(buf), null);
  server.close();
});

both("abstract names have no file, and may be written with a zero byte", function* () {
  const name = `@netpoll-${process.pid}`;
  for (const spelled of [name, `\0${name.slice(1)}`, `${name}\0with a zero`]) {
    using listener = yield* listen("unix", spelled);
    assert.equal(String(listener.addr), spelled.replace(/^\0/, "@"));
    using client = yield* dial("unix", spelled);
    using server = yield* listener.accept();
    assert.equal(String(client.remoteAddr), String(listener.addr));
    assert.equal(String(server.localAddr), String(listener.addr));
    opError(
      yield* thrown(listen("unix", spelled)),
      `listen unix ${spelled}: bind: address already in use`,
    );
  }
});

both("the system chooses a name if none is given", function* () {
  using one = yield* listen("unix", "");
  using two = yield* listen("unix", "");
  assert.match(String(one.addr), /^@[0-9a-f]{5}$/);
  assert.notEqual(String(one.addr), String(two.addr));
});

both("a name that is too long is rejected, not truncated", function* () {
  using dir = folder();
  const most = dir.path("").padEnd(107, "x");
  for (const [name, length] of [[`${most}x`, 108], [`@${"x".repeat(108)}`, 108]] as const) {
    for (const call of [listen, dial, listenPacket] as unknown as (typeof dial)[]) {
      const network = call.name === "listenPacket" ? "unixgram" : "unix";
      const error = opError(
        yield* thrown<unknown>(call(network as "unix", name)),
        `${call.name === "dial" ? "dial" : "listen"} ${network}: address ${name}: ` +
          `Unix socket name too long: ${length} bytes, at most 107`,
      );
      assert.ok(error.cause instanceof AddrError);
    }
  }
  using long = yield* listen("unix", most);
  assert.equal(String(long.addr), most);
  using abstract = yield* listen("unix", `@${"y".repeat(107)}`);
  using _ = yield* dial("unix", String(abstract.addr));
});

both("invalid names are rejected", function* () {
  for (const name of ["/tmp/a\0b", "a\0"]) {
    const error = yield* thrown(listen("unix", name));
    assert.ok(error instanceof OpError && error.cause instanceof AddrError, String(error));
  }
  opError(yield* thrown(dial("unix", "")), "dial unix: missing address");
  for (const name of [undefined, null, 7] as unknown as string[]) {
    assert.ok((yield* thrown(listen("unix", name))) instanceof TypeError);
  }
});

both("the error for a path in use explains what is there", function* () {
  using dir = folder();
  const path = dir.path("s");
  using _listener = yield* listen("unix", path);
  const start = `listen unix ${path}: bind: address already in use: ${path} `;
  const live = opError(yield* thrown(listen("unix", path)), /another socket is bound to/);
  assert.equal(live.code, "EADDRINUSE");
  const stale = dir.path("stale");
  const gone = yield* listen("unix", stale);
  gone.setUnlinkOnClose(false);
  gone.close();
  assert.ok(existsSync(stale));
  const left = opError(
    yield* thrown(listen("unix", stale)),
    `${
      start.replaceAll(path, stale)
    }is the file of a socket that no longer exists; remove it first`,
  );
  assert.equal(left.code, "EADDRINUSE");
  const file = dir.path("file");
  writeFileSync(file, "");
  opError(
    yield* thrown(listenPacket("unixgram", file)),
    `listen unixgram ${file}: bind: address already in use: ${file} is a file, not a socket`,
  );
  assert.ok(existsSync(file) && existsSync(stale));
});

both("a file that no longer belongs to the socket is kept", function* () {
  using dir = folder();
  const path = dir.path("s");
  const old = yield* listen("unix", path);
  unlinkSync(path);
  using other = yield* listen("unix", path);
  old.close();
  using client = yield* dial("unix", path);
  using _ = yield* other.accept();
  assert.equal(String(client.remoteAddr), path);
  const third = yield* listen("unix", dir.path("t"));
  unlinkSync(dir.path("t"));
  third.close();
});

both("neither a failed listen nor a run that ends leaves a file", function* () {
  using dir = folder();
  const path = dir.path("s");
  yield* thrown(listen("unix", path, {
    control: () => {
      throw new Error("no");
    },
  }));
  assert.equal(existsSync(path), false);
  opError(
    yield* thrown(listen("unix", dir.path("none/s"))),
    /bind: no such file or directory$/,
  );
});

both("a path without a listener is refused with Go's message", function* () {
  using dir = folder();
  const path = dir.path("s");
  const missing = opError(
    yield* thrown(dial("unix", path)),
    `dial unix ${path}: connect: no such file or directory`,
  );
  assert.equal(missing.code, "ENOENT");
  const listener = yield* listen("unix", path);
  listener.setUnlinkOnClose(false);
  opError(yield* thrown(dial("unixpacket", path)), /connect: protocol wrong type for socket$/);
  listener.close();
  const refused = yield* thrown(dial("unix", path)) as Routine<OpError>;
  assert.equal(refused.code, "ECONNREFUSED");
});

both("a dial waits for a listener with a full queue, within its limits", function* () {
  using listener = yield* listen("unix", "", { backlog: 1 });
  const name = String(listener.addr);
  const queued: UnixConn[] = [];
  let full: unknown = null;
  while (full === null) {
    try {
      queued.push(yield* dial("unix", name, { timeout: 20 }));
    } catch (error) {
      full = error;
    }
  }
  assert.equal(opError(full, `dial unix ${name}: i/o timeout`).timeout, true);
  const sockets = openSockets();
  const dialling = go(() => dial("unix", name));
  const controller = new AbortController();
  const aborted = go(() => thrown(dial("unix", name, { signal: controller.signal })));
  yield* until(() => [dialling, aborted].every(({ status }) => status === "waiting"));
  controller.abort();
  opError(yield* aborted.join(), `dial unix ${name}: operation was canceled`);
  assert.equal(openSockets(), sockets + 1);
  for (const _ of queued) (yield* listener.accept()).close();
  const late = yield* dialling.join();
  (yield* listener.accept()).close();
  for (const conn of [...queued, late]) conn.close();
});

both("a dialed end may have its own name, which is removed with it", function* () {
  using dir = folder();
  using listener = yield* listen("unix", dir.path("s"));
  const path = dir.path("c");
  const client = yield* dial("unix", dir.path("s"), { localAddress: path });
  using server = yield* listener.accept();
  assert.equal(String(server.remoteAddr), path);
  assert.equal(String(client.localAddr), path);
  client.close();
  assert.equal(existsSync(path), false);
});

both("unixgram: names, empty datagrams and truncation work", function* () {
  using dir = folder();
  using server = yield* listenPacket("unixgram", dir.path("s"));
  using client = yield* listenPacket("unixgram", dir.path("c"));
  using stranger = yield* dial("unixgram", dir.path("s"));
  const buf = new Uint8Array(9);
  yield* client.writeTo(HELLO, server.localAddr);
  const { n, addr } = yield* server.readFrom(buf);
  assert.deepEqual([n, String(addr)], [5, dir.path("c")]);
  yield* server.writeTo(HELLO.subarray(1), addr);
  assert.equal(yield* client.read(buf), 4);
  yield* client.writeTo(new Uint8Array(0), server.localAddr);
  assert.equal((yield* server.readFrom(buf)).n, 0);
  yield* stranger.write(new Uint8Array(20));
  const cut = yield* server.readFrom(buf);
  assert.deepEqual([cut.n, cut.truncated, String(cut.addr)], [9, true, "@"]);
  yield* client.writeTo(HELLO, new UnixAddr(dir.path("s")));
  assert.equal(String((yield* server.readFrom(buf)).addr), dir.path("c"));
  const nobody = opError(
    yield* thrown(client.writeTo(HELLO, new UnixAddr(dir.path("x")))),
    `write unixgram ${dir.path("c")}->${dir.path("x")}: sendto: no such file or directory`,
  );
  assert.equal(nobody.code, "ENOENT");
  client.close();
  assert.equal(existsSync(dir.path("c")), false);
  const refused = yield* thrown(server.writeTo(HELLO, addr)) as Routine<OpError>;
  assert.equal(refused.code, "ENOENT");
  assert.ok((yield* thrown(server.writeTo(HELLO, "x" as never))) instanceof TypeError);
});

both("a datagram waits for a peer whose queue others have filled", function* () {
  using peer = yield* listenPacket("unixgram", "");
  using filler = yield* dial("unixgram", String(peer.localAddr));
  using sender = yield* listenPacket("unixgram", "");
  // Nothing of the sender's is in the queue: that there is room again is no event of his.
  let queued = 0;
  filler.setWriteDeadline(Date.now() + 20);
  yield* thrown((function* () {
    for (;; queued++) yield* filler.write(HELLO);
  })());
  assert.ok(queued > 0);
  let tries = 0;
  const packets = platform().packets;
  const { sendTo } = Object.getPrototypeOf(packets) as PacketCalls;
  const counting = {
    sendTo: (...args: unknown[]) => (tries++, Reflect.apply(sendTo, packets, args)),
  };
  const since = performance.now();
  const sending = go(() => sender.writeTo(HELLO, peer.localAddr));
  yield* withPacketCalls(counting, function* () {
    yield* sleep(100);
  });
  const elapsed = performance.now() - since;
  // It may be about to try once more.
  assert.notEqual(sending.status, "dead");
  // Each try is an event, as if there were room; it must not lead to the next.
  assert.ok(tries > 1 && tries < 10 + elapsed / 10, `${tries} tries in ${elapsed} ms`);
  const buf = new Uint8Array(9);
  for (let i = 0; i < queued; i++) yield* peer.read(buf);
  assert.equal(yield* sending.join(), 5);
  assert.equal(String((yield* peer.readFrom(buf)).addr), String(sender.localAddr));
  // A peer to whom it is connected tells by himself.
  filler.setWriteDeadline(null);
  const rest = go(function* () {
    for (let i = 0; i < 2 * queued; i++) yield* filler.write(HELLO);
  });
  yield* until(() => rest.status === "waiting");
  for (let i = 0; i < 2 * queued; i++) yield* peer.read(buf);
  yield* rest.join();
});

both("a connected datagram socket reports that its peer is gone", function* () {
  const peer = yield* listenPacket("unixgram", "");
  using client = yield* dial("unixgram", String(peer.localAddr));
  peer.close();
  const error = yield* thrown(client.write(HELLO)) as Routine<OpError>;
  assert.equal(error.code, "ECONNREFUSED");
});

both("a wait for a slow peer ends with its goroutine, and leaves nothing", function* () {
  const [client, server] = yield* pair("unix");
  go(function* () {
    yield* client.write(new Uint8Array(8 << 20));
  });
  go(() => server.readMsgUnix(new Uint8Array(0)));
  yield* sleep(0);
});

only("run", "node:net and the library communicate", function* () {
  using dir = folder();
  const before = openSockets();
  const theirs = createServer((socket) => socket.pipe(socket)).listen(dir.path("theirs"));
  yield* wait(once(theirs, "listening"));
  using client = yield* dial("unix", dir.path("theirs"));
  yield* client.write(HELLO);
  client.closeWrite();
  const buf = new Uint8Array(5);
  assert.equal(yield* client.readFull(buf), 5);
  assert.equal(yield* client.read(buf), null);
  using ours = yield* listen("unix", dir.path("ours"));
  const socket = createConnection(dir.path("ours"));
  using server = yield* ours.accept();
  yield* server.write(HELLO);
  const [data] = yield* wait(once(socket, "data"));
  assert.equal(String(data), "hello");
  socket.destroy();
  assert.equal(yield* server.read(buf), null);
  yield* wait(new Promise<void>((resolve) => theirs.close(() => resolve())));
  // The runtime closes its sockets at some later time; ours are these three.
  const own = [client, ours, server].length;
  yield* until(() => openSockets() <= before + own);
});

/** Longer than the buffer that connections share, and than that of `readAll`. */
const PACKETS = [3, 513, 70_000, 1, 150_000];

/** Sends packets whose bytes say which they are, and the end. */
function* sendPackets(conn: UnixConn): Routine<void> {
  for (const [i, length] of PACKETS.entries()) yield* conn.write(new Uint8Array(length).fill(i));
  conn.closeWrite();
}

/** Whether `bytes` are all of the packets, one behind the other. */
function assertWhole(bytes: Uint8Array): void {
  let at = 0;
  for (const [i, length] of PACKETS.entries()) {
    assert.ok(bytes.subarray(at, at += length).every((byte) => byte === i), `packet ${i}`);
  }
  assert.equal(bytes.length, at);
}

both("unixpacket: chunks are whole packets of any length", function* () {
  const [client, server] = yield* pair("unixpacket");
  using _ = client;
  using __ = server;
  client.setWriteBuffer(1 << 20);
  const sending = go(() => sendPackets(client));
  using chunks = server.chunks();
  for (const [i, length] of PACKETS.entries()) {
    const chunk = (yield* chunks.next())!;
    assert.equal(chunk.length, length);
    assert.ok(chunk.every((byte) => byte === i));
  }
  assert.equal(yield* chunks.next(), null);
  yield* sending.join();
}, onWindows && "Unix sockets are not on Windows yet");

both("unixpacket: readAll, copy and streams lose nothing of a packet", function* () {
  const ways: ((server: UnixConn) => Routine<Uint8Array>)[] = [
    (server) => readAll(server),
    function* (server) {
      const [there, here] = pipe();
      const copying = go(function* () {
        yield* copy(there, server);
        there.closeWrite();
      });
      const all = yield* readAll(here);
      yield* copying.join();
      return all;
    },
    function* (server) {
      const [there, here] = yield* pair("unix");
      const copying = go(function* () {
        yield* splice(server, there);
        there.closeWrite();
      });
      const all = yield* readAll(here);
      yield* copying.join();
      for (const conn of [there, here]) conn.close();
      return all;
    },
  ];
  for (const way of ways) {
    const [client, server] = yield* pair("unixpacket");
    client.setWriteBuffer(1 << 20);
    const sending = go(() => sendPackets(client));
    assertWhole(yield* way(server));
    yield* sending.join();
    for (const conn of [client, server]) conn.close();
  }
}, onWindows && "Unix sockets are not on Windows yet");

both("unixpacket: copy from one to another keeps packets apart", function* () {
  const [a, b] = yield* pair("unixpacket");
  const [c, d] = yield* pair("unixpacket");
  for (const conn of [a, c]) conn.setWriteBuffer(1 << 20);
  const sending = go(() => sendPackets(a));
  const copying = go(function* () {
    yield* copy(c, b);
    c.closeWrite();
  });
  using chunks = d.chunks();
  const lengths: number[] = [];
  for (let chunk; (chunk = yield* chunks.next()) !== null;) lengths.push(chunk.length);
  assert.deepEqual(lengths, PACKETS);
  for (const g of [sending, copying]) yield* g.join();
  for (const conn of [a, b, c, d]) conn.close();
}, onWindows && "Unix sockets are not on Windows yet");

only("run", "unixpacket: a reader with memory of its own loses nothing of a packet", function* () {
  const [client, server] = yield* pair("unixpacket");
  client.setWriteBuffer(1 << 20);
  const sending = go(() => sendPackets(client));
  const reader = toWebStreams(server).readable.getReader({ mode: "byob" });
  const got: number[] = [];
  for (;;) {
    const { value, done } = yield* wait(reader.read(new Uint8Array(1000)));
    if (done) break;
    for (const byte of value) got.push(byte);
  }
  assertWhole(Uint8Array.from(got));
  yield* sending.join();
  client.close();
  server[Symbol.dispose]();
}, onWindows && "Unix sockets are not on Windows yet");
