// SPDX-License-Identifier: MIT
/**
 * Small programs that show what libkqueue lacks, against the library itself, without the adapter:
 * when one fails, a later libkqueue has more, and tests/support/libkqueue/calls.ts may do less.
 */
import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import {
  DATA,
  EV_ADD,
  EV_DELETE,
  EV_ERROR,
  EV_RECEIPT,
  EVFILT_READ,
  EVFILT_WRITE,
  FFLAGS,
  flagsOf,
  writeKevent,
} from "../../platforms/bsd/kevent.ts";
import { jsRuntime } from "../../platforms/shared/js_runtime.ts";
import { libc } from "../../platforms/linux/libc.ts";
import { LinuxSockets } from "../../platforms/linux/socket.ts";
import { SOCKADDR } from "../../platforms/linux/structs.ts";
import type { SymbolTable } from "../../platforms/contract/platform.ts";
import type { LIMITS } from "../support/libkqueue_limits.ts";

const path = jsRuntime().variable("NETPOLL_LIBKQUEUE");
const WORDS = 8;
const EFAULT = 14;
const ECONNREFUSED = 111;
const NOW = new Int32Array(new ArrayBuffer(16));

const SYMBOLS = {
  kqueue: { params: [], result: "i32" },
  kevent: { params: ["i32", "buffer", "i32", "buffer", "i32", "buffer"], result: "i32" },
} as const satisfies SymbolTable;

/** A kqueue of the library, one change or one look at a time. */
class Bare {
  readonly #calls = jsRuntime()
    .dlopen({ title: "libkqueue", names: [path!], paths: [path!] }, SYMBOLS).symbols;
  readonly kq = this.#calls.kqueue();
  readonly change = new Int32Array(new ArrayBuffer(WORDS * 4));
  readonly event = new Int32Array(new ArrayBuffer(WORDS * 4));

  /** 0 or an errno. */
  apply(fd: number, filter: number, flags: number, room = 0): number {
    writeKevent(this.change, 0, fd, filter, flags, 0, 0, 0);
    const done = this.#calls.kevent(this.kq, this.change, 1, this.event, room, NOW);
    return done < 0 ? libc().errno() : done;
  }

  /** How many events came, up to one. */
  look(): number {
    return this.#calls.kevent(this.kq, this.change, 0, this.event, 1, NOW);
  }
}

/** A test of one limit, with a kqueue of the library and Linux's own sockets. */
function limit(
  name: keyof typeof LIMITS,
  body: (bare: Bare, sockets: LinuxSockets) => void | Promise<void>,
): void {
  const skip = path ? {} : { skip: "NETPOLL_LIBKQUEUE is not set" };
  test(`libkqueue lacks ${name}`, skip, async () => {
    const bare = new Bare();
    await body(bare, new LinuxSockets(libc()));
    libc().symbols.close(bare.kq);
  });
}

limit("two filters of a descriptor", (bare, sockets) => {
  const fd = sockets.streamSocket("ip4");
  assert.equal(bare.apply(fd, EVFILT_READ, EV_ADD), 0);
  assert.equal(bare.apply(fd, EVFILT_WRITE, EV_ADD), EFAULT);
  assert.equal(bare.apply(fd, EVFILT_READ, EV_DELETE), 0);
  assert.equal(bare.apply(fd, EVFILT_WRITE, EV_ADD), 0);
  assert.equal(bare.apply(fd, EVFILT_WRITE, EV_DELETE), 0);
  sockets.close(fd);
});

limit("EV_ERROR", (bare) => {
  assert.equal(bare.apply(-1, EVFILT_READ, EV_ADD), EFAULT, "not EBADF");
  assert.equal(bare.apply(-1, EVFILT_READ, EV_ADD | EV_RECEIPT, 1), 0, "not 1 receipt");
  assert.equal(bare.event[DATA], EFAULT);
  assert.equal(flagsOf(bare.event, 0) & EV_ERROR, 0);
});

