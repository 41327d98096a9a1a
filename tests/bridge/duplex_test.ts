// SPDX-License-Identifier: MIT
/** Connections as streams of node:stream, and the host's own clients and servers over them. */
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { type Duplex, PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import tls from "node:tls";
import { WebSocket, WebSocketServer } from "ws";
import {
  type Conn,
  dial,
  fromDuplex,
  go,
  gosched,
  listen,
  OpError,
  readAll,
  type Routine,
  run,
  sleep,
  toDuplex,
  toWebStreams,
  wait,
} from "../../mod.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { only, option, pair, thrown, until, wineGap } from "../support/harness.ts";
import { assertPattern, pattern } from "../support/pattern.ts";
import { startProgram } from "../support/child.ts";
import { SERVER } from "../support/tls_pair.ts";

const LARGE = 8 << 20;
const text = (s: string) => new TextEncoder().encode(s);

/** All that comes out of `stream`. */
async function collect(stream: Readable): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

/** The first "error" of `stream`, and then its "close". */
function* fate(stream: Duplex): Routine<Error & { code?: string }> {
  const failed = once(stream, "error");
  const closed = new Promise((resolve) => stream.once("close", resolve));
  const [error] = yield* wait(failed);
  yield* wait(closed);
  return error;
}

only("run", "a stream carries the connection's data in both directions", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a);
  const want = pattern(LARGE);
  const all = collect(stream);
  const echoed = go(function* () {
    const got = yield* readAll(b);
    yield* b.write(got);
    b.close();
  });
  yield* wait(new Promise<void>((resolve) => stream.end(want, resolve)));
  yield* echoed.join();
  assertPattern(yield* wait(all), LARGE);
  if (!stream.closed) yield* wait(once(stream, "close"));
  assert.equal(a.fd, -1, "a stream that is over at both ends has closed its connection");
});

only("run", "corked writes arrive in order", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a);
  let sent = 0;
  stream.cork();
  for (let i = 0; i < 500; i++) {
    const length = i % 97;
    stream.write(Uint8Array.from({ length }, (_, at) => (sent + at) % 251));
    sent += length;
  }
  stream.uncork();
  stream.end();
  assertPattern(yield* readAll(b), sent);
  b.close();
  stream.resume();
  if (!stream.closed) yield* wait(once(stream, "close"));
});

only("run", "no data is read before it is requested", function* () {
  const [a, b] = yield* pair();
  toDuplex(a);
  const writer = go(() => thrown(b.write(new Uint8Array(64 << 20))));
  yield* until(() => writer.status === "waiting");
  a.abort();
  yield* writer.join();
  b.close();
});

only("run", "a paused reader stops the peer", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a);
  let got = 0;
  stream.on("data", (part: Uint8Array) => {
    got += part.length;
    stream.pause();
  });
  let sent = 0;
  const writer = go(function* () {
    for (const piece = new Uint8Array(64 * 1024);;) sent += yield* b.write(piece);
  });
  for (let last = -1; last !== sent;) {
    last = sent;
    yield* sleep(100);
  }
  assert.equal(writer.status, "waiting");
  assert.ok(got <= 64 * 1024, `${got} bytes were handed out`);
  assert.ok(sent - got < 16 << 20, `${sent} bytes were taken`);
  stream.destroy();
  assert.ok((yield* thrown(writer.join())) instanceof OpError);
  b.close();
});

only("run", "a peer that does not read stops the writer", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a);
  const room = stream.writableHighWaterMark;
  let written = 0;
  const piece = new Uint8Array(64 * 1024);
  const fill = () => {
    while (stream.write(piece, () => written += piece.length));
  };
  stream.on("drain", fill);
  fill();
  for (let last = -1; last !== written;) {
    last = written;
    yield* sleep(100);
  }
  assert.ok(written < 16 << 20, `${written} bytes went out`);
  assert.ok(stream.writableLength <= room + piece.length);
  stream.on("error", () => {});
  stream.destroy();
  b.abort();
});

only("run", "each side may end before the other", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a);
  stream.end(text("question"));
  assert.equal(new TextDecoder().decode(yield* readAll(b)), "question");
  yield* b.write(text("answer"));
  b.close();
  assert.equal(String(yield* wait(collect(stream))), "answer");

  const [c, d] = yield* pair();
  const other = toDuplex(c, { allowHalfOpen: true });
  d.closeWrite();
  other.resume();
  yield* wait(once(other, "end"));
  assert.equal(other.writable, true);
  other.end(text("late"));
  assert.equal(new TextDecoder().decode(yield* readAll(d)), "late");
  d.close();
  if (!other.closed) yield* wait(once(other, "close"));
});

