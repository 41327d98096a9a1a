// SPDX-License-Identifier: MIT
/** Descriptors of every kind for the tests of the raw poller, made by the C library. */
import process from "node:process";
import { jsRuntime } from "../../platforms/js_runtime.ts";
import { LIBC } from "../../platforms/linux/symbols.ts";
import { sys } from "../../poll.ts";

const { symbols: c } = jsRuntime().dlopen(LIBC, {
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
});

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

/** A pipe: where to read, where to write. */
export function pipe(): [number, number] {
  const fds = new Int32Array(2);
  ok(c.pipe2(fds, O_NONBLOCK | O_CLOEXEC));
  return [fds[0], fds[1]];
}

/** A connected pair of sockets of TCP. */
export function socketPair(): [number, number] {
  const listener = sys.socket();
  try {
    sys.bind(listener, "127.0.0.1:0");
    sys.listen(listener);
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
  const user = ok(c.posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  ok(c.grantpt(user));
  ok(c.unlockpt(user));
  const name = new Uint8Array(64);
  ok(c.ptsname_r(user, name, name.length));
  return [user, ok(c.open(name, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC))];
}

/** A timer that expires once, after so many milliseconds. */
export function timerfd(ms: number): number {
  const fd = ok(c.timerfd_create(CLOCK_MONOTONIC, O_NONBLOCK | O_CLOEXEC));
  // struct itimerspec: the interval, then the first expiry, each seconds and nanoseconds of 64 bits.
  const times = new Int32Array(8);
  times[6] = ms * 1e6;
  ok(c.timerfd_settime(fd, 0, times, new Int32Array(8)));
  return fd;
}

/** Tells of files that come into being in `folder`. */
export function inotify(folder: string): number {
  const fd = ok(c.inotify_init1(O_NONBLOCK | O_CLOEXEC));
  ok(c.inotify_add_watch(fd, cString(folder), IN_CREATE));
  return fd;
}

/** A file of the disk, which is always ready and so cannot be polled. */
export function regularFile(): number {
  return ok(c.open(cString(process.execPath), O_CLOEXEC));
}
