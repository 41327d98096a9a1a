// SPDX-License-Identifier: MIT
/**
 * Socket addresses as each system has them, against figures from its headers: sizeof and offsetof as
 * gcc computes them on Linux and x86_64-w64-mingw32-gcc for Windows; from golang.org/x/sys/unix,
 * ztypes_{darwin,freebsd}_{amd64,arm64}.go, for macOS and FreeBSD.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DARWIN } from "../../platforms/darwin/system.ts";
import { FREEBSD } from "../../platforms/freebsd/system.ts";
import { SOCKADDR as LINUX } from "../../platforms/linux/structs.ts";
import { SOCKADDR_STORAGE_SIZE, type SockaddrCodec } from "../../platforms/shared/sockaddr.ts";
import { SOCKADDR as WINDOWS } from "../../platforms/windows/abi/structs.ts";

/** A codec, AF_INET6, and the longest names: a path, an abstract one. */
const SYSTEMS: Record<string, [codec: SockaddrCodec, inet6: number, path: number, name: number]> = {
  linux: [LINUX, 10, 107, 107],
  darwin: [DARWIN.sockaddr, 30, 103, 0],
  freebsd: [FREEBSD.sockaddr, 28, 103, 0],
  windows: [WINDOWS, 23, 107, 0],
};

const bytesOf = (text: string) => new TextEncoder().encode(text);

for (const [os, [codec, inet6, maxPath, maxAbstract]] of Object.entries(SYSTEMS)) {
  /** The first two bytes: a structure's length and its family, or the family alone. */
  const head = (length: number, family: number) =>
    os === "darwin" || os === "freebsd" ? [length, family] : [family, 0];

  test(`${os}: an IPv4 endpoint is a struct sockaddr_in`, () => {
    const endpoint = { ip: Uint8Array.of(192, 0, 2, 1), port: 0x1234, scope: 0 };
    const bytes = codec.encode(endpoint);
    const [zeros, address] = [new Array(8).fill(0), [0x12, 0x34, 192, 0, 2, 1]];
    assert.deepEqual([...bytes], [...head(16, 2), ...address, ...zeros]);
    assert.deepEqual([codec.family(bytes), codec.isInet4(bytes)], [2, true]);
    assert.deepEqual(codec.decode(bytes), endpoint);
  });

  test(`${os}: an IPv6 endpoint is a struct sockaddr_in6`, () => {
    const ip = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
    for (const scope of [0, 0x01020304, 0xfffefdfc]) {
      const endpoint = { ip, port: 443, scope };
      const bytes = codec.encode(endpoint);
      assert.deepEqual([...bytes.subarray(0, 8)], [...head(28, inet6), 1, 187, 0, 0, 0, 0]);
      assert.deepEqual([...bytes.subarray(8, 24)], [...ip]);
      assert.deepEqual([...bytes.subarray(24)], [...new Uint8Array(Uint32Array.of(scope).buffer)]);
      assert.deepEqual([codec.family(bytes), codec.isInet4(bytes)], [inet6, false]);
      assert.deepEqual(codec.decode(bytes), endpoint);
    }
  });

  test(`${os}: a port has all of its 16 bits, and an endpoint copies its bytes`, () => {
    for (const port of [0, 1, 0xff, 0x100, 0xffff]) {
      const bytes = codec.encode({ ip: Uint8Array.of(127, 0, 0, 1), port, scope: 0 });
      const endpoint = codec.decode(bytes);
      bytes.fill(0xee);
      assert.deepEqual(endpoint, { ip: Uint8Array.of(127, 0, 0, 1), port, scope: 0 });
    }
  });

  test(`${os}: a path is a zero-terminated struct sockaddr_un`, () => {
    const path = bytesOf("/a");
    const bytes = codec.encodeName(path);
    assert.deepEqual([...bytes], [...head(5, 1), 47, 97, 0]);
    assert.equal(codec.family(bytes), 1);
    assert.deepEqual(codec.decodeName(bytes), path);
    assert.deepEqual(codec.decodeName(bytes.subarray(0, 4)), path, "without a zero");
    // A system may return the whole structure, or nothing but the family.
    assert.deepEqual(codec.decodeName(Uint8Array.of(...bytes, ...new Uint8Array(103))), path);
    assert.equal(codec.decodeName(bytes.subarray(0, 2)).length, 0);
    assert.equal(codec.maxPath, maxPath);
    const longest = new Uint8Array(maxPath).fill(0x78);
    assert.ok(codec.encodeName(longest).length <= SOCKADDR_STORAGE_SIZE);
    assert.deepEqual(codec.decodeName(codec.encodeName(longest)), longest);
  });

  test(`${os}: an empty name is the family alone`, () => {
    assert.deepEqual([...codec.encodeName(new Uint8Array(0))], head(2, 1));
  });

  test(`${os}: a name that begins with a zero is ${maxAbstract > 0 ? "abstract" : "none"}`, () => {
    assert.equal(codec.maxAbstract, maxAbstract);
    const name = bytesOf("\0a\0b");
    const bytes = Uint8Array.of(...head(6, 1), ...name);
    assert.deepEqual(codec.decodeName(bytes), maxAbstract > 0 ? name : new Uint8Array(0));
    // The length alone tells where it ends.
    if (maxAbstract > 0) assert.deepEqual(codec.encodeName(name), bytes);
  });
}
