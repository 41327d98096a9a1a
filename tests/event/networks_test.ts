// SPDX-License-Identifier: MIT
/** Unix sockets and datagrams beside TCP, and all of them at once. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Conn, dial, go, type OpError, type Routine, sleep } from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { withPacketCalls } from "../fixtures/syscalls_fixture.ts";
import { both, onWindows, thrown, until } from "../support/harness.ts";
import { bytes, pattern, readAll, readText, serving, text } from "../support/serving.ts";

/** Asks over a Unix socket that is named in "unix://..." . */
function connectUnix(address: string): Routine<Conn> {
  return dial("unix", address);
}

both("a Unix socket at a path, whose file is gone afterwards", function* () {
  const folder = mkdtempSync(join(tmpdir(), "netpoll-"));
  const path = join(folder, "socket");
  const closed: unknown[] = [];
  yield* serving({
    opened: (conn) => bytes(`${conn.localAddr.network} ${conn.remoteAddr}.`),
    data: (_conn, input) => input,
    closed: (_conn, error) => void closed.push(error),
  }, function* ({ server }) {
    assert.equal(String(server.addrs[0]), path);
    assert.ok(existsSync(path));
    using client = yield* connectUnix(path);
    assert.equal(yield* readText(client, 7), "unix @.");
    const great = pattern(1 << 20);
    const back = new Uint8Array(great.length);
    const writing = go(function* () {
      yield* client.write(great);
      client.closeWrite();
    });
    yield* client.readFull(back);
    assert.deepEqual(back, great);
    yield* writing.join();
    assert.equal(yield* readAll(client), "");
    yield* until(() => closed.length === 1);
  }, `unix://${path}`);
  assert.deepEqual(closed, [null]);
  assert.ok(!existsSync(path));
  rmSync(folder, { recursive: true });
}, onWindows && "there are no Unix sockets on Windows yet");

both("an abstract name is dialed by the server itself, and detached", function* () {
  const name = `@netpoll-event-${Math.random()}`;
  const seen: string[] = [];
  yield* serving({
    opened: (conn) => conn.addrIndex === -1 ? bytes("hello") : undefined,
    data(conn, input) {
      if (conn.addrIndex !== -1) return { out: input, action: "detach" };
      seen.push(text(input));
      return undefined;
    },
    detached(_conn, stream) {
      go(function* () {
        using _ = stream;
        yield* stream.write(bytes(` from a ${stream.localAddr.network} goroutine`));
      });
    },
  }, function* ({ server }) {
    const conn = yield* server.dial(`unix://${name}`);
    assert.equal(String(conn.remoteAddr), name);
    yield* until(() => seen.join("").endsWith("goroutine"));
    assert.equal(seen.join(""), "hello from a unix goroutine");
  }, `unix://${name}`);
}, onWindows && "there are no Unix sockets on Windows yet");

both("each datagram is answered to its sender", function* () {
  const seen: string[] = [];
  yield* serving({
    opened: () => void seen.push("opened"),
    closed: () => void seen.push("closed"),
    data(conn, input) {
      const word = text(conn.next(3));
      assert.equal(conn.buffered, input.length - word.length);
      conn.write(bytes(`${word} ${input.length} ${conn.addrIndex} ${conn.remoteAddr}`));
      if (word === "two") return { out: bytes("and more"), action: "close" };
      return word === "out" ? conn.peek()! : undefined;
    },
  }, function* ({ server }) {
    const address = String(server.addrs[0]);
    assert.equal(server.addrs[0].network, "udp");
    using a = yield* dial("udp", address);
    using b = yield* dial("udp", address);
    const buf = new Uint8Array(65536);
    for (
      const [client, said, expected] of [
        [a, "one", `one 3 0 ${a.localAddr}`],
        [b, "two", `two 3 0 ${b.localAddr}`],
        [b, "", "and more"],
        [a, "out of here", `out 11 0 ${a.localAddr}`],
        [a, "", " of here"],
      ] as const
    ) {
      if (said !== "") yield* client.write(bytes(said));
      assert.equal(text(buf.subarray(0, yield* client.read(buf))), expected);
    }
    assert.equal(server.connections, 0);
  }, "udp://127.0.0.1:0");
  assert.deepEqual(seen, []);
});

both("a datagram may be empty, or as long as can be", function* () {
  const lengths: number[] = [];
  yield* serving({
    data(_conn, input) {
      lengths.push(input.length);
      return input;
    },
  }, function* ({ server }) {
    using client = yield* dial("udp", String(server.addrs[0]));
    const buf = new Uint8Array(65536);
    for (const length of [0, 1, 65507]) {
      yield* client.write(new Uint8Array(length));
      yield* until(() => lengths.includes(length));
      if (length > 0) assert.equal(yield* client.read(buf), length);
      else yield* client.readable();
      if (length === 0) yield* client.read(buf);
    }
  }, "udp://127.0.0.1:0");
  assert.deepEqual(lengths, [0, 1, 65507]);
});

