// SPDX-License-Identifier: MIT
/**
 * kqueue(2) and kevent(2) of libkqueue 2.3.1, for tests alone, with what it lacks put right:
 *
 * - A descriptor can have one filter only, since epoll accepts it once: that for writing is
 *   registered under a duplicate.
 * - A change that fails leaves no EV_ERROR, and EFAULT is its errno whatever the cause; EV_RECEIPT
 *   is not counted in the result. So changes are made one by one, and the receipts written here.
 * - What is registered cannot be registered anew, also when the number was closed meanwhile.
 * - The kqueue's number is that of a pipe. What can be polled is the epoll behind it.
 * - Neither is closed on exec; and when the kqueue is closed, a thread of its own closes the rest some
 *   time later.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import {
  DATA,
  EV_ADD,
  EV_DELETE,
  EV_ERROR,
  EV_ONESHOT,
  EV_RECEIPT,
  EVFILT_READ,
  EVFILT_WRITE,
  FFLAGS,
  FILTER_FLAGS,
  filterOf,
  flagsOf,
  IDENT,
  writeKevent,
} from "../../../platforms/bsd/kevent.ts";
import type { KqueueCalls } from "../../../platforms/bsd/kqueue.ts";
import { jsRuntime } from "../../../platforms/shared/js_runtime.ts";
import type { Library, SymbolTable } from "../../../platforms/contract/platform.ts";
import { AF_INET, SOCK_CLOEXEC, SOCK_STREAM } from "../../../platforms/linux/constants.ts";
import type { Libc } from "../../../platforms/linux/libc.ts";
import type { TakenErrors } from "./so_error.ts";
import { LIBC } from "../../../platforms/linux/symbols.ts";

const SYMBOLS = {
  kqueue: { params: [], result: "i32" },
  kevent: { params: ["i32", "buffer", "i32", "buffer", "i32", "buffer"], result: "i32" },
} as const satisfies SymbolTable;

const FCNTL = {
  fcntl: { params: ["i32", "i32", "i32"], result: "i32" },
} as const satisfies SymbolTable;

const F_GETFD = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const F_DUPFD_CLOEXEC = 1030;
const EPERM = 1;
const ENOENT = 2;
/** How long the library may take to close what is its own. */
const CLOSING_MS = 1000;
const NEVER = new Int32Array(new SharedArrayBuffer(4));
const WORDS = 8;
const NOW = new Int32Array(new ArrayBuffer(16));

/** What one kqueue has registered: the duplicate that stands for a descriptor's writing. */
interface Registered {
  readonly epoll: number;
  /** What its pipe is called, and the end of it that the library keeps. */
  readonly pipe: string;
  readonly reader: number;
  readonly duplicates: Map<number, number>;
  readonly originals: Map<number, number>;
  readonly readers: Set<number>;
}

/** See the top of this file. */
export class LibkqueueCalls implements KqueueCalls {
  readonly #libc: Libc;
  readonly #library: Library<typeof SYMBOLS>;
  readonly #fcntl: Library<typeof FCNTL>["fcntl"];
  readonly #taken: TakenErrors;
  readonly #kqueues = new Map<number, Registered>();
  readonly #change = new Int32Array(new ArrayBuffer(WORDS * 4));

  constructor(libc: Libc, path: string, taken: TakenErrors) {
    const runtime = jsRuntime();
    const names = { title: "libkqueue", names: [path], paths: [path] };
    this.#libc = libc;
    this.#library = runtime.dlopen(names, SYMBOLS).symbols;
    this.#fcntl = runtime.dlopen(LIBC, FCNTL).symbols.fcntl;
    this.#taken = taken;
  }