limit("EV_ADD of what is there", (bare, sockets) => {
  const fd = sockets.streamSocket("ip4");
  assert.equal(bare.apply(fd, EVFILT_READ, EV_ADD), 0);
  assert.notEqual(bare.apply(fd, EVFILT_READ, EV_ADD), 0);
  sockets.close(fd);
  const again = sockets.streamSocket("ip4");
  if (again === fd) assert.notEqual(bare.apply(again, EVFILT_READ, EV_ADD), 0);
  bare.apply(again, EVFILT_READ, EV_DELETE);
  sockets.close(again);
});

limit("the socket's error", (bare, sockets) => {
  const listener = sockets.streamSocket("ip4");
  const any = SOCKADDR.encode({ ip: Uint8Array.of(127, 0, 0, 1), port: 0, scope: 0 });
  assert.equal(sockets.bind(listener, any), 0);
  const address = sockets.localAddress(listener);
  const fd = sockets.streamSocket("ip4");
  sockets.connect(fd, address as Uint8Array<ArrayBuffer>);
  assert.equal(bare.apply(fd, EVFILT_READ, EV_ADD), 0);
  assert.equal(bare.look(), 1);
  assert.equal(bare.event[FFLAGS], ECONNREFUSED);
  assert.equal(sockets.getOption(fd, "SO_ERROR"), 0, "a kqueue leaves it");
  assert.equal(bare.apply(fd, EVFILT_READ, EV_DELETE), 0);
  [listener, fd].forEach((each) => sockets.close(each));
});

limit("a kqueue that can be polled", (bare, sockets) => {
  const fd = sockets.streamSocket("ip4");
  assert.equal(bare.apply(fd, EVFILT_READ, EV_ADD), 0);
  assert.equal(sockets.ready(bare.kq, "read"), 0);
  assert.equal(bare.look(), 1, "a socket without a connection is readable");
  assert.equal(bare.apply(fd, EVFILT_READ, EV_DELETE), 0);
  sockets.close(fd);
});

limit("a close that closes", (_, sockets) => {
  // Its number is that of a pipe, whose other end the library keeps until its thread looks.
  const bare = new Bare();
  const pipe = readlinkSync(`/proc/self/fd/${bare.kq}`);
  assert.match(pipe, /^pipe:/);
  sockets.close(bare.kq);
  const left = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === pipe;
      } catch {
        return false; // That of the listing itself is gone by now.
      }
    });
  while (left().length > 0);
});

limit("urgent data", (bare, sockets) => {
  const listener = sockets.streamSocket("ip4");
  const any = SOCKADDR.encode({ ip: Uint8Array.of(127, 0, 0, 1), port: 0, scope: 0 });
  assert.equal(sockets.bind(listener, any), 0);
  assert.equal(sockets.listen(listener, 1), 0);
  const client = sockets.streamSocket("ip4");
  sockets.connect(client, sockets.localAddress(listener) as Uint8Array<ArrayBuffer>);
  while (sockets.ready(listener, "read") === 0);
  const server = sockets.accept(listener);
  assert.equal(bare.apply(server, EVFILT_READ, EV_ADD), 0);
  const MSG_OOB = 1;
  assert.equal(libc().symbols.send(client, Uint8Array.of(1), 1, MSG_OOB), 1);
  while (sockets.unacknowledged(client) > 0);
  assert.equal(bare.look(), 0);
  assert.equal(libc().symbols.send(client, Uint8Array.of(2), 1, 0), 1);
  while (sockets.unacknowledged(client) > 0);
  assert.equal(bare.look(), 1, "what is not urgent is told");
  assert.equal(bare.event[FFLAGS], 0);
  assert.equal(bare.apply(server, EVFILT_READ, EV_DELETE), 0);
  [client, server, listener].forEach((each) => sockets.close(each));
});

limit("anonymous descriptors", async (bare, sockets) => {
  // Only here, as it opens the C library, which not every system has.
  const { timerfd } = await import("../support/descriptors.ts");
  const timer = timerfd(1);
  assert.equal(bare.apply(timer, EVFILT_READ, EV_ADD), EFAULT);
  sockets.close(timer);
});
