// SPDX-License-Identifier: MIT
/**
 * How a TLS connection ends: in order, cut off, half-closed, under a writer; and what a silent
 * client costs.
 */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type Conn,
  copy,
  dial,
  go,
  type OpError,
  pipe,
  readAll,
  type Routine,
  run,
  select,
  sleep,
  tlsClient,
  type TLSConn,
  tlsDial as dialTLS,
  tlsListen as listenTLS,
  tlsServer,
  toDuplex,
  toWebStreams,
  UnexpectedEOFError,
  wait,
} from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import { live } from "../../src/tls/openssl/live.ts";
import { scheduler } from "../../src/sched/thread.ts";
import { parked, portOf, thrown, until } from "../support/harness.ts";
import {
  engine,
  noOpenSSL,
  openSSLTest,
  tlsDial,
  tlsListen,
  tlsTest,
} from "../support/tls_engines.ts";
import { SERVER, tlsPair } from "../support/tls_pair.ts";

/** Whether the host's engine writes after the peer's close_notify. */
const HALF_CLOSES = platform().runtime.tlsHalfCloses;

/** More than the buffers between the two ends of a connection hold. */
const MORE_THAN_FITS = 16 << 20;

const text = (s: string) => new TextEncoder().encode(s);

/** Ways to wait for data, each until its error. */
const WAYS: Record<string, (conn: Conn) => Routine<unknown>> = {
  read: (conn) => thrown(conn.read(new Uint8Array(8))),
  readFull: (conn) => thrown(conn.readFull(new Uint8Array(8))),
  *readable(conn) {
    yield* conn.readable();
    return yield* thrown(conn.read(new Uint8Array(8)));
  },
  *onReadable(conn) {
    yield* select(conn.onReadable());
    return yield* thrown(conn.read(new Uint8Array(8)));
  },
  *chunks(conn) {
    using chunks = conn.chunks();
    return yield* thrown(chunks.next());
  },
  copy: (conn) =>
    thrown(copy({
      *write(p) {
        return p.length;
      },
    }, conn)),
  readAll: (conn) => thrown(readAll(conn)),
};

/** Those that need the host's loop. */
const HOST_WAYS: typeof WAYS = {
  *toDuplex(conn) {
    const stream = toDuplex(conn);
    const failed = new Promise((resolve) => stream.once("error", resolve));
    stream.resume();
    return yield* wait(failed);
  },
  *toWebStreams(conn) {
    const reading = toWebStreams(conn).readable.getReader().read();
    return yield* wait(reading.then(() => null, (error) => error));
  },
};

tlsTest("an end without close_notify is an error of every waiting call", function* () {
  const ways = { ...WAYS, ...(scheduler.blocking ? {} : HOST_WAYS) };
  for (const [name, way] of Object.entries(ways)) {
    for (const early of [true, false]) {
      const [a, b] = yield* tlsPair();
      if (early) {
        a.conn.close();
        yield* sleep(5);
      }
      const waiting = go(() => way(b));
      if (!early) {
        yield* until(() => waiting.status === "waiting");
        a.conn.close();
      }
      const error = yield* waiting.join();
      assert.ok(error instanceof UnexpectedEOFError, `${name}: ${error}`);
      a[Symbol.dispose]();
      b[Symbol.dispose]();
    }
  }
});

tlsTest("data written after the peer's close_notify arrives, or is an error", function* () {
  for (const reads of [0, 1, 2]) {
    const [a, b] = yield* tlsPair();
    yield* a.write(text("request"));
    a.closeWrite();
    const serving = go(function* () {
      yield* sleep(20);
      const buf = new Uint8Array(100);
      for (let i = 0; i < reads; i++) yield* b.read(buf);
      let written = 0;
      try {
        for (let i = 0; i < 3; i++) written += yield* b.write(new Uint8Array(1000));
      } catch (error) {
        assert.equal((error as OpError).code, "EPIPE");
      }
      b.close();
      return written;
    });
    const { length } = yield* readAll(a);
    assert.equal(length, yield* serving.join(), `after ${reads} reads`);
    if (engine() === "openssl") assert.equal(length, 3000);
    a.close();
  }
});

