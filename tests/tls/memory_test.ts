// SPDX-License-Identifier: MIT
/** OpenSSL's objects have one owner each, and end with it, whatever ends it. */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { go, type Routine, run, sleep, type TLSConn } from "../../mod.ts";
import { live } from "../../src/tls/openssl/live.ts";
import { noOpenSSL, openSSLTest, tlsDial, tlsListen } from "../support/tls_engines.ts";
import { SERVER, tlsPair } from "../support/tls_pair.ts";

const skip = noOpenSSL;

/** Fewer in `npm test`; NETPOLL_TLS_DEATHS=100000 for the long run. */
const CONNECTIONS = Number(globalThis.process?.env?.NETPOLL_TLS_DEATHS ?? 300);

/** A sequence of numbers below `n` that is the same each time. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return Math.floor(state / 4294967296 * n);
  };
}

/** Ends a connection in one of the ways in which it can end. */
function die(conn: TLSConn, way: number): void {
  if (way === 0) conn.close();
  else if (way === 1) conn.abort();
  else if (way === 2) conn.conn[Symbol.dispose]();
  else if (way === 3) conn.closeWrite();
  else if (way === 4) conn.closeRead();
  conn[Symbol.dispose]();
}

/** Reads and writes a little, and dies. */
function* serve(conn: TLSConn, roll: (n: number) => number): Routine<void> {
  const [pieces, way, pause] = [roll(4), roll(6), roll(3)];
  try {
    if (pause > 0) yield* sleep(pause);
    const buf = new Uint8Array(2000);
    for (let i = 0; i < pieces && (yield* conn.read(buf)) !== null; i++) yield* conn.write(buf);
  } catch {
    // The other end died first.
  }
  die(conn, way);
}

/** Connects, writes a little, and dies. */
function* call(address: string, roll: (n: number) => number): Routine<void> {
  const [pieces, way, cut] = [roll(4), roll(6), roll(8)];
  try {
    const options = { ca: SERVER.cert, ...(cut === 0 ? { timeout: 1 + roll(8) } : {}) };
    const conn = yield* tlsDial("tcp", address, options);
    try {
      for (let k = 0; k < pieces; k++) yield* conn.write(new Uint8Array(3000));
    } finally {
      die(conn, way);
    }
  } catch {
    // The other end died first, or there was no time.
  }
}

openSSLTest("connections that die at random points leak no OpenSSL object", function* () {
  const before = { ...live };
  const roll = dice(7);
  const listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, handshakeTimeout: 2000 });
  go(function* () {
    try {
      for (;;) go(serve, (yield* listener.accept()) as TLSConn, roll);
    } catch {
      // The listener is closed.
    }
  });
  for (let i = 0; i < CONNECTIONS; i += 20) {
    const some = Array.from({ length: 20 }, () => go(call, String(listener.addr), roll));
    for (const each of some) yield* each.join();
  }
  listener.close();
  // Handshakes under way have two seconds.
  const left = () => live.connections > before.connections || live.contexts > before.contexts + 1;
  for (let i = 0; i < 4000 && left(); i++) yield* sleep(1);
  assert.equal(live.connections, before.connections, "SSL objects");
  // The client's context is kept for the next dial.
  const contexts = live.contexts - before.contexts;
  assert.ok(contexts <= 1, `${contexts} more contexts`);
});

test(
  "connections left open by a run end with it, even during the handshake",
  { skip },
  async () => {
    const before = { ...live };
    await run(function* () {
      const listener = yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, engine: "openssl" });
      for (let i = 0; i < 5; i++) {
        const dialling = go(() =>
          tlsDial("tcp", String(listener.addr), { ca: SERVER.cert, engine: "openssl" })
        );
        const server = yield* listener.accept();
        if (i > 2) continue;
        yield* server.handshake();
        yield* dialling.join();
      }
    });
    assert.equal(live.connections, before.connections);
  },
);

test("a listener closed by the end of its run frees its contexts", { skip }, async () => {
  const before = live.contexts;
  await run(function* () {
    yield* tlsListen("tcp", "127.0.0.1:0", { ...SERVER, engine: "openssl" });
  });
  assert.equal(live.contexts, before);
});

openSSLTest("a listener may be closed during handshakes of its connections", function* () {
  const before = live.contexts;
  const listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  const dialling = go(() => tlsDial("tcp", String(listener.addr), { ca: SERVER.cert }));
  using server = yield* listener.accept();
  listener.close();
  yield* server.handshake();
  using _client = yield* dialling.join();
  assert.ok(live.contexts <= before + 1);
});

openSSLTest("a failure of one connection does not affect another", function* () {
  const [a, b] = yield* tlsPair();
  const [c, d] = yield* tlsPair();
  // A record that is not of this connection.
  yield* a.conn.write(Uint8Array.of(23, 3, 3, 0, 32, ...new Uint8Array(32)));
  let code = "";
  try {
    yield* b.read(new Uint8Array(1));
  } catch (error) {
    code = (error as { code: string }).code;
  }
  assert.match(code, /^ERR_SSL_/);
  const again = yield* (function* () {
    try {
      return yield* b.read(new Uint8Array(1));
    } catch (error) {
      return (error as { code: string }).code;
    }
  })();
  assert.equal(again, code, "the second call says what the first one did");
  const buf = new Uint8Array(5);
  yield* c.write(new TextEncoder().encode("hello"));
  assert.equal(yield* d.read(buf), 5);
  for (const end of [a, b, c, d]) end.abort();
});
