// SPDX-License-Identifier: MIT
// cspell:ignore autoflush cdefg cdefgh
/** Collected writes: when they go out, what waits, and what an error leaves. Go: bufio_test.go. */
import assert from "node:assert/strict";
import {
  background,
  BufferedReader,
  BufferedWriter,
  CanceledError,
  cancellable,
  ClosedError,
  copy,
  DeadlineExceededError,
  Delimited,
  go,
  gosched,
  InterruptedWriteError,
  OpError,
  pipe,
  readAll,
  type Routine,
  run,
  scope,
  ShortWriteError,
  sleep,
  withCancel,
  type Writer,
} from "../../mod.ts";
import { test } from "node:test";
import { both, pair, parked, thrown, until, wineGap } from "../support/harness.ts";
import { assertPattern, pattern, readPattern } from "../support/pattern.ts";
import { KINDS, Pieces, str, utf8 } from "./sources.ts";

/** A writer that keeps what it is given, call by call. */
class Collector implements Writer {
  readonly writes: string[] = [];

  *write(p: Uint8Array): Routine<number> {
    this.writes.push(str(p)!);
    yield* gosched();
    return p.length;
  }
}

/** As {@linkcode Collector}, with `writev`. */
class VectorCollector extends Collector {
  *writev(pieces: readonly Uint8Array[]): Routine<number> {
    this.writes.push(pieces.map(str).join("|"));
    yield* gosched();
    return pieces.reduce((sum, { length }) => sum + length, 0);
  }
}

both("writes of one turn are sent together when the goroutine parks", function* () {
  const to = new Collector();
  const out = new BufferedWriter(to);
  assert.equal(yield* out.write("a"), 1);
  assert.equal(yield* out.write(utf8("b")), 1);
  assert.equal(yield* out.write("é"), 2);
  assert.equal(out.buffered, 4);
  assert.deepEqual(to.writes, []);
  yield* gosched();
  assert.deepEqual(to.writes, ["abé"]);
  yield* until(() => out.buffered === 0);
  yield* out.write("c");
  yield* gosched();
  assert.deepEqual(to.writes, ["abé", "c"]);
});

both("with autoFlush false, writes wait for flush or a full buffer", function* () {
  const to = new Collector();
  const out = new BufferedWriter(to, { autoFlush: false, size: 8 });
  yield* out.write("12345");
  yield* gosched();
  assert.deepEqual(to.writes, []);
  assert.equal(out.available, 3);
  yield* out.write("678");
  assert.deepEqual(to.writes, []);
  yield* out.write("9");
  assert.deepEqual(to.writes, ["12345678"]);
  yield* out.flush();
  yield* out.flush();
  assert.deepEqual(to.writes, ["12345678", "9"]);
});

both("a write larger than the buffer is sent at once, after its contents", function* () {
  for (const to of [new Collector(), new VectorCollector()]) {
    const out = new BufferedWriter(to, { autoFlush: false, size: 4 });
    yield* out.write("ab");
    assert.equal(yield* out.write("cdefg"), 5);
    assert.equal(yield* out.write("éé€"), 7);
    assert.equal(out.buffered, 0);
    const vector = to instanceof VectorCollector;
    assert.deepEqual(to.writes, vector ? ["ab|cdefg", "éé€"] : ["ab", "cdefg", "éé€"]);
  }
});

both("writev is one write, within the buffer and beyond it", function* () {
  const to = new VectorCollector();
  const out = new BufferedWriter(to, { autoFlush: false, size: 4 });
  assert.equal(yield* out.writev(["a", utf8("b")]), 2);
  assert.equal(yield* out.writev(["cd", "e"]), 3);
  assert.deepEqual(to.writes, ["ab"]);
  assert.equal(yield* out.writev(["fgh", "ijk"]), 6);
  assert.deepEqual(to.writes, ["ab", "cde|fgh|ijk"]);
  assert.equal(yield* out.writev([]), 0);
});

both("the caller's memory can be reused at once", function* () {
  const to = new Collector();
  const out = new BufferedWriter(to);
  const p = utf8("ab");
  yield* out.write(p);
  p.fill(0);
  yield* out.flush();
  assert.deepEqual(to.writes, ["ab"]);
});

