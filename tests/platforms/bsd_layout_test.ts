// SPDX-License-Identifier: MIT
/**
 * Layouts and numbers of macOS and FreeBSD, against figures written down from their headers.
 *
 * Those of golang.org/x/sys/unix are made from the systems' headers by cgo, on the systems: sizes and
 * offsets in ztypes_{darwin,freebsd}_{amd64,arm64}.go, numbers in zerrors_*.go of the same names, as
 * of August 2026. In none that is used here does amd64 differ from arm64. What they lack is from the
 * headers themselves, of XNU 11417 and of FreeBSD's source, and named where it stands.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as constants from "../../platforms/bsd/constants.ts";
import * as kevent from "../../platforms/bsd/kevent.ts";
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
import { CMSGHDR, IOVEC, MSGHDR, XUCRED } from "../../platforms/bsd/structs.ts";
import { DARWIN } from "../../platforms/darwin/system.ts";
import { MESSAGE as DARWIN_MESSAGE } from "../../platforms/darwin/structs.ts";
import { FREEBSD } from "../../platforms/freebsd/system.ts";
import { MESSAGE as FREEBSD_MESSAGE } from "../../platforms/freebsd/structs.ts";

/** Sizes of Kevent_t, by system and CPU. */
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

test("a kevent has its fields at their offsets", () => {
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
  // SizeofMsghdr 0x30, SizeofCmsghdr 0xc, SizeofIovec 0x10
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
  // __DARWIN_ALIGN32 of XNU's sys/socket.h, _ALIGNBYTES of FreeBSD's machine/_align.h; the same in
  // cmsgAlignOf of x/sys/unix, sockcmsg_unix_other.go
  assert.equal(DARWIN_MESSAGE.cmsgAlign, 4);
  assert.equal(FREEBSD_MESSAGE.cmsgAlign, 8);
});

test("struct xucred has its fields at their offsets", () => {
  // Xucred: Version uint32, Uid uint32, Ngroups int16, Groups [16]uint32
  assert.deepEqual([XUCRED.version, XUCRED.uid, XUCRED.groupCount, XUCRED.groups], [0, 4, 8, 12]);
  // SizeofXucred: 0x4c on macOS, 0x58 on FreeBSD. The kernel writes no more than there is room for.
  assert.equal(XUCRED.room, Math.max(0x4c, 0x58));
  assert.equal(XUCRED.XUCRED_VERSION, 0);
});

test("the destination of a datagram: struct in_pktinfo on macOS, in_addr on FreeBSD", () => {
  // SizeofInet4Pktinfo 0xc; Ifindex uint32, Spec_dst [4]byte, Addr [4]byte
  assert.deepEqual(DARWIN_MESSAGE.destination, { type: 0x1a, size: 12 });
  assert.deepEqual(FREEBSD_MESSAGE.destination, { type: 0x7, size: 4 });
});

/** Numbers of x/sys/unix, zerrors_*.go, macOS's before FreeBSD's; null for what a system lacks. */
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
  test(`${os}: socket option numbers`, () => {
    for (const [name, numbers] of Object.entries(OPTIONS)) {
      const found = options[name as keyof typeof options];
      assert.equal(found?.[1] ?? null, numbers[i], name);
      if (found === undefined) continue;
      const levels: Record<string, number> = { SO: 0xffff, TCP: 6, IP: 0, IPV6: 41 };
      assert.equal(found[0], levels[name.split("_")[0]], name);
    }
  });
}

/** As above, of sockets for datagrams. */
const PACKET_OPTIONS: Record<string, readonly [number, number]> = {
  SO_BROADCAST: [0x20, 0x20],
  IP_TTL: [0x4, 0x4],
  IP_PKTINFO: [0x1a, 0x7], // FreeBSD: IP_RECVDSTADDR
  IP_MULTICAST_TTL: [0xa, 0xa],
  IP_MULTICAST_LOOP: [0xb, 0xb],
  IPV6_UNICAST_HOPS: [0x4, 0x4],
  IPV6_MULTICAST_HOPS: [0xa, 0xa],
  IPV6_MULTICAST_LOOP: [0xb, 0xb],
  IPV6_RECVPKTINFO: [0x3d, 0x24],
};

for (const [i, { os, packetOptions }] of [DARWIN, FREEBSD].entries()) {
  test(`${os}: option numbers of datagram sockets`, () => {
    const levels: Record<string, number> = { SO: 0xffff, IP: 0, IPV6: 41 };
    const expected = Object.entries(PACKET_OPTIONS)
      .map(([name, numbers]) => [name, [levels[name.split("_")[0]], numbers[i]]]);
    assert.deepEqual(packetOptions, Object.fromEntries(expected));
  });
}

