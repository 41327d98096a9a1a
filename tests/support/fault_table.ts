// SPDX-License-Identifier: MIT
/** Every system call of the library, how it may fail, and what must come of it. Texts are Go's. */
import type { Fault } from "./strace.ts";

/** An error as it must look; ports are left out of the text. */
export interface Expected {
  readonly name: string;
  readonly text: string;
  readonly op?: string;
  readonly code?: string;
  readonly timeout?: boolean;
  /** The least that a write must have put on its way, exactly that if it is 0. */
  readonly bytesWritten?: number;
}

/** One fault and its outcome: a value, an error for the goroutine that called, or one for the run. */
export interface Row extends Fault {
  readonly value?: string;
  readonly caught?: Expected;
  readonly ended?: Expected;
  /** The one driver that makes this call. */
  readonly only?: "run" | "runSync";
}

/** Go's words. */
const WORDS = {
  EACCES: "permission denied",
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "cannot assign requested address",
  EAFNOSUPPORT: "address family not supported by protocol",
  EBADF: "bad file descriptor",
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset by peer",
  EHOSTUNREACH: "no route to host",
  EINVAL: "invalid argument",
  EIO: "input/output error",
  EMFILE: "too many open files",
  ENETUNREACH: "network is unreachable",
  ENFILE: "too many open files in system",
  ENOBUFS: "no buffer space available",
  ENOMEM: "cannot allocate memory",
  ENOSPC: "no space left on device",
  ENOTCONN: "transport endpoint is not connected",
  EPERM: "operation not permitted",
  EPIPE: "broken pipe",
  ETIMEDOUT: "connection timed out",
} as const;

type Known = keyof typeof WORDS;
type More = Partial<Row>;

/** The goroutine that called gets an OpError, whose text begins with `text`, for each errno. */
function fails(
  scenario: string,
  call: string,
  text: string,
  errnos: readonly Known[],
  more: More & { bytesWritten?: number } = {},
): Row[] {
  const { bytesWritten, ...rest } = more;
  const [op] = text.split(" ");
  return errnos.map((code) => ({
    scenario,
    call,
    errno: code,
    caught: {
      name: "OpError",
      text: `${text}: ${WORDS[code]}`,
      op,
      code,
      timeout: code === "ETIMEDOUT",
      ...(bytesWritten === undefined ? {} : { bytesWritten }),
    },
    ...rest,
  }));
}

/** Faults without an effect, for each errno: the call is retried, or was not needed. */
function survives(
  scenario: string,
  call: string,
  value: string,
  errnos: readonly string[],
  more: More = {},
): Row[] {
  return errnos.map((errno) => ({ scenario, call, errno, value, ...more }));
}

/** The library says that it cannot go on: to the goroutine that called, or to the whole run. */
function stops(
  who: "caught" | "ended",
  scenario: string,
  call: string,
  text: string,
  errnos: readonly Known[],
  more: More = {},
): Row[] {
  return errnos.map((errno) => ({
    scenario,
    call,
    errno,
    [who]: { name: "PlatformError", text: `${text}: ${WORDS[errno]}` },
    ...more,
  }));
}

const LISTENING = [
  ...fails("listen", "socket", "listen tcp ADDR: socket", [
    "EMFILE",
    "ENFILE",
    "ENOBUFS",
    "ENOMEM",
    "EACCES",
    "EAFNOSUPPORT",
  ]),
  ...fails("listen", "setsockopt", "listen tcp ADDR: setsockopt", ["EINVAL", "ENOMEM"]),
  // TCP_NODELAY and keep-alive: Go does without them when they are refused.
  ...[2, 3, 5].flatMap((at) => survives("listen", "setsockopt", "listens", ["EINVAL"], { at })),
  ...fails("listen", "bind", "listen tcp ADDR: bind", [
    "EADDRINUSE",
    "EADDRNOTAVAIL",
    "EACCES",
    "ENOMEM",
  ]),
  ...fails("listen", "listen", "listen tcp ADDR: listen", ["EADDRINUSE", "ENOBUFS"]),
  ...fails("listen", "getsockname", "listen tcp ADDR: getsockname", ["ENOBUFS"]),
  ...fails("listen", "epoll_ctl", "listen tcp ADDR: epoll_ctl", ["ENOMEM", "ENOSPC"]),
  // The spare descriptor: there is none then.
  ...survives("listen", "open", "listens", ["EMFILE", "ENFILE", "EINTR", "ENOMEM", "EACCES"]),
  ...survives("close listener", "close", "closed, 1 calls", ["EINTR", "EIO"], {
    left: { sockets: 1 },
  }),
];

