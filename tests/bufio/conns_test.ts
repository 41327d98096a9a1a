// SPDX-License-Identifier: MIT
// cspell:ignore héllo
/** Buffered reading of every kind of connection: ends, deadlines, contexts, and the hand-over. */
import assert from "node:assert/strict";
import {
  background,
  BufferedReader,
  BufferedWriter,
  CanceledError,
  cancellable,
  ClosedError,
  type Conn,
  copy,
  DeadlineExceededError,
  go,
  OpError,
  otherwise,
  PanicError,
  pipe,
  readAll,
  type Routine,
  select,
  splice,
  UnexpectedEOFError,
  withCancel,
} from "../../mod.ts";
import { both, only, onWine, pair, parked, thrown, wineGap } from "../support/harness.ts";
import { tlsPair } from "../support/tls_pair.ts";
import { KINDS, Pieces, str, utf8 } from "./sources.ts";

/** A test over each kind of connection; TLS needs the host's loop, so under `run` alone. */
function each(name: string, body: (a: Conn, b: Conn) => Routine<void>): void {
  const over = (pairOf: () => Routine<[Conn, Conn]>) =>
    function* () {
      const [a, b] = yield* pairOf();
      using _a = a;
      using _b = b;
      yield* body(a, b);
    };
  for (const [kind, pairOf] of KINDS) {
    both(`${name}: ${kind}`, over(pairOf), kind === "unix" && wineGap("AF_UNIX"));
  }
  only("run", `${name}: tls`, over(() => tlsPair()), onWine && "slow under Wine");
}

each("lines are sent both ways, and the rest is returned at the end", function* (client, server) {
  const serving = go(function* serve() {
    const reader = new BufferedReader(server);
    const out = new BufferedWriter(server);
    let last = "";
    for (let line; (line = yield* reader.line()) !== null; last = line) {
      if (line !== "rest") yield* out.write(`<${line}>\n`);
    }
    return last;
  });
  const writing = go(function* write() {
    yield* client.write("héllo\r\nwor");
    yield* client.write("ld\n");
  });
  const answers = new BufferedReader(client);
  assert.equal(yield* answers.line(), "<héllo>");
  assert.equal(yield* answers.line(), "<world>");
  yield* writing.join();
  yield* client.write("rest");
  client.closeWrite();
  assert.equal(yield* serving.join(), "rest");
});

each("a deadline in the middle of a line loses no bytes", function* (client, server) {
  const reader = new BufferedReader(server);
  const writing = go(() => client.write("begun"));
  assert.equal(str(yield* reader.peek(5)), "begun");
  yield* writing.join();
  server.setReadDeadline(Date.now() + 5);
  const error = yield* thrown(reader.line());
  assert.ok(error instanceof OpError && error.cause instanceof DeadlineExceededError);
  assert.equal(reader.buffered, 5);
  server.setReadDeadline(null);
  go(() => client.write(" and done\n"));
  assert.equal(yield* reader.line(), "begun and done");
});

each(
  "a context, a signal or a timeout in the middle of a line loses no bytes",
  function* (client, server) {
    const reader = new BufferedReader(server);
    const [ctx, cancel] = withCancel(background());
    const controller = new AbortController();
    const calls: [call: () => Routine<unknown>, end: (() => void) | null][] = [
      [() => reader.line(ctx), cancel],
      [() => reader.line({ context: ctx }), null],
      [() => reader.bytes(100, controller.signal), () => controller.abort("enough")],
      [() => reader.until("\r\n", { timeout: 5 }), null],
      [() => reader.peek(100, { deadline: Date.now() + 5 }), null],
      [() => reader.peek(100, { timeout: 60_000, signal: controller.signal }), null],
    ];
    for (const [call, end] of calls) {
      const waiting = go(() => thrown(call()));
      go(() => client.write("x"));
      if (end !== null) yield* parked(waiting);
      end?.();
      const error = yield* waiting.join();
      assert.ok(error instanceof OpError, String(error));
      assert.equal(error.op, "read");
      const { cause } = error;
      assert.ok(cause instanceof CanceledError || cause instanceof DeadlineExceededError);
    }
    go(() => client.write("\n"));
    assert.equal(yield* reader.line(), "x".repeat(calls.length));
  },
);

each("a goroutine ended in the middle of a call loses no bytes", function* (client, server) {
  const reader = new BufferedReader(server);
  const [ctx, cancel] = withCancel(background());
  const waiting = go(() => thrown(cancellable(reader.line(), ctx)));
  yield* parked(waiting);
  yield* client.write("one ");
  yield* parked(waiting);
  cancel();
  assert.ok((yield* waiting.join()) instanceof CanceledError);
  go(() => client.write("line\n"));
  assert.equal(yield* reader.line(), "one line");
});

each(
  "the end of the stream within counted bytes keeps the received ones",
  function* (client, server) {
    go(function* write() {
      yield* client.write("abc");
      client.closeWrite();
    });
    const reader = new BufferedReader(server);
    const error = yield* thrown(reader.bytes(4));
    assert.ok(error instanceof UnexpectedEOFError);
    assert.equal(error.bytesRead, 3);
    assert.equal(str(reader.detach()), "abc");
  },
);

each("a closed connection ends the call", function* (_client, server) {
  const reader = new BufferedReader(server);
  const waiting = go(() => thrown(reader.line()));
  yield* parked(waiting);
  server.close();
  const error = (yield* waiting.join()) as Error;
  assert.ok(error instanceof ClosedError || error.cause instanceof ClosedError, String(error));
});

