// SPDX-License-Identifier: MIT
/** Transfers over TLS connections whose kernel may encrypt, checked byte for byte by the peer. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type Conn, go, readAll, type Routine, type TLSConn } from "../../mod.ts";
import { platform } from "../../platforms/platform.ts";
import type { OpenSSLConn } from "../../src/tls/openssl/conn.ts";
import { openssl } from "../../src/tls/openssl/library.ts";
import { tlsPair } from "./tls_pair.ts";

/** Lengths around that of a record, in one write each. */
export const LENGTHS = [1, 100, 16383, 16384, 16385, 200_000];

export function pattern(length: number): Uint8Array {
  return new Uint8Array(length).map((_, i) => (i * 7 + (i >> 8)) % 251);
}

export function equal(actual: Uint8Array, expected: Uint8Array): void {
  // A difference is not worth a megabyte of text.
  assert.ok(Buffer.compare(actual, expected) === 0, `${actual.length} bytes, not the same`);
}

/** A pair whose server, or whose client, has its kernel encrypt. */
export function* pairWith(
  side: "client" | "server" | "both",
  options: { ciphers?: string; engine?: "host" } = {},
): Routine<[TLSConn, TLSConn]> {
  const { engine: other, ...shared } = options;
  const own = { kTLS: true, ...shared };
  const peer = other === undefined ? {} : { engine: other };
  return yield* tlsPair(
    side === "server" ? peer : own,
    side === "client" ? peer : own,
  );
}

/** Sends by `from` what `to` must get, in writes of each length. */
export function* transfer(from: Conn, to: Conn): Routine<void> {
  for (const length of LENGTHS) {
    const bytes = pattern(length);
    const back = new Uint8Array(length);
    const reading = go(() => to.readFull(back));
    assert.equal(yield* from.write(bytes), length);
    assert.equal(yield* reading.join(), length);
    equal(back, bytes);
  }
}

export function* both(a: Conn, b: Conn): Routine<void> {
  const there = go(() => transfer(a, b));
  yield* transfer(b, a);
  yield* there.join();
}

/** Ends `a`, and `b` after it, in order. */
export function* end(a: Conn, b: Conn): Routine<void> {
  a.closeWrite();
  assert.equal(yield* b.read(new Uint8Array(1)), null);
  b.closeWrite();
  assert.equal(yield* a.read(new Uint8Array(1)), null);
  a.close();
  b.close();
}

/** All that `conn` has to read, beside what the caller does meanwhile. */
export function reader(conn: Conn) {
  return go(function* reader() {
    return yield* readAll(conn);
  });
}

/** Functions of libssl that the library does without. */
function keyUpdates() {
  const { path } = openssl();
  const names = path.startsWith("/") ? { names: [], paths: [path] } : { names: [path], paths: [] };
  return platform().runtime.dlopen({ title: path, ...names }, {
    SSL_key_update: { params: ["pointer", "i32"], result: "i32" },
  }).symbols;
}

/** Has `conn` send a KeyUpdate before its next byte; 1 to request one in return. */
export function updateKeys(conn: TLSConn, request: 0 | 1): void {
  assert.equal(keyUpdates().SSL_key_update((conn as OpenSSLConn).handle!.ssl, request), 1);
}
