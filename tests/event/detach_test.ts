// SPDX-License-Identifier: MIT
// cspell:ignore detachand
/** A connection leaves its loop and becomes a goroutine's. */
import assert from "node:assert/strict";
import { type Conn, go, type Routine, sleep } from "../../mod.ts";
import { both, until } from "../support/harness.ts";
import { bytes, pattern, readAll, readText, serving, text } from "../support/serving.ts";

/** Writes `rest`, then echoes, until the peer closes. */
function* echo(stream: Conn, rest: Uint8Array): Routine<void> {
  using _ = stream;
  const buf = new Uint8Array(1000);
  if (rest.length > 0) yield* stream.write(rest);
  for (let n; (n = yield* stream.read(buf)) !== null;) yield* stream.write(buf.subarray(0, n));
}

both(
  "detach passes on the connection and unread input, after pending output",
  function* () {
    const seen: string[] = [];
    yield* serving({
      data(conn) {
        const word = text(conn.next(6));
        return word === "detach" ? { out: bytes("yes: "), action: "detach" } : undefined;
      },
      closed: () => void seen.push("closed"),
      detached(conn, stream, rest) {
        seen.push(`detached ${conn.fd} ${text(rest)}`);
        assert.equal(String(stream.remoteAddr), String(conn.remoteAddr));
        assert.equal(String(stream.localAddr), String(conn.localAddr));
        go(echo, stream, rest);
      },
    }, function* ({ connect, server }) {
      using client = yield* connect();
      yield* client.write(bytes("detachand the rest"));
      assert.equal(yield* readText(client, 5 + 12), "yes: and the rest");
      assert.equal(server.connections, 0);
      server.shutdown();
      yield* client.write(bytes("still served"));
      assert.equal(yield* readText(client, 12), "still served");
      client.closeWrite();
      assert.equal(yield* readAll(client), "");
    });
    assert.deepEqual(seen, ["detached -1 and the rest"]);
  },
);

both("data around a detach is neither lost nor duplicated", function* () {
  yield* serving({
    opened: () => "detach",
    detached: (_conn, stream, rest) => void go(echo, stream, rest),
  }, function* ({ connect }) {
    for (let round = 0; round < 20; round++) {
      using client = yield* connect();
      const sent = pattern(10_000);
      const back = new Uint8Array(sent.length);
      if (round % 2 === 0) yield* sleep(1);
      const writing = go(() => client.write(sent));
      yield* client.readFull(back);
      yield* writing.join();
      assert.deepEqual(back, sent);
    }
  });
});

both("a large reply is sent before the connection leaves", function* () {
  const great = pattern(6 << 20);
  yield* serving({
    opened(conn) {
      conn.write(great);
      conn.detach();
    },
    detached: (conn, stream) => {
      assert.equal(conn.pending, 0);
      stream.close();
    },
  }, function* ({ connect }) {
    using client = yield* connect();
    yield* sleep(5);
    const back = new Uint8Array(great.length);
    yield* client.readFull(back);
    assert.deepEqual(back, great);
    assert.equal(yield* readAll(client), "");
  });
});

both("an error in detached ends only its own connection", function* () {
  const told: unknown[] = [];
  yield* serving({
    data: (_conn, input) => text(input) === "go" ? "detach" : input,
    detached: () => {
      throw new Error("boom");
    },
    onError: (error) => void told.push((error as Error).message),
  }, function* ({ connect }) {
    using bystander = yield* connect();
    using client = yield* connect();
    yield* client.write(bytes("go"));
    assert.equal(yield* readAll(client), "");
    assert.deepEqual(told, ["boom"]);
    yield* bystander.write(bytes("x"));
    assert.equal(yield* readText(bystander, 1), "x");
  });
});

both("detached may answer shutdown", function* () {
  let closed = 0;
  yield* serving({
    data: () => "detach",
    detached(_conn, stream) {
      stream.close();
      return "shutdown";
    },
    closed: () => void closed++,
  }, function* ({ connect, goroutine, server }) {
    using other = yield* connect();
    using client = yield* connect();
    yield* until(() => server.connections === 2);
    yield* client.write(bytes("x"));
    yield* goroutine.join();
    assert.equal(yield* readAll(other), "");
  });
  assert.equal(closed, 1);
});

both("a peer idle for longer than closeTimeout loses nothing of a detach", function* () {
  const great = pattern(8 << 20);
  const ends: string[] = [];
  yield* serving({
    closeTimeout: 20,
    opened(conn) {
      conn.write(great);
      return "detach";
    },
    detached(_conn, stream) {
      ends.push("detached");
      stream.close();
    },
    closed: (_conn, error) => void ends.push(`closed: ${error}`),
  }, function* ({ connect, server }) {
    using client = yield* connect();
    yield* until(() => server.connections === 1);
    yield* sleep(100);
    const back = new Uint8Array(great.length);
    yield* client.readFull(back);
    assert.deepEqual(back, great);
    assert.equal(yield* readAll(client), "");
  });
  assert.deepEqual(ends, ["detached"]);
});

both("the user's idle timeout ends a detach that the peer does not read", function* () {
  const ends: string[] = [];
  yield* serving({
    idleTimeout: 30,
    opened(conn) {
      conn.write(new Uint8Array(8 << 20));
      return "detach";
    },
    detached: (_conn, stream) => stream.close(),
    closed: (_conn, error) => void ends.push(`${error?.name}`),
  }, function* ({ connect }) {
    using _ = yield* connect();
    yield* until(() => ends.length === 1);
  });
  assert.deepEqual(ends, ["IdleTimeoutError"]);
});