both("unpaired surrogates are replaced, as by TextEncoder", function* () {
  const to = new Collector();
  const out = new BufferedWriter(to);
  assert.equal(yield* out.write("a\ud83d"), 4);
  assert.equal(yield* out.write("\ude00b"), 4);
  assert.equal(yield* out.write("😀"), 4);
  assert.equal(yield* out.write(""), 0);
  yield* out.flush();
  assert.deepEqual(to.writes, ["a\ufffd\ufffdb😀"]);
});

both("a slow peer makes the writer wait, and memory stays bounded", function* () {
  const [client, server] = yield* pair();
  using _client = client;
  using _server = server;
  const out = new BufferedWriter(client, { size: 1000 });
  const bytes = pattern(251 * 64);
  let written = 0;
  const writing = go(function* write() {
    for (let i = 0; i < 2000; i++) {
      written += yield* out.write(bytes);
      assert.ok(out.buffered <= 1000);
    }
    yield* out.close();
    client.closeWrite();
  });
  yield* parked(writing, "IO wait");
  const before = written;
  assert.ok(before < 2000 * bytes.length);
  assert.equal(yield* readPattern(server, 64 * 1024), 2000 * bytes.length);
  yield* writing.join();
});

both("a write during a flush is sent after it", function* () {
  const [client, server] = pipe();
  const out = new BufferedWriter(client);
  yield* out.write("one ");
  const flushing = go(() => out.flush());
  yield* parked(flushing);
  yield* out.write("two ");
  yield* out.write("three\n");
  const reader = new BufferedReader(server);
  assert.equal(yield* reader.line(), "one two three");
  yield* flushing.join();
});

both("a deadline loses nothing: the next flush continues", function* () {
  const [client, server] = yield* pair();
  using _client = client;
  using _server = server;
  const out = new BufferedWriter(client, { size: 8 << 20, autoFlush: false });
  const length = 7 << 20;
  yield* out.write(pattern(length));
  client.setWriteDeadline(Date.now() + 20);
  const error = yield* thrown(out.flush());
  assert.ok(error instanceof OpError && error.cause instanceof DeadlineExceededError);
  assert.equal(out.error, null);
  assert.ok(out.buffered > 0 && out.buffered < length);
  client.setWriteDeadline(null);
  const reading = go(() => readPattern(server, 1 << 20));
  yield* out.close();
  client.closeWrite();
  assert.equal(yield* reading.join(), length);
});

both("a write cancelled half-way reports how much was sent", function* () {
  const [client, server] = pipe();
  const out = new BufferedWriter(client, { size: 4, autoFlush: false });
  yield* out.write("ab");
  const [ctx, cancel] = withCancel(background());
  const writing = go(() => thrown(out.write("cdefgh", ctx)));
  yield* parked(writing);
  const p = new Uint8Array(5);
  yield* server.readFull(p);
  cancel();
  const error = yield* writing.join();
  assert.ok(error instanceof OpError && error.cause instanceof CanceledError);
  assert.equal(error.bytesWritten, 3);
  assert.equal(out.buffered, 0);
  go(() => out.write("fgh!!"));
  yield* server.readFull(p);
  assert.equal(str(p), "fgh!!");
});

both("a write cancelled while queued is not accepted", function* () {
  const [client, server] = pipe();
  const out = new BufferedWriter(client, { size: 4, autoFlush: false });
  yield* out.write("abcd");
  const [ctx, cancel] = withCancel(background());
  const writing = go(() => thrown(out.write("xy", ctx)));
  yield* parked(writing);
  yield* server.readFull(new Uint8Array(2));
  cancel();
  assert.equal(((yield* writing.join()) as OpError).bytesWritten, 0);
  assert.equal(out.buffered, 2);
  const flushing = go(() => out.flush(ctx));
  assert.ok((yield* thrown(flushing.join())) instanceof Error);
  const rest = go(() => out.flush());
  const p = new Uint8Array(2);
  yield* server.readFull(p);
  assert.equal(str(p), "cd");
  yield* rest.join();
});

both("other errors are sticky, and every call throws them", function* () {
  const failure = new Error("broken");
  const out = new BufferedWriter({
    // deno-lint-ignore require-yield
    *write(): Routine<number> {
      throw failure;
    },
  });
  yield* out.write("lost");
  yield* gosched();
  assert.equal(out.error, failure);
  const calls = [
    () => out.write("x"),
    () => out.writev(["x"]),
    () => out.flush(),
    () => out.close(),
  ];
  for (const call of calls) {
    assert.equal(yield* thrown(call() as Routine<unknown>), failure);
  }
  assert.equal(out.buffered, 0);
});

