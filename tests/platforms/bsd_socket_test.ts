// SPDX-License-Identifier: MIT
/** What the socket calls of macOS and FreeBSD make of the C library's answers, which are made up here. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openLibc } from "../../platforms/bsd/libc.ts";
import { variadicArrives } from "../../platforms/bsd/fd_flags.ts";
import { BsdTransfers } from "../../platforms/bsd/transfer.ts";
import type { BsdSystem } from "../../platforms/bsd/system.ts";
import { DARWIN } from "../../platforms/darwin/system.ts";
import { FREEBSD } from "../../platforms/freebsd/system.ts";
import { unpackAddress } from "../../platforms/shared/packed_address.ts";
import type { JsRuntime } from "../../platforms/contract/platform.ts";
import { library } from "../support/bsd_library.ts";

const EPERM = 1;
const EINVAL = 22;
const EPIPE = 32;
const EPROTOTYPE = 41;
const ECONNABORTED = 53;
const ECONNRESET = 54;
const ECONNREFUSED = 61;
const FIOCLEX = 0x20006601;
const FIONBIO = 0x8004667e;
const LOCALHOST = { ip: Uint8Array.of(127, 0, 0, 1), port: 80, scope: 0 };

const names = (calls: [string, ...unknown[]][]) => calls.map(([name]) => name);

test("darwin: a socket is made non-blocking and close-on-exec after its creation", () => {
  const { sockets, calls } = library(DARWIN, { socket: () => 7 });
  assert.equal(sockets.streamSocket("ip6"), 7);
  assert.deepEqual(calls[0], ["socket", 30, 1, 0]);
  assert.deepEqual(calls.slice(1, 3).map((each) => each.slice(0, 3)), [
    ["ioctl", 7, FIOCLEX],
    ["ioctl", 7, FIONBIO],
  ]);
  assert.deepEqual(calls[3].slice(0, 4), ["setsockopt", 7, 0xffff, 0x1022]);
  assert.equal(calls.length, 4);
});

test("freebsd: a socket is created non-blocking and close-on-exec by one call", () => {
  const { sockets, calls } = library(FREEBSD, { socket: () => 7 });
  assert.equal(sockets.streamSocket("ip4"), 7);
  assert.deepEqual(calls, [["socket", 2, 0x30000001, 0]]);
});

test("darwin: a socket that cannot be configured is closed", () => {
  const { sockets, calls } = library(DARWIN, { socket: () => 7, ioctl: () => -25 });
  assert.equal(sockets.streamSocket("ip4"), -25);
  assert.deepEqual(names(calls), ["socket", "ioctl", "close"]);
});

test("accept uses accept4 where it exists", () => {
  const { sockets, calls } = library(FREEBSD, { accept4: () => 9 });
  assert.equal(sockets.acceptName, "accept4");
  assert.equal(sockets.accept(3), 9);
  assert.deepEqual([calls[0][0], calls[0][4], calls.length], ["accept4", 0x30000000, 1]);
});

test("darwin: an accepted socket is configured, and its peer is known", () => {
  const { sockets, calls } = library(DARWIN, {
    accept: (_fd: number, address: Uint8Array, length: Int32Array) => {
      address.set([16, 2, 0, 80, 127, 0, 0, 1]);
      length[0] = 16;
      return 9;
    },
  });
  assert.equal(sockets.acceptName, "accept");
  assert.equal(sockets.accept(3), 9);
  assert.deepEqual(names(calls), ["accept", "ioctl", "ioctl", "setsockopt"]);
  assert.deepEqual(DARWIN.sockaddr.decode(sockets.peer()), LOCALHOST);
  assert.deepEqual(unpackAddress(sockets.packedPeer()), LOCALHOST);
});

test("darwin: accept without a peer address fails with ECONNABORTED", () => {
  const { sockets, calls } = library(DARWIN, {
    accept: (_fd: number, _address: Uint8Array, length: Int32Array) => {
      length[0] = 0;
      return 9;
    },
  });
  assert.equal(sockets.accept(3), -ECONNABORTED);
  assert.deepEqual(names(calls), ["accept", "close"]);
});

test("darwin: accept fails with ECONNABORTED when the peer is already gone", () => {
  const { sockets, calls } = library(DARWIN, { accept: () => 9, setsockopt: () => -EINVAL });
  assert.equal(sockets.accept(3), -ECONNABORTED);
  assert.deepEqual(calls.at(-1), ["close", 9]);
});

test("darwin: a connect to itself is refused", () => {
  const address = DARWIN.sockaddr.encode(LOCALHOST);
  const named = (port: number) => (_fd: number, bytes: Uint8Array, length: Int32Array) => {
    bytes.set([16, 2, 0, port, 127, 0, 0, 1]);
    length[0] = 16;
    return 0;
  };
  const connect = () => -EINVAL;
  const self = library(DARWIN, { connect, getsockname: named(80) }).sockets;
  assert.equal(self.connect(3, address), -ECONNREFUSED);
  const other = library(DARWIN, { connect, getsockname: named(81) }).sockets;
  assert.equal(other.connect(3, address), -EINVAL);
});

test("darwin: EPROTOTYPE of a write is ECONNRESET, and is not retried", () => {
  const refused = () => -EPROTOTYPE;
  const { libc, sockets, calls } = library(DARWIN, {
    send: refused,
    sendmsg: refused,
    sendfile: refused,
  });
  assert.equal(sockets.send(3, new Uint8Array(1), 1), -ECONNRESET);
  const transfers = new BsdTransfers(libc, DARWIN);
  transfers.vector.add(new Uint8Array(1), 0, 1);
  assert.equal(transfers.vector.send(3), -ECONNRESET);
  assert.equal(transfers.sendFile(3, 4, 0, 1), -ECONNRESET);
  assert.deepEqual(names(calls), ["send", "sendmsg", "sendfile"]);
  const broken = library(DARWIN, { send: () => -EPIPE }).sockets;
  assert.equal(broken.send(3, new Uint8Array(1), 1), -EPIPE);
});

test("SIGPIPE is suppressed by a socket option on macOS, by a flag of each call on FreeBSD", () => {
  for (const [system, flags] of [[DARWIN, 0], [FREEBSD, 0x20000]] as const) {
    const { sockets, calls } = library(system, {});
    sockets.send(3, new Uint8Array(1), 1);
    assert.equal(calls[0][4], flags);
  }
});

test("SO_LINGER counts seconds, and has its own name on macOS", () => {
  for (const [system, name] of [[DARWIN, 0x1080], [FREEBSD, 0x80]] as const) {
    let value: number[] = [];
    const { sockets, calls } = library(system, {
      setsockopt: (_fd: number, _level: number, _name: number, bytes: Int32Array) => {
        value = [...bytes];
        return 0;
      },
    });
    assert.equal(sockets.setLinger(3, 9), 0);
    assert.deepEqual(calls[0].slice(0, 4), ["setsockopt", 3, 0xffff, name]);
    assert.deepEqual(value, [1, 9]);
  }
});

test("unacknowledged bytes come from an option on macOS, from an ioctl on FreeBSD", () => {
  const mac = library(DARWIN, {
    getsockopt: (_fd: number, _level: number, name: number, value: Int32Array) => {
      value[0] = name;
      return 0;
    },
  });
  assert.equal(mac.sockets.unacknowledged(3), 0x1024);
  const free = library(FREEBSD, {
    ioctl: (_fd: number, request: number, value: Int32Array) => {
      value[0] = 5;
      return request === 0x40046677 ? 0 : -EINVAL;
    },
  });
  assert.equal(free.sockets.unacknowledged(3), 5);
});

test("an option that a system lacks fails without a system call", () => {
  const { sockets, calls } = library(DARWIN, {});
  assert.equal(sockets.setOption(3, "SO_MARK", 1), -42);
  assert.equal(sockets.getOption(3, "TCP_USER_TIMEOUT"), -42);
  assert.equal(sockets.bindToDevice(3, "en0"), -42);
  assert.equal(calls.length, 0);
});

test("a vector is a struct msghdr that points at its buffers", () => {
  let header: number[] = [];
  const { libc } = library(DARWIN, {
    sendmsg: (_fd: number, words: Uint32Array) => {
      header = [...words];
      return 6;
    },
  });
  const { vector } = new BsdTransfers(libc, DARWIN);
  vector.add(new Uint8Array(4), 0, 4);
  vector.add(new Uint8Array(4), 1, 3);
  assert.equal(vector.count, 2);
  assert.equal(vector.send(3), 6);
  // iov@16, its count of 32 bits @24
  assert.deepEqual(header, [0, 0, 0, 0, 0x2345_6789, 1, 2, 0, 0, 0, 0, 0]);
});

/** Result of a file's call when `sendfile` returns `result` and reports `sent` bytes. */
function sendFile(system: BsdSystem, result: number, sent: number): number {
  const { libc } = library(system, {
    sendfile: (_to: number, _from: number, _at: number, _most: number, count: Int32Array) => {
      count[0] = sent;
      return result;
    },
  });
  return new BsdTransfers(libc, system).sendFile(3, 4, 2 ** 33, 100);
}

