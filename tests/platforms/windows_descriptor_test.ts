// SPDX-License-Identifier: MIT
// cspell:ignore ello
/** Sockets from elsewhere on Windows: the first port of a socket is its last. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  closeFd,
  type Conn,
  dial,
  fileConn,
  fileListener,
  filePacketConn,
  listen,
  listenPacket,
  NotPollableError,
  type OpError,
  type Routine,
  run,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import type { RawAddress } from "../../platforms/contract/platform.ts";
import { winsock } from "../../platforms/windows/abi/winsock.ts";
import { both, onWindows, pair, runBy, thrown, until } from "../support/harness.ts";

const skip = !onWindows && "this is not Windows";
const HELLO = new TextEncoder().encode("hello");

const isOpen = (fd: number) => typeof platform().descriptors.kind(fd) !== "number";

/** A socket that another library could have made, connected to `fd`. */
function foreign(fd: number): number {
  const { ws2 } = winsock();
  const [AF_INET, SOCK_STREAM, OVERLAPPED] = [2, 1, 1];
  const socket = ws2.WSASocketW(AF_INET, SOCK_STREAM, 0, null, 0, OVERLAPPED);
  const address = platform().sockets.localAddress(fd) as RawAddress;
  assert.equal(ws2.connect(socket, address, address.length), 0);
  return socket;
}

function* roundTrip(from: Conn, to: Conn): Routine<void> {
  const buf = new Uint8Array(5);
  for (const [a, b] of [[from, to], [to, from]]) {
    yield* a.write(HELLO);
    assert.equal(yield* b.readFull(buf), 5);
  }
}

both("a foreign socket is adopted once, by itself or as a copy", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  for (const own of [true, false]) {
    const fd = foreign(listener.fd);
    const conn = fileConn(fd, { own });
    assert.equal(conn.fd === fd, own);
    const accepted = yield* listener.accept();
    assert.equal(String(conn.localAddr), String(accepted.remoteAddr));
    yield* roundTrip(conn, accepted);
    accepted.close();
    conn.close();
    yield* until(() => !own || !isOpen(fd));
    if (own) continue;
    // A copy is the same socket, and that has had its port.
    const error = yield* thrown((function* () {
      fileConn(fd, { own: true });
    })()) as Routine<OpError>;
    assert.equal(error.code, "EINVAL");
    assert.match(error.message, /CreateIoCompletionPort/);
    closeFd(fd);
    assert.equal(isOpen(fd), false);
  }
}, skip);

both("data received before a connection is handed over is read by its new owner", function* () {
  const [a, b] = yield* pair();
  a.setReadDeadline(1);
  yield* thrown(a.read(new Uint8Array(1)));
  a.setReadDeadline(null);
  const ready = a.readable();
  yield* b.write(HELLO);
  yield* ready;
  // A receive into a slot has consumed the bytes, and its reader is gone.
  assert.equal(yield* a.read(new Uint8Array(1)), 1);
  using again = fileConn(a.detach(), { own: true });
  const buf = new Uint8Array(9);
  assert.equal(yield* again.read(buf), 4);
  assert.equal(new TextDecoder().decode(buf.subarray(0, 4)), "ello");
  b.close();
}, skip);

test("a descriptor detached in one run cannot be adopted by the next", { skip }, async () => {
  const fd = await run(function* () {
    const [a, b] = yield* pair();
    b.abort();
    return a.detach();
  });
  // The poller has gone with its run, and the socket's port with it.
  await runBy("run", function* () {
    const error = yield* thrown((function* () {
      fileConn(fd, { own: true });
    })()) as Routine<OpError>;
    assert.equal(error.code, "EINVAL");
  });
  assert.ok(isOpen(fd));
  closeFd(fd);
});

both("a handle of another kind is refused, and stays the caller's", function* () {
  const [client, server] = yield* pair();
  using listener = yield* listen("tcp", "127.0.0.1:0");
  using packets = yield* listenPacket("udp", "127.0.0.1:0");
  const wrong = [
    () => fileListener(client.fd),
    () => fileListener(packets.fd),
    () => fileConn(listener.fd),
    () => fileConn(packets.fd),
    () => filePacketConn(client.fd),
    // Two of a thread cannot wait for the same one.
    () => fileConn(client.fd, { own: true }),
  ];
  for (const call of wrong) assert.throws(call, TypeError);
  const { kernel } = winsock();
  const handle = kernel.OpenThread(0x0800, 0, kernel.GetCurrentThreadId());
  const error = yield* thrown((function* () {
    fileConn(handle, { own: true });
  })()) as Routine<OpError>;
  assert.ok(error.cause instanceof NotPollableError, String(error));
  assert.ok(isOpen(handle));
  closeFd(handle);
  assert.equal(isOpen(handle), false);
  assert.throws(() => fileConn(99_996), (error) => (error as OpError).code === "EBADF");
  assert.throws(() => closeFd(99_996), (error) => (error as OpError).code === "EBADF");
  yield* roundTrip(client, server);
  client.close();
  server.close();
}, skip);

both("a copy of a socket bound to another port is refused", function* () {
  using listener = yield* listen("tcp", "127.0.0.1:0");
  const conn = yield* dial("tcp", String(listener.addr));
  using accepted = yield* listener.accept();
  const error = yield* thrown((function* () {
    fileConn(conn.fd);
  })()) as Routine<OpError>;
  assert.equal(error.code, "EINVAL");
  yield* roundTrip(conn, accepted);
  conn.close();
}, skip);
