// SPDX-License-Identifier: MIT
/**
 * Layouts and numbers of macOS and FreeBSD, against figures written down from their headers.
 *
 * Sizes and offsets in bytes are those that Go's types have, made from the systems' own headers by
 * cgo: syscall/ztypes_{darwin,freebsd}_{amd64,arm64}.go of Go 1.19; the same on both CPUs. FreeBSD's
 * `struct kevent` there is that of FreeBSD 11; the one of FreeBSD 12 and later, which the C library
 * of today takes, is from sys/sys/event.h: `uint64_t ext[4]` follows `udata`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DATA,
  EVFILT_READ,
  FFLAGS,
  FILTER_FLAGS,
  filterOf,
  flagsOf,
  IDENT,
  UDATA,
  writeKevent,
} from "../../platforms/bsd/kevent.ts";
import {
  CMSGHDR,
  decodeAddress,
  encodeAddress,
  IOVEC,
  MSGHDR,
  SOCKADDR_IN6_SIZE,
  SOCKADDR_IN_SIZE,
  SOCKADDR_UN,
  XUCRED,
} from "../../platforms/bsd/structs.ts";
import { DARWIN } from "../../platforms/darwin/platform.ts";
import { MESSAGE as DARWIN_MESSAGE } from "../../platforms/darwin/structs.ts";
import { FREEBSD } from "../../platforms/freebsd/platform.ts";
import { MESSAGE as FREEBSD_MESSAGE } from "../../platforms/freebsd/structs.ts";

/** Figures by system and CPU. */
const KEVENT_SIZES = {
  "darwin amd64": 32,
  "darwin arm64": 32,
  "freebsd amd64": 64,
  "freebsd arm64": 64,
};

for (const [name, size] of Object.entries(KEVENT_SIZES)) {
  test(`${name}: struct kevent has ${size} bytes`, () => {
    const { kevent } = name.startsWith("darwin") ? DARWIN : FREEBSD;
    assert.equal(kevent.words * 4, size);
    assert.equal(kevent.EVFILT_USER, name.startsWith("darwin") ? -10 : -11);
    // ident@0 filter@8 flags@10 fflags@12 data@16 udata@24
    assert.deepEqual([IDENT, FILTER_FLAGS, FFLAGS, DATA, UDATA], [0, 2, 3, 4, 6]);
  });
}

