// SPDX-License-Identifier: MIT
/** What follows a server's handshake: its tickets, and data that arrives with the client's end. */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { type Conn, copy, dial, go, listen, type Routine } from "../../mod.ts";
import type { OpenSSLConn } from "../../src/tls/openssl/conn.ts";
import { FDTransport } from "../../src/tls/openssl/fd_transport.ts";
import { until } from "../support/harness.ts";
import { openSSLTest, tlsDial, tlsListen } from "../support/tls_engines.ts";
import { SERVER, tlsPair } from "../support/tls_pair.ts";

const HELLO = new TextEncoder().encode("hello");
/** Records that end a client's handshake: ChangeCipherSpec, for compatibility, and Finished. */
const END_OF_HANDSHAKE = 2;

/** Returns the offset of the end of the first `count` records; Infinity if they are not complete. */
function endOf(bytes: Uint8Array, count: number): number {
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 5 > bytes.length) return Infinity;
    at += 5 + (bytes[at + 3] << 8 | bytes[at + 4]);
  }
  return at <= bytes.length ? at : Infinity;
}

/** Reads whole records, `count` of them. */
function* records(conn: Conn, count: number): Routine<Uint8Array> {
  let bytes = new Uint8Array(0);
  while (endOf(bytes, count) === Infinity) {
    const piece = new Uint8Array(4096);
    const n = yield* conn.read(piece);
    assert.ok(n !== null, "the client goes on");
    bytes = new Uint8Array([...bytes, ...piece.subarray(0, n)]);
  }
  return bytes;
}

/**
 * Connects by way of a relay, which holds back the end of the client's handshake until `data`
 * records follow it, and then sends all but what follows the offset that `cut` returns; the rest
 * once the server has completed its handshake.
 */
function* relayed(
  data: number,
  cut: (bytes: Uint8Array) => number,
  serve: (server: OpenSSLConn) => Routine<void>,
  check: (server: OpenSSLConn, client: Conn) => Routine<void>,
): Routine<void> {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", SERVER);
  using front = yield* listen("tcp", "127.0.0.1:0");
  const calling = go(function* () {
    const client = yield* tlsDial("tcp", String(front.addr), { ca: SERVER.cert });
    for (let i = 0; i < data; i++) yield* client.write(HELLO);
    return client;
  });
  using near = yield* front.accept();
  using far = yield* dial("tcp", String(listener.addr));
  using server = (yield* listener.accept()) as OpenSSLConn;
  const back = go(() => copy(near, far));
  const serving = go(() => serve(server));
  yield* far.write(yield* records(near, 1));
  const rest = yield* records(near, END_OF_HANDSHAKE + data);
  const at = cut(rest);
  yield* far.write(rest.subarray(0, at));
  yield* until(() => server.secured);
  yield* far.write(rest.subarray(at));
  using client = yield* calling.join();
  yield* serving.join();
  yield* check(server, client);
  server.close();
  yield* back.join();
}

/** Lengths of what each connection sends while `f` runs. */
function* recording(
  f: (sentBy: (conn: OpenSSLConn) => readonly number[]) => Routine<void>,
): Routine<void> {
  const sent = new Map<FDTransport, number[]>();
  const { sendBytes } = FDTransport.prototype;
  FDTransport.prototype.sendBytes = function (bytes, length) {
    sent.set(this, [...sent.get(this) ?? [], length]);
    return sendBytes.call(this, bytes, length);
  };
  try {
    yield* f((conn) => sent.get(conn.socket!) ?? []);
  } finally {
    FDTransport.prototype.sendBytes = sendBytes;
  }
}

openSSLTest("a server's tickets are sent together with an answer at once", function* () {
  yield* recording(function* (sentBy) {
    yield* relayed(1, (bytes) => bytes.length, function* (server) {
      const request = new Uint8Array(100);
      const n = yield* server.read(request);
      yield* server.write(request.subarray(0, n!));
    }, function* (server, client) {
      const answer = new Uint8Array(HELLO.length);
      yield* client.readFull(answer);
      assert.deepEqual(answer, HELLO);
      assert.equal(sentBy(server).length, 2, "the handshake, and the tickets with the answer");
    });
  });
});

openSSLTest("a server that does nothing sends its tickets by itself", function* () {
  yield* recording(function* (sentBy) {
    const [client, server] = yield* tlsPair();
    yield* until(() => sentBy(server as OpenSSLConn).length === 2);
    client.close();
    server.close();
  });
});

openSSLTest("data that arrives in part with the end of a handshake is whole", function* () {
  for (const more of [0, 3, 5, 20]) {
    yield* relayed(2, (bytes) => endOf(bytes, END_OF_HANDSHAKE) + more, function* (server) {
      const request = new Uint8Array(100);
      let length = 0;
      while (length < 2 * HELLO.length) length += (yield* server.read(request.subarray(length)))!;
      assert.deepEqual(request.subarray(0, length), new Uint8Array([...HELLO, ...HELLO]));
      assert.ok(server.handle!.drained, "all records are counted");
    }, function* () {});
  }
});
