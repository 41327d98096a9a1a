// SPDX-License-Identifier: MIT
/** The cache of datagram peers: the address of a known sender is the same object again. */
import { test } from "node:test";
import assert from "node:assert/strict";
import { senderAddr } from "../../src/net/socket/peer_cache.ts";
import type { UDPAddr } from "../../src/net/addr/addr.ts";
import { platform } from "../../platforms/platform.ts";

/** Returns the address that the kernel writes for a datagram from `port` of 127.0.0.1. */
function from(port: number): UDPAddr {
  const raw = platform().sockaddr.encode({ ip: Uint8Array.of(127, 0, 0, 1), port, scope: 0 });
  const words = new Int32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
  return senderAddr({ words, at: 0, length: raw.length });
}

/** Returns the `i`th of many ports without an order: the same ones in each run. */
function portOf(i: number): number {
  return (Math.imul(i + 1, 1_664_525) >>> 8) & 0xffff;
}

/** Returns the addresses of `count` senders. */
function addresses(count: number): UDPAddr[] {
  return Array.from({ length: count }, (_, i) => from(portOf(i)));
}

test("a hundred senders that take turns displace each other rarely", () => {
  const first = addresses(100);
  const second = addresses(100);
  const kept = first.filter((addr, i) => addr === second[i]).length;
  assert.ok(kept >= 95, `${kept} of 100 addresses are known`);
});

test("more senders than the cache has room for have their own addresses", () => {
  for (let round = 0; round < 2; round++) {
    addresses(5000).forEach(({ ip, port }, i) => {
      assert.equal(ip, "127.0.0.1");
      assert.equal(port, portOf(i));
    });
  }
});
