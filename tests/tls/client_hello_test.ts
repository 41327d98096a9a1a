// SPDX-License-Identifier: MIT
/**
 * Reading a ClientHello: the name in it, in however many pieces it comes, and how much is read at
 * most.
 */
import "../support/poller.ts";
import assert from "node:assert/strict";
import { test } from "node:test";
import { dial, go, OpError, sleep } from "../../mod.ts";
import { ClientHelloReader, MOST_BYTES } from "../../src/tls/client_hello.ts";
import { TLSError } from "../../src/tls/tls_error.ts";
import { certificate } from "../fixtures/tls/certificates.ts";
import { thrown, until } from "../support/harness.ts";
import { tlsListen, tlsTest } from "../support/tls_engines.ts";

const SERVER = certificate("server");

const u16 = (n: number) => [n >> 8, n & 0xff];
const vector16 = (bytes: number[]) => [...u16(bytes.length), ...bytes];
const ascii = (text: string) => [...new TextEncoder().encode(text)];

/**
 * The message of a client that asks for `name`, with `padding` bytes of an unknown extension
 * before.
 */
function message(name: string, padding = 0): number[] {
  const serverName = vector16([0, ...vector16(ascii(name))]);
  const extensions = [
    ...u16(0xfafa),
    ...vector16(new Array(padding).fill(0)),
    ...u16(0),
    ...vector16(serverName),
  ];
  const suites = vector16([0x13, 0x01]);
  const body = [3, 3, ...new Array(32).fill(7), 0, ...suites, 1, 0, ...vector16(extensions)];
  return [1, 0, ...u16(body.length), ...body];
}

/** `message` in records of `size` bytes each. */
function records(message: number[], size: number): Uint8Array {
  const out: number[] = [];
  for (let at = 0; at < message.length; at += size) {
    const part = message.slice(at, at + size);
    out.push(22, 3, 1, ...u16(part.length), ...part);
  }
  return Uint8Array.from(out);
}

/** The name that a reader finds in `bytes`, which come in pieces of `size`. */
function nameIn(bytes: Uint8Array, size: number): string | null {
  const reader = new ClientHelloReader();
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    const hello = reader.push(piece, piece.length);
    if (hello === null) continue;
    assert.deepEqual(hello.bytes, bytes.subarray(0, at + piece.length), "handed on as they came");
    return hello.serverName;
  }
  return null;
}

test("the server name is found in records and fragments of any size", () => {
  for (const padding of [0, 1500]) {
    const whole = message("WWW.Example.org", padding);
    for (const record of [1, 2, 3, 5, 100, 16_000]) {
      const bytes = records(whole, record);
      if (bytes.length > MOST_BYTES) continue;
      for (const piece of [1, 4, 6, 1448, bytes.length]) {
        assert.equal(nameIn(bytes, piece), "www.example.org", `records ${record}, pieces ${piece}`);
      }
      assert.equal(nameIn(bytes.subarray(0, bytes.length - 1), bytes.length), null);
    }
  }
});

test("anything but a ClientHello is passed to the engine at once", () => {
  const other: Record<string, number[]> = {
    "a request in the clear": ascii("GET / HTTP/1.1"),
    "an alert": [21, 3, 3, 0, 2, 2, 40],
    "another message": [22, 3, 1, 0, 4, 2, 0, 0, 0],
    "a hello of zeros": [22, 3, 1, 0, 44, 1, 0, 0, 40, ...new Array(40).fill(0)],
  };
  for (const [what, bytes] of Object.entries(other)) {
    assert.equal(nameIn(Uint8Array.from(bytes), 1), "", what);
  }
});

test("an oversized ClientHello is refused, by its announced and by its actual length", () => {
  const announced: [string, number[]][] = [
    ["a message of 60 KB", [22, 3, 1, 0, 4, 1, 0, 0xea, 0x60]],
    ["a message of 16 MB", [22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]],
    ["a record of 64 KB", [22, 3, 1, 0xff, 0xff]],
  ];
  for (const [what, bytes] of announced) {
    assert.throws(() => nameIn(Uint8Array.from(bytes), 1), TLSError, what);
  }
  const endless = new Uint8Array(MOST_BYTES + 5).fill(22);
  // Records of no length: the message never begins.
  for (let at = 0; at < endless.length; at += 5) {
    endless.set([22, 3, 1, 0, 0].slice(0, endless.length - at), at);
  }
  assert.throws(() => nameIn(endless, 1000), TLSError);
});

test("the cost per byte does not grow with the bytes before it", () => {
  // Each byte of a long message in a record of its own, and each of those in six pieces.
  const bytes = records(message("example.org", 2300), 1);
  assert.ok(bytes.length < MOST_BYTES && bytes.length > 14_000);
  const cost = (count: number) => {
    const began = performance.now();
    for (let i = 0; i < 20; i++) nameIn(bytes.subarray(0, count), 1);
    return performance.now() - began;
  };
  cost(bytes.length);
  const [half, whole] = [cost(bytes.length >> 1), cost(bytes.length)];
  assert.ok(whole < 8 * half + 20, `${whole} ms for all of it, ${half} ms for half`);
});

tlsTest("a ClientHello in one-byte records, byte by byte, and one that is too long", function* () {
  using listener = yield* tlsListen("tcp", "127.0.0.1:0", {
    ...SERVER,
    sni: { "other.example": certificate("other") },
  });
  const client = yield* dial("tcp", String(listener.addr));
  using server = yield* listener.accept();
  const failing = go(() => thrown(server.handshake()));
  for (const byte of records([1, 0, 0xea, 0x60, ...new Array(50).fill(0)], 1)) {
    if (client.fd === -1) break;
    try {
      yield* client.write(Uint8Array.of(byte));
    } catch {
      break; // It was refused.
    }
    yield* sleep(0);
  }
  const error = yield* failing.join();
  assert.ok(error instanceof OpError);
  assert.equal(error.code, "ERR_SSL_EXCESSIVE_MESSAGE_SIZE");
  yield* until(() => server.conn.fd === -1);
  client.close();
});