const POLLER = [
  ...stops("caught", "first listen", "epoll_create1", "Cannot open a poller: epoll_create1", [
    "EMFILE",
    "ENFILE",
    "ENOMEM",
  ]),
  ...stops("caught", "first listen", "eventfd", "Cannot open a poller: eventfd", [
    "EMFILE",
    "ENFILE",
    "ENOMEM",
  ]),
  ...stops("caught", "first listen", "epoll_ctl", "Cannot open a poller: epoll_ctl", [
    "ENOMEM",
    "ENOSPC",
  ]),
  ...stops("ended", "first sleep", "epoll_create1", "Cannot open a poller: epoll_create1", [
    "EMFILE",
  ]),
  ...survives("endless wait", "epoll_wait", "answered", ["EINTR"], { only: "runSync" }),
  ...survives("endless wait", "epoll_wait", "answered", ["EINTR"], { only: "runSync", times: 3 }),
  ...survives("look", "epoll_wait", "answered", ["EINTR"]),
  ...stops("ended", "look", "epoll_wait", "Cannot wait in the poller", ["ENOMEM"]),
  ...stops("ended", "endless wait", "epoll_wait", "Cannot wait in the poller", ["ENOMEM"], {
    only: "runSync",
  }),
  // An old kernel; a sandbox; a signal.
  // Under run a short sleep is spun for while the host is busy, as on a loaded machine it always is.
  ...survives("sleep", "epoll_pwait2", "slept", ["ENOSYS", "EPERM", "EINTR"], { only: "runSync" }),
  ...survives("break", "write", "woken, 2 of write", ["EINTR"]),
  // EAGAIN: the counter is full, so the wait is woken as it is.
  ...survives("break", "write", "woken, 1 of write", ["EAGAIN"]),
  ...survives("break", "read", "woken, 0 of write", ["EINTR", "EAGAIN"]),
  ...survives("end of run", "write", "ended", ["EINTR"], { only: "run" }),
  // The watch beside the host's loop, which is on another thread.
  ...survives("idle", "write", "got 7", ["EINTR", "ENOMEM"], {
    only: "run",
    everywhere: "poll",
  }),
];

const ACCEPTING = [
  ...survives("accept", "accept4", "served, 0 refused, 0 silent", [
    "EINTR",
    "ECONNABORTED",
    "EPROTO",
  ]),
  // The kernel reported an empty queue: the connection is found when the next one comes.
  ...survives("accept", "accept4", "served, 0 refused, 1 silent", ["EAGAIN"]),
  // The spare descriptor accepts the waiting connection, and closes it.
  ...survives("accept", "accept4", "served, 1 refused, 0 silent", [
    "EMFILE",
    "ENFILE",
    "ENOBUFS",
    "ENOMEM",
  ]),
  ...survives("accept", "accept4", "served, 1 refused, 0 silent", ["EMFILE"], { times: 3 }),
  // An even number: the spare descriptor was never free when it was its turn.
  ...survives("accept", "accept4", "served, 0 refused, 0 silent", ["EMFILE", "ENOMEM"], {
    times: 4,
  }),
  ...fails("accept", "accept4", "accept tcp ADDR: accept4", ["EPERM", "EINVAL", "EBADF"]),
  ...fails("accept and register", "epoll_ctl", "accept tcp ADDR: epoll_ctl", ["ENOMEM", "ENOSPC"], {
    at: 2,
  }),
  ...survives("local address", "getsockname", "asked again: 127.0.0.1", ["ENOBUFS"]),
];

const TIMED_OUT: More = {
  caught: {
    name: "OpError",
    text: "dial tcp ADDR: i/o timeout",
    op: "dial",
    code: "ETIMEDOUT",
    timeout: true,
  },
};

/** A time-out by Go's rule for EAGAIN. */
const UNAVAILABLE: More = {
  caught: {
    name: "OpError",
    text: "dial tcp ADDR: connect: resource temporarily unavailable",
    op: "dial",
    code: "EAGAIN",
    timeout: true,
  },
};