only("run", "the peer's end ends, finishes and closes the stream, as with node:net", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a);
  const told: string[] = [];
  for (const event of ["end", "finish", "close"]) stream.on(event, () => told.push(event));
  stream.resume();
  b.closeWrite();
  assert.equal(yield* b.read(new Uint8Array(1)), null);
  if (!stream.closed) yield* wait(once(stream, "close"));
  assert.deepEqual(told, ["end", "finish", "close"]);
  assert.equal(a.fd, -1);
  b.close();
});

/** Sends a body under TLS and ends; the stream above is as much as node:tls makes of it. */
function* tlsBody(length: number): Routine<{ server: tls.Server; port: number }> {
  const server = tls.createServer(SERVER, (socket) => {
    socket.on("error", () => {});
    socket.end(pattern(length));
  });
  server.listen(0, "127.0.0.1");
  yield* wait(once(server, "listening"));
  return { server, port: (server.address() as net.AddressInfo).port };
}

only("run", "node:tls over a stream loses no data of a paused reader", function* () {
  const { server, port } = yield* tlsBody(3_000_000);
  const below = toDuplex(yield* dial("tcp", `127.0.0.1:${port}`));
  const socket = tls.connect({ socket: below, ca: SERVER.cert, servername: "localhost" });
  const parts: Uint8Array[] = [];
  let length = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on("data", (part: Uint8Array) => {
    parts.push(part);
    socket.pause();
    setTimeout(() => socket.resume(), 1);
    if ((length += part.length) === 3_000_000) resolve();
  });
  socket.on("close", resolve);
  yield* wait(promise);
  assertPattern(Buffer.concat(parts), 3_000_000);
  socket.destroy();
  below.destroy();
  server.close();
  yield* wait(once(server, "close"));
});

only("run", "a node:tls socket as a connection is read to its end", function* () {
  const { server, port } = yield* tlsBody(3_000_000);
  const socket = tls.connect({ port, host: "127.0.0.1", ca: SERVER.cert, servername: "localhost" });
  const conn = fromDuplex(socket);
  assertPattern(yield* readAll(conn), 3_000_000);
  conn.close();
  if (!socket.closed) yield* wait(once(socket, "close"));
  server.close();
  yield* wait(once(server, "close"));
});

/** The readable half of a connection's web streams; the other is closed behind it. */
function webReadable(conn: Conn): Readable {
  const { readable, writable } = toWebStreams(conn);
  return Readable.from(readable).once("end", () => void writable.close());
}

test("a stream created by go() in a host callback outlives that goroutine", async () => {
  const server = net.createServer((socket) => {
    socket.on("error", () => {});
    setTimeout(() => socket.end("hello"), 30);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  for (const make of [toDuplex, webReadable]) {
    const stream = await new Promise<Readable>((resolve) => {
      go(function* () {
        resolve(make(yield* dial("tcp", `127.0.0.1:${port}`)));
      });
    });
    assert.equal(String(await collect(stream)), "hello");
    stream.destroy();
  }
  server.close();
  await once(server, "close");
});

only("run", "a reset is reported with its code, and closes the stream", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a);
  stream.resume();
  const failing = go(() => fate(stream));
  yield* gosched();
  b.abort();
  const error = yield* failing.join();
  assert.ok(error instanceof OpError);
  assert.equal(error.code, "ECONNRESET");
  assert.equal(a.fd, -1);
});

only("run", "destroy closes the connection, and its error is not that of a read", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a);
  stream.on("error", assert.fail);
  stream.resume();
  yield* sleep(5);
  stream.destroy();
  assert.equal(yield* b.read(new Uint8Array(1)), null);
  assert.equal(a.fd, -1);
  b.close();
});

only("run", "closing the connection under a stream is an error of the stream", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a);
  stream.resume();
  const failing = go(() => fate(stream));
  yield* sleep(5);
  a.close();
  assert.equal((yield* failing.join()).code, "ERR_SOCKET_CLOSED");
  b.close();
});

test("a stream fails once its run has ended", async () => {
  let stream: Duplex | null = null;
  const fated = await run(function* () {
    const [a, b] = yield* pair();
    void b;
    stream = toDuplex(a);
    stream.resume();
    const failed = once(stream, "error");
    yield* sleep(5);
    return { failed };
  });
  const [error] = await fated.failed;
  assert.equal(error.code, "ERR_SOCKET_CLOSED");
  assert.equal(stream!.destroyed, true);
});

