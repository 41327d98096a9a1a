// SPDX-License-Identifier: MIT
/** UDP in an event server: datagrams received and answered several at a time. */
import assert from "node:assert/strict";
import { dial, listenPacket, type OpError, type Routine, sleep, type UDPConn } from "../../mod.ts";
import type { EventConn } from "../../event.ts";
import { platform } from "../../platforms/platform.ts";
import { kernelForm } from "../../src/net/socket/peer_cache.ts";
import { sends } from "../fixtures/batch_sends_fixture.ts";
import { withPacketCalls } from "../fixtures/syscalls_fixture.ts";
import { both, errnoOf, until } from "../support/harness.ts";
import { serving } from "../support/serving.ts";

const UDP = "udp://127.0.0.1:0";
/** Why a test is skipped where the system sends each datagram by a call of its own. */
const single = platform().packets.sendsMany !== true && "datagrams are sent at once here";
const many = platform().packets.receivesMany === true;

/** Sends datagrams 0 up to `count` to a server that does not receive, and lets it. */
function* ask(client: UDPConn, count: number, resume: () => void): Routine<void> {
  for (let i = 0; i < count; i++) yield* client.write(new Uint8Array(8).fill(i));
  resume();
}

/** Reads `count` datagrams. Returns their first bytes. */
function* answers(client: UDPConn, count: number): Routine<number[]> {
  client.setReadDeadline(Date.now() + 10_000);
  const buf = new Uint8Array(70_000);
  const all: number[] = [];
  for (let i = 0; i < count; i++) {
    yield* client.read(buf);
    all.push(buf[0]);
  }
  return all;
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

both("what waits is received together, and the answers of a turn are sent together", function* () {
  const { packets } = platform();
  const { receiveFrom } = Object.getPrototypeOf(packets) as typeof packets;
  let receives = 0;
  const calls = yield* sends(() =>
    withPacketCalls({
      receiveFrom: (...args) => {
        const n = receiveFrom.apply(packets, args as Parameters<typeof receiveFrom>);
        if (n >= 0) receives++;
        return n;
      },
    }, () =>
      serving({ data: (_conn, input) => input }, function* ({ server }) {
        using client = yield* dial("udp", String(server.addrs[0]));
        server.pauseAccept();
        yield* ask(client, 30, () => server.resumeAccept());
        assert.deepEqual(yield* answers(client, 30), range(0, 30));
      }, UDP))
  );
  if (many) assert.ok(receives <= 8, `${receives} datagrams by a call of their own`);
  if (!single) assert.ok(calls.length <= 8, `${calls.length} calls to send`);
});

both("without coalesce each answer is sent by a call of its own", function* () {
  const calls = yield* sends(() =>
    serving({ coalesce: false, data: (_conn, input) => input }, function* ({ server }) {
      using client = yield* dial("udp", String(server.addrs[0]));
      server.pauseAccept();
      yield* ask(client, 10, () => server.resumeAccept());
      assert.deepEqual(yield* answers(client, 10), range(0, 10));
    }, UDP)
  );
  assert.equal(calls.length, 0);
});

both("answers are copied at the call, and keep their order, whatever their length", function* () {
  const lengths = [0, 8, 2048, 2049, 1, 9000];
  const reply = new Uint8Array(10_000);
  yield* serving({
    data(conn, input) {
      reply.fill(input[0]);
      conn.write(reply.subarray(0, lengths[input[0]]));
      reply.fill(255);
    },
  }, function* ({ server }) {
    using client = yield* dial("udp", String(server.addrs[0]));
    server.pauseAccept();
    yield* ask(client, lengths.length, () => server.resumeAccept());
    client.setReadDeadline(Date.now() + 10_000);
    const buf = new Uint8Array(65536);
    for (const [i, length] of lengths.entries()) {
      const { n } = yield* client.readFrom(buf);
      assert.deepEqual(buf.slice(0, n), new Uint8Array(length).fill(i));
    }
  }, UDP);
});

both("written is called when a datagram has been sent, or with its error", function* () {
  const told: string[] = [];
  const errors: unknown[] = [];
  yield* sends(() =>
    serving({
      data(conn, input) {
        const i = input[0];
        const written = (error: Error | null) =>
          void told.push(`${i} ${(error as OpError | null)?.code ?? "sent"}`);
        if (i < 4) conn.write(input, written);
        else conn.write(input);
        told.push(`${i} written`);
      },
      onError: (error, conn) => void errors.push([(error as OpError).code, conn]),
    }, function* ({ server }) {
      using client = yield* dial("udp", String(server.addrs[0]));
      server.pauseAccept();
      yield* ask(client, 6, () => server.resumeAccept());
      assert.deepEqual(yield* answers(client, 4), [0, 2, 3, 5]);
      yield* until(() => errors.length === 1);
    }, UDP), (_call, count) => {
    // Datagrams 1 and 4 fail: twice each, and alone if the turn had no other.
    const next = 6 - count;
    return next === 1 || next === 4 ? -errnoOf("EPERM") : next === 0 ? 1 : next === 2 ? 2 : null;
  });
  assert.deepEqual(told.filter((line) => !line.endsWith("written")), [
    "0 sent",
    "1 EPERM",
    "2 sent",
    "3 sent",
  ]);
  assert.deepEqual(errors, [["EPERM", null]]);
}, single);

both("what there is no room for waits, and goes out once there is some", function* () {
  let room = false;
  let fd = -1;
  const told: string[] = [];
  yield* sends(() =>
    serving({
      data(conn, input) {
        fd = conn.fd;
        conn.write(input, (error) => void told.push(error === null ? "sent" : "lost"));
      },
    }, function* ({ server }) {
      using client = yield* dial("udp", String(server.addrs[0]));
      server.pauseAccept();
      yield* ask(client, 5, () => server.resumeAccept());
      yield* sleep(5);
      assert.deepEqual(told, []);
      room = true;
      // Events of the socket: a datagram has left it, and one has come.
      using other = yield* listenPacket("udp4", "127.0.0.1:0");
      platform().packets.sendTo(fd, new Uint8Array(1), 1, kernelForm(other.localAddr, "ip4"));
      yield* client.write(new Uint8Array(8).fill(5));
      assert.deepEqual(yield* answers(client, 6), range(0, 6));
    }, UDP), () => room ? null : -errnoOf("EAGAIN"));
  assert.deepEqual(told, new Array(6).fill("sent"));
}, single);

both("a socket without room drops what it cannot keep, and says so", function* () {
  let kept = 0;
  const told: string[] = [];
  const conns: EventConn[] = [];
  yield* sends(() =>
    serving({
      data(conn, input) {
        conns.push(conn);
        for (let i = 0; i < 70; i++) {
          if (conn.write(input, (error) => void told.push(String(error?.name)))) kept++;
        }
      },
    }, function* ({ server }) {
      using client = yield* dial("udp", String(server.addrs[0]));
      yield* client.write(new Uint8Array(8));
      yield* until(() => told.length >= 6);
      assert.deepEqual([kept, told], [64, new Array(6).fill("Error")]);
    }, UDP), () => -errnoOf("EAGAIN"));
  // The server is closed by now.
  assert.deepEqual(told.slice(6), new Array(64).fill("ClosedError"));
}, single);

both("a shutdown sends the answers of its turn", function* () {
  yield* serving({
    data(conn, input) {
      conn.write(input);
      return input[0] === 3 ? "shutdown" : "none";
    },
  }, function* ({ server, goroutine }) {
    using client = yield* dial("udp", String(server.addrs[0]));
    server.pauseAccept();
    yield* ask(client, 4, () => server.resumeAccept());
    yield* goroutine.join();
    assert.deepEqual(yield* answers(client, 4), range(0, 4));
  }, UDP);
});

both(
  "a write during which its server shuts down is dropped, and its callback called",
  function* () {
    const results: boolean[] = [];
    const told: string[] = [];
    let shutdown = () => {};
    yield* serving({
      preWrite() {
        if (results.length === 64) shutdown();
      },
      data(conn, input) {
        for (let i = 0; i < 66; i++) {
          results.push(conn.write(input, (error) => void told.push(error?.name ?? "sent")));
        }
      },
    }, function* ({ server }) {
      shutdown = () => void server.shutdown();
      using client = yield* dial("udp", String(server.addrs[0]));
      yield* client.write(new Uint8Array(8));
      yield* until(() => results.length === 66 && told.length === 66);
    }, UDP);
    assert.equal(results.filter((sent) => sent).length, 64);
  },
  single,
);