/** Numbers that are the same on both: x/sys/unix but where another source is named. */
const SHARED: Record<string, number> = {
  AF_UNIX: 0x1,
  AF_INET: 0x2,
  SOCK_STREAM: 0x1,
  SOCK_DGRAM: 0x2,
  SOCK_SEQPACKET: 0x5,
  SOL_SOCKET: 0xffff,
  SO_ACCEPTCONN: 0x2,
  SO_TYPE: 0x1008,
  MSG_TRUNC: 0x10,
  MSG_CTRUNC: 0x20,
  SCM_RIGHTS: 0x1,
  IPPROTO_IP: 0x0,
  IPPROTO_TCP: 0x6,
  IPPROTO_IPV6: 0x29,
  IP_MULTICAST_IF: 0x9,
  IP_ADD_MEMBERSHIP: 0xc,
  IP_DROP_MEMBERSHIP: 0xd,
  IPV6_MULTICAST_IF: 0x9,
  IPV6_JOIN_GROUP: 0xc,
  IPV6_LEAVE_GROUP: 0xd,
  IPV6_PKTINFO: 0x2e,
  SOL_LOCAL: 0x0, // sys/un.h of both
  LOCAL_PEERCRED: 0x1,
  O_RDONLY: 0x0,
  O_NONBLOCK: 0x4,
  F_GETFL: 0x3,
  FIOCLEX: 0x20006601, // sys/filio.h of both: IOC_VOID | 'f' << 8 | 1
  FIONBIO: 0x8004667e, // sys/filio.h of both: IOC_IN | sizeof(int) << 16 | 'f' << 8 | 126
  IF_NAMESIZE: 0x10,
  ENOENT: 2,
  EINTR: 4,
  EEXIST: 17,
  EINVAL: 22,
  EPIPE: 32,
  ENOTSOCK: 38,
  ENOPROTOOPT: 42,
  ENOSYS: 78,
};

test("constants that both systems share", () => {
  assert.deepEqual({ ...constants }, SHARED);
  for (const { errnoText } of [DARWIN, FREEBSD]) {
    for (const [name, number] of Object.entries(SHARED)) {
      if (name.startsWith("E")) assert.equal(errnoText(number).name, name);
    }
  }
});

test("kevent constants are the same on both systems", () => {
  const numbers = Object.fromEntries(
    Object.entries(kevent).filter(([name]) => /^(EV|NOTE)/.test(name)),
  );
  assert.deepEqual(numbers, {
    EVFILT_READ: -0x1,
    EVFILT_WRITE: -0x2,
    EV_ADD: 0x1,
    EV_DELETE: 0x2,
    EV_ONESHOT: 0x10,
    EV_CLEAR: 0x20,
    EV_RECEIPT: 0x40,
    EV_ERROR: 0x4000,
    EV_EOF: 0x8000,
    NOTE_TRIGGER: 0x1000000,
  });
  // NOTE_OOB is macOS's alone: the same bit is NOTE_FILE_POLL on FreeBSD.
  assert.deepEqual([DARWIN.kevent.NOTE_OOB, FREEBSD.kevent.NOTE_OOB], [0x2, 0]);
});

test("constants that are not options", () => {
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
  // SO_NWRITE; FIONWRITE of sys/filio.h: IOC_OUT | sizeof(int) << 16 | 'f' << 8 | 119
  assert.deepEqual(DARWIN.outstanding, { option: 0x1024 });
  assert.deepEqual(FREEBSD.outstanding, { request: 0x40046677 });
  // LOCAL_PEERPID of XNU's sys/un.h; cr_pid of FreeBSD's sys/ucred.h, behind 16 groups and padding
  assert.deepEqual(DARWIN.peerPid, { option: 0x2 });
  assert.deepEqual(FREEBSD.peerPid, { offset: 80 });
});

for (const { os, errno, errnoText } of [DARWIN, FREEBSD]) {
  test(`${os}: errno numbers have Go's names and messages`, () => {
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
    // ELAST of <sys/errno.h>: 106 and 97. There is no gap.
    const last = { darwin: 106, freebsd: 97 }[os];
    for (let number = 1; number <= last; number++) {
      assert.doesNotMatch(errnoText(number).text, /^errno/, String(number));
    }
    assert.equal(errnoText(last).name, { darwin: "EQFULL", freebsd: "EINTEGRITY" }[os]);
    assert.match(errnoText(last + 1).text, /^errno/);
    // Where the two part: 45 is one name on macOS, both on FreeBSD.
    const names = [45, 81, 82, 84, 86, 92].map((number) => errnoText(number).name);
    assert.deepEqual(
      names,
      {
        darwin: ["ENOTSUP", "ENEEDAUTH", "EPWROFF", "EOVERFLOW", "EBADARCH", "EILSEQ"],
        freebsd: ["EOPNOTSUPP", "ENEEDAUTH", "EIDRM", "EOVERFLOW", "EILSEQ", "EPROTO"],
      }[os],
    );
    assert.equal(errno.EPROTO, { darwin: 100, freebsd: 92 }[os]);
  });
}
