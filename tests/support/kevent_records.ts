// SPDX-License-Identifier: MIT
/**
 * Kevents as macOS and FreeBSD deliver them, written down from public sources: what a registration
 * with EV_ADD | EV_CLEAR on both filters gives, and what the adapter must make of it.
 *
 * Where a source is the kernel's own filter, `filt_soread_common` and `filt_sowrite_common` of XNU's
 * bsd/kern/uipc_socket.c: EV_EOF is set as soon as SS_CANTRCVMORE or SS_CANTSENDMORE is, with the
 * socket's error, uncleared, in `fflags`, and the count of bytes in `data`.
 */
import { EV_EOF, EVFILT_READ, EVFILT_WRITE } from "../../platforms/bsd/kevent.ts";

/** One kevent: filter, flags, fflags, data. */
export type Recorded = readonly [filter: number, flags: number, fflags: number, data: number];

/** A row. */
export interface Row {
  readonly what: string;
  readonly source: string;
  readonly kevents: readonly Recorded[];
  /** Whom it wakes, and whether it is a hang-up. */
  readonly wakes: readonly ("read" | "write" | "hangup")[];
  /** The one system that tells it, if it is not both. */
  readonly only?: "darwin" | "freebsd";
}

const ECONNRESET = 54;
const ECONNREFUSED = 61;
const NOTE_OOB = 0x2;
/** The size of a send buffer, as a rule. */
const ROOM = 146_988;

/** The table. */
export const RECORDS: readonly Row[] = [
  {
    what: "connected",
    source: "mio#1091, log of macOS: TcpStream connected and writable",
    kevents: [[EVFILT_WRITE, 0, 0, ROOM]],
    wakes: ["write"],
  },
  {
    what: "data has arrived",
    source: "mio#1091, log of macOS: TcpStream readable",
    kevents: [[EVFILT_READ, 0, 0, 5]],
    wakes: ["read"],
  },
  {
    what: "a connection has arrived at a listener; data is the length of its queue",
    source: "mio#1091, log of macOS: TcpListener incoming stream; kqueue(2), EVFILT_READ",
    kevents: [[EVFILT_READ, 0, 0, 1]],
    wakes: ["read"],
  },
  {
    what: "a connect was refused",
    source: "bun#32257, review: on EVFILT_WRITE with EV_EOF, the errno in fflags, not EV_ERROR; " +
      "XNU: filt_sowrite_common",
    kevents: [[EVFILT_WRITE, EV_EOF, ECONNREFUSED, ROOM]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "a connect was refused, reported on both filters",
    source: "tornado#223, log: the write event, then the read event",
    kevents: [
      [EVFILT_WRITE, EV_EOF, ECONNREFUSED, ROOM],
      [EVFILT_READ, EV_EOF, ECONNREFUSED, 0],
    ],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "a connect was refused, and SO_ERROR has been read already",
    source: "netty#7738: after the error was delivered SO_ERROR gives 0; XNU: fflags is so_error",
    kevents: [[EVFILT_WRITE, EV_EOF, 0, ROOM], [EVFILT_READ, EV_EOF, 0, 0]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "a connect was refused, reported on the read filter alone",
    source:
      "netty#7738: the read filter may fire, and a read take the error; XNU: filt_soread_common",
    kevents: [[EVFILT_READ, EV_EOF, ECONNREFUSED, 0]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "the write filter fires before the connect has completed",
    source: "golang#14548: a spurious event on Darwin, getpeername still says ENOTCONN; " +
      "corosio#202: left from before the connect",
    kevents: [[EVFILT_WRITE, 0, 0, ROOM]],
    wakes: ["write"],
  },
  {
    what: "the peer has ended, 12 bytes are left",
    source: "libevent#103, truss on FreeBSD 9: {5,EVFILT_READ,EV_EOF,0,0xc}",
    kevents: [[EVFILT_READ, EV_EOF, 0, 12]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "the peer has ended, nothing is left: half-closed",
    source: "kqueue(2), EVFILT_READ: EV_EOF if the read direction has shut down; bun#37077",
    kevents: [[EVFILT_READ, EV_EOF, 0, 0]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "half-closed, and the peer has read",
    source: "XNU: filt_sowrite_common, SS_CANTSENDMORE is not set",
    kevents: [[EVFILT_WRITE, 0, 0, ROOM]],
    wakes: ["write"],
  },
  {
    what: "local shutdown of writing",
    source:
      "mio#1091, log of macOS: TcpStream shutdown writing side; mio#1087: the peer may send on",
    kevents: [[EVFILT_WRITE, EV_EOF, 0, ROOM]],
    wakes: ["write"],
  },
  {
    what: "local shutdown of reading",
    source: "mio#1091, log of macOS: TcpStream shutdown reading side",
    kevents: [[EVFILT_READ, EV_EOF, 0, 0]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "local shutdown of both directions",
    source: "XNU: soshutdownlock_final ends both directions, each wakes its own filter",
    kevents: [[EVFILT_READ, EV_EOF, 0, 0], [EVFILT_WRITE, EV_EOF, 0, ROOM]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "the peer has closed",
    source: "mio#1091, log of macOS: TcpStream remote closed, write before read",
    kevents: [[EVFILT_WRITE, EV_EOF, 0, ROOM], [EVFILT_READ, EV_EOF, 0, 0]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "reset, with writes pending",
    source: "bun#37077: EV_EOF on the write filter, SO_ERROR set; it may be all that comes",
    kevents: [[EVFILT_WRITE, EV_EOF, ECONNRESET, 0]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "reset after the peer's end was read",
    source: "bun#37153: with EV_CLEAR once more on the read filter, the errno in fflags",
    kevents: [[EVFILT_READ, EV_EOF, ECONNRESET, 0]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "reset, reported on both filters",
    source: "XNU: soisdisconnected sets both states and wakes both",
    kevents: [[EVFILT_READ, EV_EOF, ECONNRESET, 7], [EVFILT_WRITE, EV_EOF, ECONNRESET, 0]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "the reader of a pipe is gone, reported to its writer on the read filter alone",
    source: "Go, runtime/netpoll_kqueue.go: on some systems",
    kevents: [[EVFILT_READ, EV_EOF, 0, 0]],
    wakes: ["read", "write", "hangup"],
  },
  {
    what: "urgent data behind 3 bytes",
    source:
      "XNU: filt_soread_common, NOTE_OOB while there is a mark, and data from it on; sohasoutofband",
    kevents: [[EVFILT_READ, 0, NOTE_OOB, 0]],
    wakes: ["read", "hangup"],
    only: "darwin",
  },
  {
    what: "urgent data followed by the peer's end",
    source: "XNU: filt_soread_common, the mark is looked at before SS_CANTRCVMORE",
    kevents: [[EVFILT_READ, 0, NOTE_OOB, 4]],
    wakes: ["read", "hangup"],
    only: "darwin",
  },
  {
    what: "a transient error of UDP",
    source: "XNU: filt_soread_common, so_error without SS_CANTRCVMORE",
    kevents: [[EVFILT_READ, 0, 0, 0]],
    wakes: ["read"],
  },
  {
    what: "both directions at once",
    source: "kqueue(2): a filter for each, in no order",
    kevents: [[EVFILT_READ, 0, 0, 3], [EVFILT_WRITE, 0, 0, ROOM]],
    wakes: ["read", "write"],
  },
];