test("a kevent in memory", () => {
  const words = new Int32Array(16);
  writeKevent(words, 8, 7, EVFILT_READ, 0x8021, 54, 3, -1);
  assert.deepEqual([...new Uint8Array(words.buffer, 32, 32)], [
    ...[7, 0, 0, 0, 0, 0, 0, 0],
    ...[0xff, 0xff, 0x21, 0x80, 54, 0, 0, 0],
    ...[0, 0, 0, 0, 0, 0, 0, 0],
    ...[3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
  ]);
  assert.equal(filterOf(words, 8), EVFILT_READ);
  assert.equal(flagsOf(words, 8), 0x8021);
});

test("struct msghdr, cmsghdr and iovec: the same on both systems and CPUs", () => {
  assert.deepEqual(MSGHDR, {
    size: 48,
    name: 0,
    nameLength: 8,
    iov: 16,
    iovCount: 24,
    control: 32,
    controlLength: 40,
    flags: 44,
  });
  assert.deepEqual(CMSGHDR, { size: 12, length: 0, level: 4, type: 8 });
  assert.deepEqual(IOVEC, { size: 16, base: 0, length: 8 });
  // cmsgAlignOf of Go's syscall/sockcmsg_unix_other.go
  assert.equal(DARWIN_MESSAGE.cmsgAlign, 4);
  assert.equal(FREEBSD_MESSAGE.cmsgAlign, 8);
});

test("struct sockaddr_un and xucred", () => {
  assert.deepEqual(SOCKADDR_UN, { size: 106, path: 2, pathSize: 104 });
  // x/sys/unix: Version uint32, Uid uint32, Ngroups int16, Groups [16]uint32
  assert.deepEqual([XUCRED.version, XUCRED.uid, XUCRED.groupCount, XUCRED.groups], [0, 4, 8, 12]);
});

for (const { os, constants } of [DARWIN, FREEBSD]) {
  const afInet6 = { darwin: 30, freebsd: 28 }[os];

  test(`${os}: an IPv4 endpoint is a struct sockaddr_in, its length first`, () => {
    const endpoint = { ip: Uint8Array.of(192, 0, 2, 1), port: 0x1234, scope: 0 };
    const bytes = encodeAddress(endpoint, constants.AF_INET6);
    assert.equal(bytes.length, SOCKADDR_IN_SIZE);
    assert.deepEqual([...bytes], [16, 2, 0x12, 0x34, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert.deepEqual(decodeAddress(bytes), endpoint);
  });

  test(`${os}: an IPv6 endpoint is a struct sockaddr_in6, its length first`, () => {
    const ip = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
    const endpoint = { ip, port: 443, scope: 0x01020304 };
    const bytes = encodeAddress(endpoint, constants.AF_INET6);
    assert.equal(bytes.length, SOCKADDR_IN6_SIZE);
    assert.deepEqual([...bytes.subarray(0, 8)], [28, afInet6, 1, 187, 0, 0, 0, 0]);
    assert.deepEqual([...bytes.subarray(8, 24)], [...ip]);
    assert.deepEqual([...bytes.subarray(24)], [4, 3, 2, 1]);
    assert.deepEqual(decodeAddress(bytes), endpoint);
  });
}

/** Numbers of Go's syscall/zerrors_*.go that both CPUs share, macOS's before FreeBSD's. */
const OPTIONS: Record<string, readonly [number | null, number | null]> = {
  SO_REUSEADDR: [0x4, 0x4],
  SO_KEEPALIVE: [0x8, 0x8],
  SO_REUSEPORT: [0x200, 0x200],
  SO_SNDBUF: [0x1001, 0x1001],
  SO_RCVBUF: [0x1002, 0x1002],
  SO_ERROR: [0x1007, 0x1007],
  SO_TYPE: [0x1008, 0x1008],
  TCP_NODELAY: [0x1, 0x1],
  TCP_KEEPIDLE: [0x10, 0x100], // macOS: TCP_KEEPALIVE
  TCP_KEEPINTVL: [0x101, 0x200],
  TCP_KEEPCNT: [0x102, 0x400],
  TCP_FASTOPEN: [0x105, 0x401],
  IP_TOS: [0x3, 0x3],
  IPV6_TCLASS: [0x24, 0x3d],
  IPV6_V6ONLY: [0x1b, 0x1b],
  TCP_DEFER_ACCEPT: [null, null],
  TCP_USER_TIMEOUT: [null, null],
  SO_MARK: [null, null],
};

for (const [i, { os, options }] of [DARWIN, FREEBSD].entries()) {
  test(`${os}: the numbers of the options`, () => {
    for (const [name, numbers] of Object.entries(OPTIONS)) {
      const found = options[name as keyof typeof options];
      assert.equal(found?.[1] ?? null, numbers[i], name);
      if (found === undefined) continue;
      const levels: Record<string, number> = { SO: 0xffff, TCP: 6, IP: 0, IPV6: 41 };
      assert.equal(found[0], levels[name.split("_")[0]], name);
    }
  });
}

test("numbers that are not options", () => {
  assert.deepEqual(DARWIN.constants, {
    AF_INET6: 0x1e,
    O_CLOEXEC: 0x1000000,
    LINGER_SECONDS: 0x1080,
    SO_NOSIGPIPE: 0x1022,
    MSG_NOSIGNAL: 0,
    SOCK_NONBLOCK: 0,
    SOCK_CLOEXEC: 0,
    EPROTOTYPE: 41,
    ECONNREFUSED: 61,
  });
  assert.deepEqual(FREEBSD.constants, {
    AF_INET6: 0x1c,
    O_CLOEXEC: 0x100000,
    LINGER_SECONDS: 0x80,
    SO_NOSIGPIPE: 0x800,
    MSG_NOSIGNAL: 0x20000,
    SOCK_NONBLOCK: 0x20000000,
    SOCK_CLOEXEC: 0x10000000,
    EPROTOTYPE: 41,
    ECONNREFUSED: 61,
  });
  assert.deepEqual(DARWIN.outstanding, { option: 0x1024 });
  assert.deepEqual(FREEBSD.outstanding, { request: 0x40046677 });
});

for (const { os, errno, errnoText } of [DARWIN, FREEBSD]) {
  test(`${os}: errno numbers have the names and words that Go prints`, () => {
    assert.deepEqual(errnoText(61), { name: "ECONNREFUSED", text: "connection refused" });
    assert.deepEqual(errnoText(48), { name: "EADDRINUSE", text: "address already in use" });
    assert.deepEqual(errnoText(35), {
      name: "EAGAIN",
      text: "resource temporarily unavailable",
    });
    assert.deepEqual(errnoText(9999), { name: "E9999", text: "errno 9999" });
    for (const [name, number] of Object.entries(errno)) {
      assert.equal(errnoText(number).name, name);
    }
    assert.equal(errno.EPROTO, { darwin: 100, freebsd: 92 }[os]);
  });
}