test("a stream of a handed-over connection continues without a run", async () => {
  const ends: Conn[] = [];
  const [stream, other] = await run(function* () {
    const [a, b] = yield* pair();
    ends.push(a, b);
    return [a, b] as const;
  }).then(([a, b]) => [toDuplex(a), toDuplex(b)]);
  const all = collect(other);
  stream.end(pattern(1_000_000));
  assertPattern(await all, 1_000_000);
  other.end();
  stream.resume();
  await Promise.all([stream, other].map((each) => each.closed || once(each, "close")));
  assert.deepEqual(ends.map(({ fd }) => fd), [-1, -1]);
});

only("run", "the stream behaves like a net.Socket", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a) as unknown as net.Socket;
  assert.equal(stream.remoteAddress, "127.0.0.1");
  assert.equal(stream.remoteFamily, "IPv4");
  assert.equal(`${stream.localAddress}:${stream.localPort}`, String(a.localAddr));
  const { localAddress: address, localPort: port } = stream;
  assert.deepEqual(stream.address(), { address, port, family: "IPv4" });
  assert.deepEqual([stream.connecting, stream.pending, stream.readyState], [false, false, "open"]);
  assert.equal(stream.setNoDelay(true).setKeepAlive(true, 5000).ref().unref().ref(), stream);
  const connected = once(stream, "connect");
  stream.connect(1, "elsewhere", () => {});
  yield* wait(connected);
  stream.write("four");
  assert.equal(stream.bytesWritten, 4);
  yield* b.write(text("seven77"));
  stream.resume();
  yield* until(() => stream.bytesRead === 7);
  stream.destroySoon();
  yield* wait(once(stream, "close"));
  assert.deepEqual([stream.pending, stream.readyState, stream.address()], [true, "closed", {}]);
  b.close();
});

only("run", "setTimeout works as on a net.Socket", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a) as unknown as net.Socket;
  const idle = once(stream, "timeout");
  stream.setTimeout(30);
  assert.equal(stream.timeout, 30);
  yield* wait(idle);
  const listener = () => {};
  for (let i = 0; i < 15; i++) stream.setTimeout(1000, listener).setTimeout(0, listener);
  assert.equal(stream.listenerCount("timeout"), 0);
  assert.throws(() => stream.setTimeout(-1), RangeError);
  assert.throws(() => stream.setTimeout("5" as unknown as number), TypeError);
  stream.destroy();
  b.close();
});

only(
  "run",
  "its timeout fires while a write is stalled, which Bun's own socket does not do",
  function* () {
    const [a, b] = yield* pair();
    const stream = toDuplex(a) as unknown as net.Socket;
    stream.on("error", () => {}).write(new Uint8Array(64 << 20));
    const stalled = once(stream, "timeout");
    stream.setTimeout(100);
    yield* wait(stalled);
    assert.ok(stream.writableLength > 0);
    stream.destroy();
    b.abort();
  },
);

only("run", "setters accept the arguments of node:net, even after destroy", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a) as unknown as net.Socket;
  const idle = () => option(a, "TCP_KEEPIDLE");
  stream.setKeepAlive(true, 5_000);
  const before = idle();
  for (const delay of ["1000", 1e9, 2 ** 31, Infinity, -1, NaN, 0]) {
    assert.equal(stream.setKeepAlive(true, delay as number), stream, String(delay));
  }
  assert.deepEqual([before, idle()], [5, 15], "out of range, the time is that of dial");
  stream.destroy();
  assert.equal(stream.setNoDelay().setKeepAlive(true, 1).setTimeout(5).ref().unref(), stream);
  assert.throws(() => stream.connect(1), /closed/);
  b.close();
});

only("run", "resetAndDestroy resets", function* () {
  const [a, b] = yield* pair();
  const stream = toDuplex(a) as unknown as net.Socket;
  stream.on("error", assert.fail);
  stream.resetAndDestroy();
  assert.equal(((yield* thrown(readAll(b))) as OpError).code, "ECONNRESET");
  b.close();
}, wineGap("a reset before the first receive"));

test("a stream outside a run reads in one run, which ends with the stream", async () => {
  const echo = net.createServer((socket) => socket.pipe(socket));
  echo.listen(0, "127.0.0.1");
  await once(echo, "listening");
  const { port } = echo.address() as net.AddressInfo;
  const stream = toDuplex(await run(() => dial("tcp", `127.0.0.1:${port}`)));
  const runs = new Set<unknown>();
  for (let i = 0; i < 3; i++) {
    stream.write("x");
    await new Promise<void>((resolve) =>
      stream.once("data", () => {
        assert.equal(scheduler.runs.size, 1);
        for (const run of scheduler.runs) runs.add(run);
        resolve();
      })
    );
  }
  assert.equal(runs.size, 1);
  stream.destroy();
  echo.close();
  while (scheduler.runs.size > 0) await new Promise((resolve) => setTimeout(resolve, 1));
});

