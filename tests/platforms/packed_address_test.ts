// SPDX-License-Identifier: MIT
/** Addresses as numbers: they are restored exactly, and what does not fit is reported. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { dial, listen } from "../../mod.ts";
import { packAddress, unpackAddress } from "../../platforms/shared/packed_address.ts";
import { platform } from "../../platforms/platform.ts";
import { both } from "../support/harness.ts";

const V4: [ip: number[], port: number][] = [
  [[0, 0, 0, 0], 0],
  [[127, 0, 0, 1], 80],
  [[192, 0, 2, 255], 0x1234],
  [[255, 255, 255, 255], 65535],
];

test("an IPv4 address survives packing, in either form", () => {
  const { sockaddr } = platform();
  for (const [numbers, port] of V4) {
    const endpoint = { ip: Uint8Array.from(numbers), port, scope: 0 };
    const mapped = Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...numbers]);
    const packed = packAddress(sockaddr.encode(endpoint), true);
    assert.deepEqual(unpackAddress(packed), endpoint);
    assert.equal(packAddress(sockaddr.encode({ ...endpoint, ip: mapped }), false), packed);
  }
});

test("other addresses are not packed", () => {
  const { sockaddr } = platform();
  for (const [at, value] of [[15, 1], [0, 0x20], [9, 1]]) {
    const ip = new Uint8Array(16).fill(0xff, 10, at === 15 ? 10 : 12);
    ip[at] = value;
    assert.equal(packAddress(sockaddr.encode({ ip, port: 80, scope: 0 }), false), -1);
  }
});

both(
  "each accepted connection has its own peer address, whatever was accepted since",
  function* () {
    for (const [network, address] of [["tcp", "127.0.0.1:0"], ["tcp6", "[::1]:0"]] as const) {
      using listener = yield* listen(network, address);
      using a = yield* dial("tcp", String(listener.addr));
      using atA = yield* listener.accept();
      using b = yield* dial("tcp", String(listener.addr));
      using atB = yield* listener.accept();
      assert.equal(String(atB.remoteAddr), String(b.localAddr));
      assert.equal(String(atA.remoteAddr), String(a.localAddr));
      assert.equal(atA.remoteAddr, atA.remoteAddr);
    }
  },
);
