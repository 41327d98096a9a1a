// SPDX-License-Identifier: MIT
/** Descriptors in messages of Unix sockets. unix(7), SCM_RIGHTS; Go: net/unixsock_linux_test.go. */
import assert from "node:assert/strict";
import { readFileSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import {
  background,
  closeFd,
  dial,
  fileConn,
  go,
  listen,
  listenPacket,
  OpError,
  type Routine,
  type UnixConn,
  withCancel,
} from "../../mod.ts";
import { isDeno, start } from "../support/child.ts";
import { both, noProc, onWindows, openSockets, parked, thrown, until } from "../support/harness.ts";
import process from "node:process";

/** Two ends of a connection, with the listener closed. */
function* pair(network: "unix" | "unixpacket" = "unix"): Routine<[UnixConn, UnixConn]> {
  using listener = yield* listen(network, "");
  const dialled = yield* dial(network, String(listener.addr));
  return [dialled, yield* listener.accept()];
}

/** What a descriptor stands for; Linux alone shows it. */
function target(fd: number): string {
  if (noProc) return "a descriptor";
  return readlinkSync(`/proc/self/fd/${fd}`);
}

/** Whether a descriptor is closed when another program is executed; Linux alone shows it. */
function closesOnExec(fd: number): boolean {
  if (noProc) return true;
  const flags = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8").match(/^flags:\s*(\d+)/m)![1];
  return (parseInt(flags, 8) & 0o2000000) !== 0;
}

both(
  "a message canceled half-way reports how much was sent, with its descriptors",
  function* () {
    const [a, b] = yield* pair();
    using _ = a;
    using __ = b;
    a.setWriteBuffer(4096);
    const [ctx, cancel] = withCancel(background());
    const p = new Uint8Array(1 << 20);
    const writing = go(() => thrown(a.writeMsgUnix(p, { fds: [a.fd] }, ctx)));
    yield* parked(writing);
    cancel();
    const error = (yield* writing.join()) as OpError;
    assert.equal(error.code, "ABORT_ERR");
    const { bytesWritten } = error;
    assert.ok(bytesWritten! > 0 && bytesWritten! < p.length, String(bytesWritten));
    a.closeWrite();
    let came = 0;
    const fds: number[] = [];
    for (let got; (got = yield* b.readMsgUnix(new Uint8Array(65536))) !== null;) {
      came += got.n;
      fds.push(...got.fds);
    }
    for (const fd of fds) closeFd(fd);
    assert.deepEqual([came, fds.length], [bytesWritten, 1]);
    const [before, stop] = withCancel(background());
    stop();
    const nothing = (yield* thrown(b.writeMsgUnix(p, { fds: [b.fd] }, before))) as OpError;
    assert.equal(nothing.bytesWritten, 0);
  },
  onWindows && "there are no descriptors to pass",
);

for (const network of ["unix", "unixpacket"] as const) {
  both(`${network}: descriptors are sent with bytes, both ways`, function* () {
    const [client, server] = yield* pair(network);
    using a = yield* listenPacket("udp", "127.0.0.1:0");
    using b = yield* listenPacket("udp", "127.0.0.1:0");
    const buf = new Uint8Array(100);
    for (const [from, to] of [[client, server], [server, client]]) {
      assert.equal(yield* from.writeMsgUnix(Uint8Array.of(1, 2, 3), { fds: [a.fd, b.fd] }), 3);
      const message = (yield* to.readMsgUnix(buf))!;
      assert.equal(message.n, 3);
      assert.deepEqual(buf.subarray(0, 3), Uint8Array.of(1, 2, 3));
      assert.deepEqual(message.fds.map(target), [target(a.fd), target(b.fd)]);
      assert.ok(message.fds.every((fd) => fd !== a.fd && fd !== b.fd && closesOnExec(fd)));
      assert.equal(message.controlTruncated, false);
      message.fds.forEach(closeFd);
    }
    client.close();
    assert.equal(yield* server.readMsgUnix(buf), null);
    server.close();
  });

  both(`${network}: a passed connection continues`, function* () {
    const [client, server] = yield* pair(network);
    const [left, right] = yield* pair("unix");
    yield* client.writeMsgUnix(Uint8Array.of(0), { fds: [right.fd] });
    right.close();
    const message = (yield* server.readMsgUnix(new Uint8Array(1)))!;
    using passed = fileConn(message.fds[0], { own: true });
    assert.equal(passed.fd, message.fds[0]);
    yield* left.write(Uint8Array.of(7));
    const buf = new Uint8Array(1);
    assert.equal(yield* passed.read(buf), 1);
    assert.equal(buf[0], 7);
    for (const conn of [client, server, left]) conn.close();
  });
}

both("unixgram: descriptors are sent with datagrams, even empty ones", function* () {
  using server = yield* listenPacket("unixgram", "");
  using client = yield* listenPacket("unixgram", "");
  yield* client.writeMsgUnix(new Uint8Array(0), { fds: [client.fd], addr: server.localAddr });
  const { n, fds, addr } = yield* server.readMsgUnix(new Uint8Array(9));
  assert.deepEqual([n, fds.map(target), String(addr)], [
    0,
    [target(client.fd)],
    String(client.localAddr),
  ]);
  fds.forEach(closeFd);
  using connected = yield* dial("unixgram", String(server.localAddr));
  yield* connected.writeMsgUnix(Uint8Array.of(5), { fds: [0] });
  const second = yield* server.readMsgUnix(new Uint8Array(9));
  assert.deepEqual([second.n, second.fds.length, String(second.addr)], [1, 1, "@"]);
  second.fds.forEach(closeFd);
});

both("the system's maximum of descriptors is sent at once; one more is rejected", function* () {
  const [client, server] = yield* pair();
  const fds = new Array<number>(253).fill(client.fd);
  yield* client.writeMsgUnix(Uint8Array.of(1), { fds });
  const message = (yield* server.readMsgUnix(new Uint8Array(1)))!;
  assert.equal(message.fds.length, 253);
  assert.equal(message.controlTruncated, false);
  message.fds.forEach(closeFd);
  for (const wrong of [[...fds, 0], [-1], [1.5], [NaN], ["0" as unknown as number]]) {
    assert.throws(() => client.writeMsgUnix(Uint8Array.of(1), { fds: wrong }), RangeError);
  }
  // A stream has nothing that they could go along with.
  assert.throws(() => client.writeMsgUnix(new Uint8Array(0), { fds: [0] }), RangeError);
  const closed = yield* thrown(client.writeMsgUnix(Uint8Array.of(1), { fds: [99999] }));
  assert.ok(closed instanceof OpError && closed.code === "EBADF", String(closed));
  client.close();
  server.close();
});

both("a long write with descriptors arrives whole, with them at its first bytes", function* () {
  const [client, server] = yield* pair();
  const data = new Uint8Array(3 << 20).map((_, i) => i * 7);
  const writing = go(() => client.writeMsgUnix(data, { fds: [client.fd] }));
  const got = new Uint8Array(data.length);
  const first = (yield* server.readMsgUnix(got))!;
  assert.equal(first.fds.length, 1);
  closeFd(first.fds[0]);
  yield* server.readFull(got.subarray(first.n));
  assert.equal(yield* writing.join(), data.length);
  assert.ok(got.every((byte, i) => byte === data[i]), "other bytes came");
  client.close();
  server.close();
});

both("a plain read closes passed descriptors, and loses no later data", function* () {
  const [client, server] = yield* pair();
  const before = openSockets();
  const buf = new Uint8Array(100);
  for (const value of [1, 2, 3]) {
    yield* client.writeMsgUnix(Uint8Array.of(value), { fds: [client.fd, server.fd] });
  }
  // The kernel ends a read behind descriptors, though more has come: it is to be read at once.
  server.setReadDeadline(Date.now() + 5000);
  for (const value of [1, 2, 3]) {
    assert.equal(yield* server.read(buf), 1);
    assert.equal(buf[0], value);
  }
  assert.equal(openSockets(), before);
  client.close();
  server.close();
});

both("descriptors of unread messages are closed with the connection", function* () {
  const before = openSockets();
  const [client, server] = yield* pair();
  using conn = yield* listenPacket("udp", "127.0.0.1:0");
  const address = String(conn.localAddr);
  yield* client.writeMsgUnix(Uint8Array.of(1), { fds: [conn.fd] });
  conn.close();
  // The message has it still.
  assert.ok((yield* thrown(listenPacket("udp", address))) instanceof OpError);
  server.close();
  client.close();
  using again = yield* listenPacket("udp", address);
  assert.equal(String(again.localAddr), address);
  assert.equal(openSockets(), before + 1);
});

both("a read that was ended takes no descriptors", function* () {
  const [client, server] = yield* pair();
  const controller = new AbortController();
  const reading = go(() => thrown(server.readMsgUnix(new Uint8Array(1), controller.signal)));
  yield* until(() => reading.status === "waiting");
  controller.abort();
  yield* reading.join();
  yield* client.writeMsgUnix(Uint8Array.of(1), { fds: [0] });
  const message = (yield* server.readMsgUnix(new Uint8Array(1)))!;
  assert.equal(message.fds.length, 1);
  closeFd(message.fds[0]);
  client.close();
  server.close();
});

for (const driver of ["run", "runSync"]) {
  test(`without a free descriptor, passed ones are reported as truncated, and closed (${driver})`, async () => {
    const fixture = "tests/fixtures/fds_fixture.ts";
    await using child = start("sh", [
      "-c",
      `ulimit -n 64; exec ${
        isDeno ? process.execPath + " run -A --no-check" : process.execPath
      } ${fixture} ${driver}`,
    ]);
    assert.deepEqual(await child.exit, { code: 0, signal: null }, child.stderr.text);
    assert.equal(child.stdout.text, "cut off true, given 0, left 0, next 1\n");
  });
}