tlsTest(
  "close() after a response sends close_notify, whether the client has half-closed or not",
  function* () {
    for (let round = 0; round < 20; round++) {
      const [a, b] = yield* tlsPair();
      yield* a.write(text("request"));
      // Bun's engine writes nothing to a client that has half-closed.
      const halfCloses = round % 2 === 0 && (engine() === "openssl" || HALF_CLOSES);
      if (halfCloses) a.closeWrite();
      const reading = go(() => readAll(a));
      yield* b.readFull(new Uint8Array(7));
      yield* b.write(new Uint8Array(3000));
      b.close();
      // The end of the stream is no UnexpectedEOFError.
      assert.equal((yield* reading.join()).length, 3000);
      a.close();
    }
  },
);

tlsTest(
  "close() sends close_notify to a client that has sent its own, at any moment",
  function* () {
    for (let round = 0; round < 40; round++) {
      const [a, b] = yield* tlsPair();
      if (round % 2 === 0) a.closeWrite();
      const reading = go(() => readAll(a));
      if (round % 4 > 1) yield* sleep(round % 3);
      b.close();
      yield* reading.join();
      a.close();
    }
  },
);

tlsTest("writes to a vanished peer fail eventually", function* () {
  const [a, b] = yield* tlsPair();
  b.close();
  assert.equal(yield* a.read(new Uint8Array(1)), null);
  yield* until(() => b.conn.fd === -1);
  const failing = thrown((function* () {
    // For as long as the other end lingers.
    for (;;) {
      yield* a.write(new Uint8Array(10_000));
      yield* sleep(1);
    }
  })());
  assert.match(((yield* failing) as OpError).code, /^(EPIPE|ECONNRESET)$/);
  a[Symbol.dispose]();
});

openSSLTest(
  "a silent client allocates no engine, and neither does one that stops early",
  function* () {
    const before = live.connections;
    using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
    const clients: Conn[] = [];
    const servers: TLSConn[] = [];
    for (let i = 0; i < 50; i++) {
      const client = yield* dial("tcp", String(listener.addr));
      if (i % 2 === 0) yield* client.write(Uint8Array.of(22, 3, 1, 2, 0, 1, 0));
      clients.push(client);
      servers.push(yield* listener.accept());
    }
    yield* sleep(20);
    assert.equal(live.connections, before);
    const dialling = go(() => tlsDial("tcp", String(listener.addr), { ca: SERVER.cert }));
    using other = yield* listener.accept();
    yield* other.handshake();
    using _ = yield* dialling.join();
    for (const each of [...clients, ...servers]) each.abort();
  },
);

openSSLTest("close() sends everything written before, however slow the peer is", function* () {
  const [a, b] = yield* tlsPair();
  let written = 0;
  a.setWriteDeadline(Date.now() + 100);
  try {
    for (;;) written += yield* a.write(new Uint8Array(60_000));
  } catch (error) {
    written += (error as OpError).bytesWritten!;
  }
  a.close();
  yield* sleep(50);
  assert.equal((yield* readAll(b)).length, written);
  b.close();
});

const CLOSE = "the grace of a run bounds the close of a connection whose peer does not read";
test(CLOSE, { skip: noOpenSSL }, async () => {
  const engine = "openssl";
  let port = 0;
  let over = false;
  const serving = run(function* () {
    using listener = yield* listenTLS("tcp", "127.0.0.1:0", { ...SERVER, engine });
    port = portOf(listener);
    using server = yield* listener.accept();
    yield* server.handshake();
    yield* until(() => over);
  });
  let began = 0;
  await run(function* () {
    yield* until(() => port > 0);
    const client = yield* dialTLS("tcp", `127.0.0.1:${port}`, { ca: SERVER.cert, engine });
    const writing = go(() => thrown(client.write(new Uint8Array(MORE_THAN_FITS))));
    yield* parked(writing, "IO wait");
    began = performance.now();
  }, { grace: 20 });
  // Without that bound, the socket lingers for 30 seconds.
  assert.ok(performance.now() - began < 20_000);
  over = true;
  await serving;
});

tlsTest("abort() of one end over a pipe ends the other", function* () {
  const [a, b] = pipe();
  const server = tlsServer(b, { ...SERVER, engine: engine() });
  const client = tlsClient(a, { ca: SERVER.cert, servername: "localhost", engine: engine() });
  yield* client.handshake();
  yield* server.handshake();
  const reading = go(() => thrown(server.read(new Uint8Array(8))));
  yield* parked(reading);
  client.abort();
  const error = yield* reading.join();
  assert.ok(error instanceof Error, String(error));
  server.close();
});
