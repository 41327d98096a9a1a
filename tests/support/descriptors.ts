// SPDX-License-Identifier: MIT
/** Descriptors of every kind for the tests of the raw poller, made by the C library. */
import process from "node:process";
import { jsRuntime } from "../../platforms/shared/js_runtime.ts";
import { LIBC } from "../../platforms/linux/symbols.ts";
import type { SymbolTable } from "../../platforms/contract/platform.ts";
import { sys } from "../../poll.ts";
import { onWindows } from "./harness.ts";

const SYMBOLS = {
  pipe2: { params: ["buffer", "i32"], result: "i32" },
  open: { params: ["buffer", "i32"], result: "i32" },
  timerfd_create: { params: ["i32", "i32"], result: "i32" },
  timerfd_settime: { params: ["i32", "i32", "buffer", "buffer"], result: "i32" },
  inotify_init1: { params: ["i32"], result: "i32" },
  inotify_add_watch: { params: ["i32", "buffer", "u32"], result: "i32" },
  posix_openpt: { params: ["i32"], result: "i32" },
  grantpt: { params: ["i32"], result: "i32" },
  unlockpt: { params: ["i32"], result: "i32" },
  ptsname_r: { params: ["i32", "buffer", "u32"], result: "i32" },
} as const satisfies SymbolTable;

const open = () => jsRuntime().dlopen(LIBC, SYMBOLS).symbols;
let opened: ReturnType<typeof open> | undefined;
/** The C library, where there is one. */
const libc = () => opened ??= open();

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
const O_RDWR = 2;
const O_NOCTTY = 0o400;
const CLOCK_MONOTONIC = 1;
const IN_CREATE = 0x100;

const cString = (text: string) => new TextEncoder().encode(`${text}\0`);

function ok(result: number): number {
  if (result < 0) throw new Error("a call of the C library failed");
  return result;
}

/** A pipe: where to read, where to write. On Windows a connection, for its pipes are no sockets. */
export function pipe(): [number, number] {
  if (onWindows) return socketPair();
  const fds = new Int32Array(2);
  ok(libc().pipe2(fds, O_NONBLOCK | O_CLOEXEC));
  return [fds[0], fds[1]];
}

/** A socket that listens. */
export function listening(): number {
  const listener = sys.socket();
  sys.bind(listener, "127.0.0.1:0");
  sys.listen(listener);
  return listener;
}

/** A connected pair of sockets of TCP. */
export function socketPair(): [number, number] {
  const listener = listening();
  try {
    const client = sys.socket();
    sys.connect(client, String(sys.localAddr(listener)));
    for (;;) {
      const server = sys.accept(listener);
      if (server >= 0) return [client, server];
    }
  } finally {
    sys.close(listener);
  }
}

/** A terminal: what a user sees, and what a program has. */
export function terminal(): [number, number] {
  const user = ok(libc().posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  ok(libc().grantpt(user));
  ok(libc().unlockpt(user));
  const name = new Uint8Array(64);
  ok(libc().ptsname_r(user, name, name.length));
  return [user, ok(libc().open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC))];
}

/** A timer that expires once, after so many milliseconds. */
export function timerfd(ms: number): number {
  const fd = ok(libc().timerfd_create(CLOCK_MONOTONIC, O_NONBLOCK | O_CLOEXEC));
  // struct itimerspec: the interval, then the first expiry, each seconds and nanoseconds of 64 bits.
  const times = new Int32Array(8);
  times[6] = ms * 1e6;
  ok(libc().timerfd_settime(fd, 0, times, new Int32Array(8)));
  return fd;
}

/** Tells of files that come into being in `folder`. */
export function inotify(folder: string): number {
  const fd = ok(libc().inotify_init1(O_NONBLOCK | O_CLOEXEC));
  ok(libc().inotify_add_watch(fd, cString(folder), IN_CREATE));
  return fd;
}

/** A file of the disk, which is always ready and so cannot be polled. */
export function regularFile(): number {
  return ok(libc().open(cString(process.execPath), O_CLOEXEC));
}