test("sendfile: a partial result is returned, and the error by the next call", () => {
  for (const system of [DARWIN, FREEBSD]) {
    const { EAGAIN, EINTR } = system.errno;
    assert.equal(sendFile(system, 0, 100), 100);
    assert.equal(sendFile(system, 0, 0), 0, "the end of the file");
    for (const errno of [EAGAIN, EINTR]) {
      assert.equal(sendFile(system, -errno, 0), -errno);
      assert.equal(sendFile(system, -errno, 40), 40);
      assert.equal(sendFile(system, -errno, 100), 100, "full, just when all had gone");
    }
    assert.equal(sendFile(system, -EPIPE, 0), -EPIPE);
    assert.equal(sendFile(system, -EPERM, 100), -EPERM, "refused before it could count");
  }
});

test("sendfile: a length of zero sends nothing, not the whole file", () => {
  const { libc, calls } = library(DARWIN, {});
  assert.equal(new BsdTransfers(libc, DARWIN).sendFile(3, 4, 0, 0), 0);
  assert.equal(calls.length, 0);
});

test("splice is not supported, so that copies between sockets read and write", () => {
  for (const system of [DARWIN, FREEBSD]) {
    const transfers = new BsdTransfers(library(system, {}).libc, system);
    for (const refused of [transfers.pipe(), transfers.splice()]) {
      assert.equal(system.errnoText(-refused).name, "ENOSYS");
    }
  }
});

