// SPDX-License-Identifier: MIT
/** What holds for a client's first message, however it is cut into records and reads. RFC 8446, 6066. */
import fc from "fast-check";
import assert from "node:assert/strict";
import type { Conn } from "../../src/net/net.ts";
import type { Routine } from "../../src/sched/goroutine.ts";
import { type ClientHello, readClientHello } from "../../src/tls/client_hello.ts";
import { TLSError } from "../../src/tls/tls_error.ts";
import { bytes, property } from "../support/property.ts";

const [RECORD_HANDSHAKE, CLIENT_HELLO, SERVER_NAME, HOST_NAME] = [22, 1, 0, 0];

/** A number of `size` bytes, the high one first. */
function number(value: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => (value >> 8 * (size - 1 - i)) & 0xff);
}

/** Bytes behind their length, which has `size` bytes. */
function vector(size: number, body: Iterable<number>): number[] {
  const bytes = [...body];
  return [...number(bytes.length, size), ...bytes];
}

/** An extension that a client may send. */
interface Extension {
  readonly type: number;
  readonly body: Iterable<number>;
}

/** A ClientHello with these parts and extensions, without a record around it. */
function message(session: Uint8Array, ciphers: Uint8Array, extensions: Extension[]): number[] {
  const body = [
    ...number(0x0303, 2),
    ...new Uint8Array(32).fill(7),
    ...vector(1, session),
    ...vector(2, ciphers),
    ...vector(1, [0]),
    ...vector(2, extensions.flatMap(({ type, body }) => [...number(type, 2), ...vector(2, body)])),
  ];
  return [CLIENT_HELLO, ...vector(3, body)];
}

/** Extension by which a client names the host. */
function serverName(name: string): Extension {
  const host = [HOST_NAME, ...vector(2, new TextEncoder().encode(name))];
  return { type: SERVER_NAME, body: vector(2, host) };
}

/** `bytes` in pieces of these lengths, over and over. */
function* pieces(bytes: readonly number[], lengths: readonly number[]): Generator<number[]> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length];
    yield bytes.slice(at, at + length);
    at += length;
  }
}

/** Reads from a connection on which `sent` comes in reads of these lengths, and then the end. */
function read(sent: readonly number[], lengths: readonly number[]): ClientHello {
  let rest = Uint8Array.from(sent);
  let turn = 0;
  const conn = {
    *readable(): Routine<void> {},
    // deno-lint-ignore require-yield
    *read(p: Uint8Array): Routine<number | null> {
      if (rest.length === 0) return null;
      const n = Math.min(p.length, rest.length, lengths[turn++ % lengths.length]);
      p.set(rest.subarray(0, n));
      rest = rest.slice(n);
      return n;
    },
  };
  const { value, done } = readClientHello(conn as unknown as Conn).next();
  assert.ok(done, "it waits although nothing makes it");
  return value as ClientHello;
}

const lengths = fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 8 });
const host = fc.domain();
/** Extensions that are none of ours. */
const others = fc.array(fc.record({ type: fc.integer({ min: 1, max: 0xffff }), body: bytes(60) }), {
  maxLength: 10,
});

/** `bytes` as records of the handshake whose bodies have these lengths. */
function records(bytes: readonly number[], sizes: readonly number[]): number[] {
  return [...pieces(bytes, sizes)]
    .flatMap((piece) => [RECORD_HANDSHAKE, 3, 1, ...vector(2, piece)]);
}

property(
  "the server name is found, and every byte read is passed on",
  [host, bytes(32), bytes(200), others, fc.nat(10), lengths, lengths],
  (name, session, ciphers, extensions, at, sizes, reads) => {
    const all = [
      ...extensions.slice(0, at),
      serverName(name.toUpperCase()),
      ...extensions.slice(at),
    ];
    const sent = records(message(session, ciphers, all), sizes);
    const hello = read(sent, reads);
    assert.equal(hello.serverName, name.toLowerCase());
    assert.deepEqual([...hello.bytes], sent);
  },
);

property(
  "a ClientHello without a server name has no name",
  [bytes(32), bytes(200), others, lengths, lengths],
  (session, ciphers, extensions, sizes, reads) => {
    const hello = read(records(message(session, ciphers, extensions), sizes), reads);
    assert.equal(hello.serverName, "");
  },
);

property(
  "truncated, changed or random messages are passed on, or refused as too long",
  [
    host,
    bytes(32),
    others,
    fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 5 }),
    fc.nat(400),
    fc.oneof(fc.constant(null), bytes(300)),
    lengths,
  ],
  (name, session, extensions, changes, cut, instead, reads) => {
    const hello = message(session, new Uint8Array(2), [...extensions, serverName(name)]);
    const sent = instead === null ? records(hello, [16384]) : [...instead];
    for (const [at, value] of changes) if (at < sent.length) sent[at] = value;
    sent.length = Math.max(0, sent.length - cut);
    let found: ClientHello;
    try {
      found = read(sent, reads);
    } catch (error) {
      // A length that was changed announces more than any client sends.
      assert.ok(error instanceof TLSError, String(error));
      return;
    }
    assert.deepEqual([...found.bytes], sent.slice(0, found.bytes.length));
  },
);