each(
  "detachConn returns a connection that first reads the unread bytes",
  function* (client, server) {
    const writing = go(() => client.write("HEAD\nbody"));
    const reader = new BufferedReader(server);
    assert.equal(yield* reader.line(), "HEAD");
    assert.equal(reader.buffered, 4);
    const conn = reader.detachConn();
    const ready = yield* select(conn.onReadable(), otherwise);
    assert.equal(ready.index, 0);
    yield* conn.readable();
    const first = new Uint8Array(2);
    assert.equal(yield* conn.read(first), 2);
    assert.equal(str(first), "bo");
    assert.equal(yield* conn.readFull(first), 2);
    assert.equal(str(first), "dy");
    go(function* write() {
      yield* client.write(" goes on");
      client.closeWrite();
    });
    using chunks = conn.chunks();
    let rest = "";
    for (let chunk; (chunk = yield* chunks.next()) !== null;) rest += str(chunk);
    assert.equal(rest, " goes on");
    yield* writing.join();
    assert.equal(conn.localAddr, server.localAddr);
  },
);

both("detachConn returns the connection itself if no bytes are unread", function* () {
  const [client, server] = yield* pair();
  using _client = client;
  using _server = server;
  assert.equal(new BufferedReader(server).detachConn(), server);
});

both("splice and copy transfer unread bytes before those in the kernel", function* () {
  for (const move of [splice, (from: Conn, to: Conn) => copy(to, from)]) {
    const [client, server] = yield* pair();
    const [to, from] = yield* pair();
    using _1 = client;
    using _2 = server;
    using _3 = to;
    using _4 = from;
    yield* client.write("line\nread ahead, ");
    const reader = new BufferedReader(server);
    yield* reader.line();
    yield* client.write("and not");
    client.closeWrite();
    yield* move(reader.detachConn(), to);
    to.closeWrite();
    assert.equal(str(yield* readAll(from)), "read ahead, and not");
  }
});

both("methods of a detached connection act on the source", function* () {
  const [client, server] = yield* pair();
  using _ = client;
  yield* client.write("line\nrest");
  const reader = new BufferedReader(server);
  yield* reader.line();
  const conn = reader.detachConn();
  assert.equal(conn.fd, server.fd);
  assert.throws(() => conn.detach(), PanicError);
  conn.setNoDelay(true);
  conn.setKeepAlive(false);
  conn.setLinger(null);
  conn.setReadBuffer(4096);
  conn.setWriteBuffer(4096);
  conn.setDeadline(Date.now() + 60_000);
  conn.setWriteDeadline(null);
  conn.setReadDeadline(0);
  const p = new Uint8Array(4);
  yield* conn.readFull(p);
  assert.equal(str(p), "rest");
  assert.ok(((yield* thrown(conn.read(p))) as OpError).cause instanceof DeadlineExceededError);
  assert.equal(yield* conn.writev([utf8("a"), utf8("b")]), 2);
  assert.equal(yield* conn.write("c"), 1);
  assert.equal((yield* select(conn.onWritable())).index, 0);
  conn.closeWrite();
  assert.equal(str(yield* readAll(client)), "abc");
  conn.close();
  assert.equal(server.fd, -1);
  assert.ok(((yield* thrown(conn.read(p))) as OpError).cause instanceof ClosedError);
});

both("reads of unread bytes observe the context and the close", function* () {
  const [client, server] = pipe();
  const writing = go(() => client.write("line\nrest"));
  const reader = new BufferedReader(server);
  yield* reader.line();
  yield* writing.join();
  const conn = reader.detachConn();
  const [ctx, cancel] = withCancel(background());
  cancel();
  const error = yield* thrown(conn.read(new Uint8Array(4), ctx));
  assert.ok((error as OpError).cause instanceof CanceledError);
  conn.closeRead();
  assert.equal(yield* conn.read(new Uint8Array(4)), null);
  conn.close();
  assert.ok((yield* thrown(conn.read(new Uint8Array(4)))) instanceof ClosedError);
});

both("bytes sent before a protocol change are detected", function* () {
  const [client, server] = pipe();
  go(() => client.write("STARTTLS\r\nEHLO injected\r\n"));
  const reader = new BufferedReader(server);
  assert.equal(yield* reader.line(), "STARTTLS");
  assert.equal(reader.buffered, 15);
});

both("a detached reader cannot read", function* () {
  const reader = new BufferedReader(new Pieces("one\ntwo"));
  yield* reader.line();
  assert.equal(str(reader.detach()), "two");
  assert.equal(reader.buffered, 0);
  assert.ok((yield* thrown(reader.line())) instanceof PanicError);
  assert.throws(() => reader.detach(), PanicError);
  const plain = new BufferedReader(new Pieces());
  assert.throws(() => (plain as unknown as BufferedReader<Conn>).detachConn(), TypeError);
});

both("readable waits without a buffer, and returns at once for buffered bytes", function* () {
  const [client, server] = yield* pair();
  using _client = client;
  using _server = server;
  const reader = new BufferedReader(server);
  const waiting = go(() => reader.readable());
  yield* parked(waiting);
  yield* client.write("a\nb");
  yield* waiting.join();
  assert.equal(reader.buffered, 0);
  assert.equal(yield* reader.line(), "a");
  yield* reader.readable();
  const bare = new BufferedReader(new Pieces("x"));
  yield* bare.readable();
  assert.equal(bare.buffered, 1);
});