both("closing the connection under the buffer is a sticky error", function* () {
  const [client, server] = yield* pair();
  using _ = server;
  const out = new BufferedWriter(client);
  yield* out.write("too late");
  client.close();
  const error = yield* thrown(out.flush());
  assert.ok(error instanceof OpError && error.cause instanceof ClosedError);
});

both("a destination that accepts too few bytes is an error", function* () {
  for (const n of [0, 1, 3]) {
    const out = new BufferedWriter({
      *write() {
        return n;
      },
    });
    yield* out.write("ab");
    assert.ok((yield* thrown(out.flush())) instanceof ShortWriteError, String(n));
    assert.ok(out.error instanceof ShortWriteError);
  }
});

both("close flushes, ends the writer, and keeps the connection open", function* () {
  const [client, server] = yield* pair();
  using _ = server;
  const out = new BufferedWriter(client);
  yield* out.write("bye");
  yield* out.close();
  yield* out.close();
  assert.ok((yield* thrown(out.write("x"))) instanceof ClosedError);
  assert.ok((yield* thrown(out.writev(["x"]))) instanceof ClosedError);
  yield* out.flush();
  yield* client.write("!");
  client.close();
  assert.equal(str(yield* readAll(server)), "bye!");
});

test("a run that ends during a flush breaks a writer whose destination knows no progress", async () => {
  const out = new BufferedWriter({
    *write(p: Uint8Array): Routine<number> {
      yield* sleep(60_000);
      return p.length;
    },
  });
  await run(function* () {
    yield* out.write("abc");
    yield* gosched();
  });
  assert.ok(out.error instanceof InterruptedWriteError);
  await run(function* () {
    assert.ok((yield* thrown(out.flush())) instanceof InterruptedWriteError);
  });
});

test("a run that ends during a flush to a connection keeps the rest", async () => {
  const [client, server] = pipe();
  const out = new BufferedWriter(client);
  await run(function* () {
    yield* out.write("abc");
    yield* server.readFull(new Uint8Array(1));
  });
  assert.equal(out.error, null);
  assert.equal(out.buffered, 2);
  await run(function* () {
    const flushing = go(() => out.flush());
    const p = new Uint8Array(2);
    yield* server.readFull(p);
    assert.equal(str(p), "bc");
    yield* flushing.join();
  });
});

test("a run that ends before the flush keeps the bytes for a later one", async () => {
  const to = new Collector();
  const out = new BufferedWriter(to);
  await run(function* () {
    yield* out.write("kept");
  });
  assert.equal(out.buffered, 4);
  await run(function* () {
    yield* out.write("!");
    yield* gosched();
  });
  assert.deepEqual(to.writes, ["kept!"]);
});

both("writes smaller and larger than the buffer stay in order", function* () {
  const [client, server] = yield* pair();
  using _client = client;
  using _server = server;
  const out = new BufferedWriter(client, { size: 300 });
  const all = pattern(100_000);
  const reading = go(() => readAll(server));
  for (let at = 0, n = 1; at < all.length; n = n * 7 % 1009) {
    at += yield* out.write(all.subarray(at, at + n));
  }
  yield* out.flush();
  client.closeWrite();
  assertPattern(yield* reading.join(), all.length);
});

both("invalid arguments are rejected by name", function* () {
  const to = new Collector();
  const bad = (value: unknown) => value as never;
  assert.throws(() => new BufferedWriter(bad({})), /destination must be a Writer/);
  assert.throws(() => new BufferedWriter(to, { size: -1 }), RangeError);
  assert.throws(() => new BufferedWriter(to, { autoFlush: bad(0) }), /autoFlush/);
  assert.throws(() => new BufferedWriter(to, bad({ autoflush: true })), /no option autoflush/);
  const out = new BufferedWriter(to);
  assert.throws(() => out.write(bad(3)), /a Uint8Array or a string/);
  assert.ok((yield* thrown(out.writev(bad([null])))) instanceof TypeError);
  yield* out.flush();
  assert.deepEqual(to.writes, []);
});