both("a datagram that cannot be sent is an error of the handler", function* () {
  const told: unknown[] = [];
  yield* serving({
    data: (_conn, input) => text(input) === "long" ? new Uint8Array(70_000) : input,
    onError: (error) => void told.push((error as OpError).code),
  }, function* ({ server }) {
    using client = yield* dial("udp", String(server.addrs[0]));
    yield* client.write(bytes("long"));
    yield* until(() => told.length === 1);
    yield* client.write(bytes("x"));
    assert.equal(yield* client.read(new Uint8Array(9)), 1);
  }, "udp://127.0.0.1:0");
  assert.deepEqual(told, ["EMSGSIZE"]);
});

both("a datagram may end the server, and pauseAccept leaves them to the kernel", function* () {
  let seen = 0;
  yield* serving({
    data(_conn, input) {
      seen++;
      return text(input) === "stop" ? "shutdown" : input;
    },
  }, function* ({ server, goroutine }) {
    using client = yield* dial("udp", String(server.addrs[0]));
    server.pauseAccept();
    yield* client.write(bytes("x"));
    yield* sleep(5);
    assert.equal(seen, 0);
    server.resumeAccept();
    assert.equal(yield* client.read(new Uint8Array(9)), 1);
    yield* client.write(bytes("stop"));
    yield* goroutine.join();
  }, "udp://127.0.0.1:0");
});

both("all networks at once, each with its index", function* () {
  const name = `@netpoll-event-${Math.random()}`;
  yield* serving(
    {
      data: (conn) => bytes(`${conn.addrIndex}`),
    },
    function* ({ server }) {
      const [tcp, udp, , tcp6] = server.addrs.map(String);
      using a = yield* dial("tcp", tcp);
      using b = yield* dial("udp", udp);
      using c = yield* connectUnix(name);
      using d = yield* dial("tcp6", tcp6);
      const buf = new Uint8Array(9);
      for (const [i, client] of [a, b, c, d].entries()) {
        yield* client.write(bytes("?"));
        const n = yield* client.read(buf);
        assert.equal(text(buf.subarray(0, n!)), `${i}`);
      }
      assert.match(String(yield* thrown(server.dial(`udp://${udp}`))), /unknown network udp/);
    },
    "tcp://127.0.0.1:0",
    "udp://127.0.0.1:0",
    `unix://${name}`,
    "tcp6://[::1]:0",
  );
}, onWindows && "there are no Unix sockets on Windows yet");

both("two UDP sockets share a port when both ask for it", function* () {
  let seen = 0;
  yield* serving({ data: () => void seen++ }, function* ({ server }) {
    const same = `udp://${server.addrs[0]}`;
    yield* serving({ data: () => void seen++ }, function* () {
      using client = yield* dial("udp", String(server.addrs[0]));
      yield* client.write(bytes("x"));
      yield* until(() => seen === 1);
    }, `${same}?reuseport=true`);
    assert.equal(
      ((yield* thrown(serving({}, function* () {}, same))) as OpError).code,
      "EADDRINUSE",
    );
  }, "udp://127.0.0.1:0?reuseport=true");
}, onWindows && "Windows has no SO_REUSEPORT");

both("an error on every receive does not spin, and is reported once", function* () {
  const { receiveFrom } = platform().packets;
  const errors: unknown[] = [];
  const inputs: string[] = [];
  let calls = 0;
  let broken = true;
  yield* withPacketCalls({
    receiveFrom: (...args: unknown[]) => {
      calls++;
      if (broken) return -platform().errno.ENOMEM;
      return receiveFrom.apply(platform().packets, args as Parameters<typeof receiveFrom>);
    },
  }, () =>
    serving({
      onError: (error) => void errors.push(error),
      data: (_conn, input) => void inputs.push(text(input)),
    }, function* ({ server }) {
      using client = yield* dial("udp", String(server.addrs[0]));
      yield* client.write(bytes("hello"));
      yield* until(() => errors.length > 0);
      const before = calls;
      yield* sleep(50);
      assert.ok(calls - before <= 64, `${calls - before} calls`);
      broken = false;
      yield* until(() => inputs.length === 1);
      assert.deepEqual([inputs, errors.length], [["hello"], 1]);
      assert.equal((errors[0] as OpError).code, "ENOMEM");
    }, "udp://127.0.0.1:0"));
});