/** A runtime whose functions note what they are called with. */
function runtime(calls: unknown[][]): JsRuntime {
  return {
    dlopen: (library: { names: string[] }, table: Record<string, { params: string[] }>) => ({
      path: library.names[0],
      symbols: new Proxy({}, {
        get: (_, name) => (...args: unknown[]) => {
          calls.push([name, table[String(name)].params, ...args]);
          return 0;
        },
      }),
    }),
    errnoReader: () => () => 0,
    addressReader: () => () => 0,
  } as unknown as JsRuntime;
}

test("the argument of ioctl is passed on the stack on Apple's arm64, and nowhere else", () => {
  const value = new Int32Array(2);
  for (
    const [system, arch, onStack] of [
      [DARWIN, "arm64", true],
      [DARWIN, "x64", false],
      [FREEBSD, "arm64", false],
      [FREEBSD, "x64", false],
    ] as const
  ) {
    const calls: unknown[][] = [];
    openLibc(runtime(calls), system, arch).ioctl(3, FIONBIO, value);
    const [name, params, ...args] = calls.at(-1)!;
    assert.equal(name, "ioctl");
    assert.deepEqual(args, onStack ? [3, FIONBIO, 0, 0, 0, 0, 0, 0, value] : [3, FIONBIO, value]);
    // Eight registers, so that the ninth argument is the first on the stack, eight bytes wide.
    assert.equal((params as string[]).indexOf("buffer"), onStack ? 8 : 2);
  }
});

test("the arguments of sendfile are in each system's order, with a 64-bit offset", () => {
  const offset = 2 ** 33 + 1;
  for (const arch of ["x64", "arm64"] as const) {
    const calls: unknown[][] = [];
    const sent = Int32Array.of(7, 7);
    openLibc(runtime(calls), DARWIN, arch).sendfile(3, 4, offset, 100, sent);
    const pointers = ["buffer", "pointer", "i32"];
    // int fd, int s, off_t offset, off_t *len, struct sf_hdtr *hdtr, int flags
    assert.deepEqual(calls.pop(), [
      "sendfile",
      ["i32", "i32", "i64", ...pointers],
      ...[4, 3, offset, sent, null, 0],
    ]);
    assert.deepEqual([...sent], [100, 0], "how much is to go");
    openLibc(runtime(calls), FREEBSD, arch).sendfile(3, 4, offset, 100, sent);
    // int fd, int s, off_t offset, size_t nbytes, struct sf_hdtr *hdtr, off_t *sbytes, int flags
    assert.deepEqual(calls.pop(), [
      "sendfile",
      ["i32", "i32", "i64", "u32", "pointer", "buffer", "i32"],
      ...[4, 3, offset, 100, null, sent, 0],
    ]);
    assert.deepEqual([...sent], [0, 0], "nothing, unless the kernel says so");
  }
});

test("a variadic argument that does not arrive is detected", () => {
  const arrives = library(DARWIN, { fcntl: () => 0x6 }).libc;
  assert.equal(variadicArrives(arrives, 3), true);
  const astray = library(DARWIN, { fcntl: () => 0x2 }).libc;
  assert.equal(variadicArrives(astray, 3), false);
  const fault = library(DARWIN, { ioctl: () => -14, fcntl: () => 0x4 }).libc;
  assert.equal(variadicArrives(fault, 3), false);
});