const DIALLING = [
  ...fails("dial", "socket", "dial tcp ADDR: socket", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]),
  ...fails("dial", "connect", "dial tcp ADDR: connect", [
    "ECONNREFUSED",
    "ENETUNREACH",
    "EHOSTUNREACH",
    "ETIMEDOUT",
    "ECONNRESET",
    "EACCES",
    "EPERM",
    "ENOBUFS",
  ]),
  // Not what connect(2) said, or else said again.
  ...survives("dial", "connect", "connected", ["EAGAIN"]),
  { scenario: "dial", call: "connect", errno: "EAGAIN", times: 2, ...UNAVAILABLE },
  // No free port: tried twice more, as Go does.
  ...survives("dial", "connect", "connected", ["EADDRNOTAVAIL"]),
  ...survives("dial", "connect", "connected", ["EADDRNOTAVAIL"], { times: 2 }),
  ...fails("dial", "connect", "dial tcp ADDR: connect", ["EADDRNOTAVAIL"], { times: 3 }),
  // Said to be under way, which it is not: nothing but the deadline can end it.
  ...["EINTR", "EINPROGRESS", "EALREADY"].map((errno) => ({
    scenario: "dial in time",
    call: "connect",
    errno,
    ...TIMED_OUT,
  })),
  ...fails("dial", "getsockopt", "dial tcp ADDR: getsockopt", ["ENOBUFS", "ENOMEM"]),
  // Said to be not connected yet, which it is.
  { scenario: "dial in time", call: "getpeername", errno: "ENOTCONN", ...TIMED_OUT },
  ...fails("dial", "getpeername", "dial tcp ADDR: getpeername", ["ENOBUFS"]),
  ...fails("dial", "getsockname", "dial tcp ADDR: getsockname", ["ENOBUFS"]),
  ...fails("dial", "epoll_ctl", "dial tcp ADDR: epoll_ctl", ["ENOMEM", "ENOSPC"]),
  // The same options, and the same answer.
  ...[1, 2, 4].flatMap((at) => survives("dial", "setsockopt", "connected", ["EINVAL"], { at })),
  ...fails("dial from", "bind", "dial tcp ADDR->ADDR: bind", ["EADDRINUSE", "EACCES", "ENOMEM"]),
  ...survives("dial from", "bind", "connected", ["EADDRNOTAVAIL"]),
  ...fails("dial from", "bind", "dial tcp ADDR->ADDR: bind", ["EADDRNOTAVAIL"], { times: 3 }),
];

const TRANSFERRING = [
  ...survives("read", "recv", "ping", ["EINTR", "EAGAIN"]),
  ...survives("read", "recv", "ping", ["EINTR"], { times: 3 }),
  ...fails("read", "recv", "read tcp ADDR->ADDR: read", [
    "ECONNRESET",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENOMEM",
    "ENOBUFS",
    "EIO",
  ]),
  ...fails("read", "recv", "read tcp ADDR->ADDR: read", ["ECONNRESET"], { at: 2 }),
  ...survives("write", "send", "written", ["EINTR", "EAGAIN"]),
  ...survives("write", "send", "written", ["EINTR"], { at: 2, times: 3 }),
  ...fails("write", "send", "write tcp ADDR->ADDR: write", [
    "EPIPE",
    "ECONNRESET",
    "ETIMEDOUT",
    "ENOBUFS",
    "ENOMEM",
    "EPERM",
  ], { bytesWritten: 0 }),
  ...fails("write", "send", "write tcp ADDR->ADDR: write", ["EPIPE", "ENOBUFS"], {
    at: 2,
    bytesWritten: 1,
  }),
  ...[1, 2, 5, 6].flatMap((at) =>
    fails("set", "setsockopt", "set tcp ADDR->ADDR: setsockopt", ["EINVAL"], { at })
  ),
  // A buffer is this end's own business.
  ...fails("set", "setsockopt", "set tcp ADDR: setsockopt", ["EINVAL"], { at: 7 }),
  ...fails("set", "setsockopt", "set tcp ADDR->ADDR: setsockopt", ["ENOMEM"]),
];

const CLOSING = [
  ...fails("close write", "shutdown", "close tcp ADDR->ADDR: shutdown", ["ENOBUFS"]),
  // The peer has reset the connection: its end is there already.
  ...survives("close write", "shutdown", "half closed", ["ENOTCONN"]),
  ...survives("abort", "setsockopt", "aborted", ["EINVAL", "ENOBUFS"]),
  ...survives("close", "epoll_ctl", "closed, 1 calls", ["ENOENT", "ENOMEM"]),
  // The number may be another's after a close that was interrupted: there is no second.
  ...survives("close", "close", "closed, 1 calls", ["EINTR", "EIO"], { left: { sockets: 1 } }),
  ...survives("linger", "shutdown", "last words", ["ENOTCONN", "ENOBUFS"]),
  ...survives("linger", "recv", "last words", ["EINTR", "EAGAIN", "ECONNRESET", "ENOMEM"]),
  ...survives("linger", "ioctl", "last words", ["EINVAL", "ENOMEM"]),
  ...survives("linger", "epoll_ctl", "last words", ["ENOMEM", "ENOSPC"]),
];

/** All of it. */
export const ROWS: readonly Row[] = [
  ...LISTENING,
  ...POLLER,
  ...ACCEPTING,
  ...DIALLING,
  ...TRANSFERRING,
  ...CLOSING,
];