for (const [kind, connected] of KINDS) {
  both(`cancellable of flush keeps what was not sent, in order: ${kind}`, function* () {
    const [client, server] = yield* connected();
    using _client = client;
    using _server = server;
    const all = pattern(4 << 20);
    const out = new BufferedWriter(client, { size: all.length, autoFlush: false });
    yield* out.write(all);
    const [ctx, cancel] = withCancel(background());
    const flushing = go(() => cancellable(out.flush(), ctx));
    const failing = go(() => thrown(flushing.join()));
    yield* parked(flushing, "IO wait");
    cancel();
    const error = (yield* failing.join()) as CanceledError & { bytesWritten: number };
    assert.ok(error instanceof CanceledError);
    assert.equal(error.bytesWritten + out.buffered, all.length);
    const reading = go(() => readAll(server));
    yield* out.flush();
    client.closeWrite();
    assertPattern(yield* reading.join(), all.length);
  }, kind === "unix" && wineGap("AF_UNIX"));
}

/** Writes that wait for the peer, which `cancellable` ends, and what of their data was sent. */
const CANCELED: ReadonlyMap<string, (out: BufferedWriter, data: Uint8Array) => Routine<unknown>> =
  new Map([
    ["write", (out, data) => out.write(data)],
    ["writev", (out, data) => out.writev([data.subarray(0, 9), data.subarray(9)])],
    ["copy", (out, data) => copy(out, new Pieces(data))],
    ["a frame", (out, data) => new Delimited("\n\n", { max: 8 << 20 }).write(out, data)],
  ]);

for (const [kind, write] of CANCELED) {
  both(`cancellable of a write into a full buffer reports its part: ${kind}`, function* () {
    const [client, server] = yield* pair();
    using _client = client;
    using _server = server;
    const out = new BufferedWriter(client, { size: 1000, autoFlush: false });
    yield* out.write(pattern(1000));
    const data = pattern(1000 + (6 << 20)).subarray(1000);
    const [ctx, cancel] = withCancel(background());
    const writing = go(() => cancellable(write(out, data), ctx));
    const failing = go(() => thrown(writing.join()));
    yield* parked(writing, "IO wait");
    cancel();
    const error = (yield* failing.join()) as CanceledError & { bytesWritten: number };
    assert.ok(error instanceof CanceledError);
    assert.ok(error.bytesWritten > 0 && error.bytesWritten < data.length);
    assert.equal(out.buffered, 0);
    const reading = go(() => readAll(server));
    yield* client.write(data.subarray(error.bytesWritten));
    client.closeWrite();
    assertPattern(yield* reading.join(), 1000 + data.length);
  });
}

both("cancellable of a call with a context of its own reports its progress", function* () {
  const [client, server] = yield* pair();
  using _client = client;
  using _server = server;
  const [own] = withCancel(background());
  const until = function* (call: Routine<unknown>) {
    const [ctx, cancel] = withCancel(background());
    const writing = go(() => cancellable(call, ctx));
    const failing = go(() => thrown(writing.join()));
    yield* parked(writing, "IO wait");
    cancel();
    return (yield* failing.join()) as CanceledError & { bytesWritten: number };
  };
  const data = pattern(6 << 20);
  const { bytesWritten } = yield* until(client.write(data, own));
  assert.ok(bytesWritten > 0 && bytesWritten < data.length);
  const out = new BufferedWriter(client, { size: 1 << 20, autoFlush: false });
  yield* out.write(data.subarray(bytesWritten, bytesWritten + (1 << 20)));
  yield* until(out.flush(own));
  assert.equal(out.error, null);
  const reading = go(() => readAll(server));
  yield* out.flush();
  client.closeWrite();
  assertPattern(yield* reading.join(), bytesWritten + (1 << 20));
});

both("a write larger than the buffer that ends with its goroutine is not continued", function* () {
  const [client, server] = yield* pair();
  using _client = client;
  using _server = server;
  const out = new BufferedWriter(client, { size: 1000, autoFlush: false });
  const scoped = scope(function* (s) {
    const writing = s.go(() => out.write(new Uint8Array(6 << 20)));
    yield* parked(writing, "IO wait");
    throw new Error("enough");
  });
  assert.match(String(yield* thrown(scoped)), /enough/);
  assert.ok(out.error instanceof InterruptedWriteError);
  assert.ok((yield* thrown(out.write("hello"))) instanceof InterruptedWriteError);
});