  kqueue(): number {
    const kq = this.#library.kqueue();
    if (kq < 0) return -this.#libc.errno();
    const epoll = this.#epollBehind(kq);
    const pipe = linkOf(kq);
    const reader = this.#descriptors().find((fd) => fd !== kq && linkOf(fd) === pipe)!;
    for (const fd of [kq, epoll, reader]) this.#fcntl(fd, F_SETFD, FD_CLOEXEC);
    this.#kqueues.set(kq, {
      epoll,
      pipe,
      reader,
      duplicates: new Map(),
      originals: new Map(),
      readers: new Set(),
    });
    return kq;
  }

  kevent(
    kq: number,
    changes: Int32Array,
    changeCount: number,
    events: Int32Array,
    room: number,
    timeout: Int32Array,
  ): number {
    let receipts = 0;
    for (let i = 0; i < changeCount; i++) {
      const at = i * WORDS;
      const errno = this.#make(kq, changes, at);
      if (errno === 0 && !(flagsOf(changes, at) & EV_RECEIPT)) continue;
      if (receipts === room) return -errno;
      const to = receipts++ * WORDS;
      events.set(changes.subarray(at, at + WORDS), to);
      events[to + FILTER_FLAGS] |= EV_ERROR << 16;
      events[to + DATA] = errno;
    }
    if (receipts > 0 || room === 0) return receipts;
    const count = this.#library.kevent(kq, changes, 0, events, room, timeout);
    if (count < 0) return -this.#libc.errno();
    for (let at = 0; at < count * WORDS; at += WORDS) this.#came(kq, events, at);
    return count;
  }

  waitDescriptor(kq: number): number {
    return this.#kqueues.get(kq)!.epoll;
  }

  close(kq: number): number {
    const { duplicates, readers, pipe, reader } = this.#kqueues.get(kq)!;
    // It frees what is left while it still walks over it.
    for (const fd of readers) this.#apply(kq, fd, EVFILT_READ, EV_DELETE, 0, 0);
    for (const fd of [...duplicates.keys()]) this.#dropWriter(kq, fd);
    this.#kqueues.delete(kq);
    const done = this.#libc.symbols.close(kq);
    for (let i = 0; i < CLOSING_MS && linkOf(reader) === pipe; i++) Atomics.wait(NEVER, 0, 0, 1);
    return done;
  }

  /** Makes one change. 0 or an errno. */
  #make(kq: number, changes: Int32Array, at: number): number {
    const fd = changes[at + IDENT];
    const filter = filterOf(changes, at);
    const flags = flagsOf(changes, at) & ~EV_RECEIPT;
    if (filter !== EVFILT_READ && filter !== EVFILT_WRITE) {
      this.#change.set(changes.subarray(at, at + WORDS));
      this.#change[FILTER_FLAGS] &= ~(EV_RECEIPT << 16);
      return this.#call(kq);
    }
    const udata0 = changes[at + 6];
    const udata1 = changes[at + 7];
    return filter === EVFILT_READ
      ? this.#changeReader(kq, fd, flags, udata0, udata1)
      : this.#changeWriter(kq, fd, flags, udata0, udata1);
  }

  #changeReader(kq: number, fd: number, flags: number, udata0: number, udata1: number): number {
    const { readers } = this.#kqueues.get(kq)!;
    if (readers.delete(fd) && flags & EV_ADD) this.#apply(kq, fd, EVFILT_READ, EV_DELETE, 0, 0);
    const errno = this.#apply(kq, fd, EVFILT_READ, flags, udata0, udata1);
    if (!(flags & EV_ADD)) return errno;
    if (errno !== 0) return this.#fcntl(fd, F_GETFD, 0) < 0 ? this.#libc.errno() : EPERM;
    readers.add(fd);
    return 0;
  }

  #changeWriter(kq: number, fd: number, flags: number, udata0: number, udata1: number): number {
    const { duplicates, originals } = this.#kqueues.get(kq)!;
    const gone = this.#dropWriter(kq, fd);
    if (!(flags & EV_ADD)) return gone;
    const duplicate = this.#fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (duplicate < 0) return this.#libc.errno();
    if (this.#apply(kq, duplicate, EVFILT_WRITE, flags, udata0, udata1) !== 0) {
      this.#libc.symbols.close(duplicate);
      return EPERM;
    }
    duplicates.set(fd, duplicate);
    originals.set(duplicate, fd);
    return 0;
  }

  /** 0, or ENOENT if there was none. */
  #dropWriter(kq: number, fd: number): number {
    const { duplicates, originals } = this.#kqueues.get(kq)!;
    const duplicate = duplicates.get(fd);
    if (duplicate === undefined) return ENOENT;
    this.#apply(kq, duplicate, EVFILT_WRITE, EV_DELETE, 0, 0);
    this.#libc.symbols.close(duplicate);
    duplicates.delete(fd);
    originals.delete(duplicate);
    return 0;
  }

  /** An event as a kqueue would report it, with the descriptor's own number. */
  #came(kq: number, events: Int32Array, at: number): void {
    const filter = filterOf(events, at);
    if (filter !== EVFILT_READ && filter !== EVFILT_WRITE) return;
    const { originals, readers } = this.#kqueues.get(kq)!;
    const fd = originals.get(events[at + IDENT]) ?? events[at + IDENT];
    events[at + IDENT] = fd;
    if (events[at + FFLAGS] !== 0) this.#taken.keep(fd, events[at + FFLAGS]);
    if (!(flagsOf(events, at) & EV_ONESHOT)) return;
    if (filter === EVFILT_READ) readers.delete(fd);
    else this.#dropWriter(kq, fd);
  }

  #apply(
    kq: number,
    ident: number,
    filter: number,
    flags: number,
    udata0: number,
    udata1: number,
  ): number {
    writeKevent(this.#change, 0, ident, filter, flags, 0, udata0, udata1);
    return this.#call(kq);
  }

  #call(kq: number): number {
    const done = this.#library.kevent(kq, this.#change, 1, this.#change, 0, NOW);
    return done < 0 ? this.#libc.errno() : 0;
  }

  /** The epoll in which a socket shows up that is registered with `kq`: /proc tells. */
  #epollBehind(kq: number): number {
    const { socket, close } = this.#libc.symbols;
    const probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    this.#apply(kq, probe, EVFILT_READ, EV_ADD, 0, 0);
    const watches = new RegExp(`^tfd: +${probe} `, "m");
    const found = this.#descriptors().find((fd) => watches.test(infoOf(fd)))!;
    this.#apply(kq, probe, EVFILT_READ, EV_DELETE, 0, 0);
    close(probe);
    return found;
  }

  #descriptors(): number[] {
    return readdirSync("/proc/self/fd").map(Number);
  }
}

/** What /proc has on a descriptor; that of a listing itself is gone by then. */
function infoOf(fd: number): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
  } catch {
    return "";
  }
}

/** What a descriptor is called. */
function linkOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return "";
  }
}