test("an unreferenced stream does not keep the process alive, and still works", async () => {
  await using program = startProgram("tests/fixtures/unref_fixture.ts");
  assert.deepEqual(await program.exit, { code: 0, signal: null }, program.stderr.text);
  assert.equal(program.stdout.text, "hello while unreferenced\nended\n");
});

/** A server of ours that hands every connection to `serve` as a stream. */
function* streaming(serve: (stream: Duplex) => void): Routine<string> {
  const listener = yield* listen("tcp", "127.0.0.1:0");
  go(function* accepting() {
    for (;;) serve(toDuplex(yield* listener.accept()));
  });
  return String(listener.addr);
}

only("run", "node:http works as client and server over our connections", function* () {
  const server = http.createServer((request, response) => {
    request.pipe(response.writeHead(200, { "x-path": request.url! }));
  });
  const address = yield* streaming((stream) => server.emit("connection", stream));
  for (const length of [0, 10, 1_000_000]) {
    const conn = yield* dial("tcp", address);
    const request = http.request(`http://${address}/some/path`, {
      method: "POST",
      createConnection: () => toDuplex(conn),
    });
    const answered = once(request, "response");
    request.end(pattern(length));
    const [response] = yield* wait(answered);
    assert.equal(response.statusCode, 200);
    assert.equal(response.headers["x-path"], "/some/path");
    assertPattern(yield* wait(collect(response)), length);
    request.destroy();
  }
});

only("run", "ws works as client and server over our connections", function* () {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on("connection", (socket) => {
    socket.on("message", (message, binary) => socket.send(message, { binary }));
  });
  const server = http.createServer();
  server.on("upgrade", (request, stream, head) => {
    sockets.handleUpgrade(request, stream, head, (socket) => {
      sockets.emit("connection", socket, request);
    });
  });
  const address = yield* streaming((stream) => server.emit("connection", stream));
  const conn = yield* dial("tcp", address);
  const socket = new WebSocket(`ws://${address}/`, {
    createConnection: () => toDuplex(conn) as net.Socket,
  });
  yield* wait(once(socket, "open"));
  for (const length of [1, 126, 70_000, 3_000_000]) {
    const echoed = once(socket, "message");
    socket.send(pattern(length));
    const [message] = yield* wait(echoed);
    assertPattern(message, length);
  }
  const closed = once(socket, "close");
  socket.close(1000, "bye");
  const [code] = yield* wait(closed);
  assert.equal(code, 1000);
});

only("run", "a node:net socket works as a connection", function* () {
  const address = yield* streaming((stream) => void pipeline(stream, stream).catch(() => {}));
  const port = Number(address.split(":")[1]);
  const socket = net.connect(port, "127.0.0.1");
  yield* wait(once(socket, "connect"));
  const conn = fromDuplex(socket);
  assert.equal(String(conn.remoteAddr), address);
  const want = pattern(LARGE);
  const reader = go(() => readAll(conn));
  assert.equal(yield* conn.write(want), LARGE);
  conn.closeWrite();
  assertPattern(yield* reader.join(), LARGE);
  conn.close();
  if (!socket.closed) yield* wait(once(socket, "close"));
});

only("run", "close() of a connection over a stream loses nothing", function* () {
  for (let round = 0; round < 5; round++) {
    const [a, b] = yield* pair();
    const conn = fromDuplex(toDuplex(a));
    const reader = go(() => readAll(b));
    yield* conn.write(pattern(3_000_000));
    conn.close();
    assertPattern(yield* reader.join(), 3_000_000);
    b.close();
  }
});

only("run", "a stream failure is the error of the connection's calls", function* () {
  const stream = new PassThrough();
  const conn = fromDuplex(stream);
  const reader = go(() => thrown(conn.read(new Uint8Array(1))));
  yield* until(() => reader.status === "waiting");
  stream.destroy(Object.assign(new Error("worn out"), { code: "EWORN" }));
  const error = (yield* reader.join()) as OpError;
  assert.equal(error.code, "EWORN");
  assert.equal(error.message, "read duplex duplex->duplex: worn out");
  assert.equal(((yield* thrown(conn.write(new Uint8Array(1)))) as OpError).code, "EWORN");
  conn.close();
});

only("run", "a stream that is not a byte stream is rejected", function* () {
  assert.throws(() => fromDuplex(new PassThrough({ objectMode: true })), TypeError);
  const encoded = new PassThrough();
  encoded.setEncoding("utf8");
  assert.throws(() => fromDuplex(encoded), TypeError);
});
