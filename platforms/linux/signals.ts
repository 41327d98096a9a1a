// SPDX-License-Identifier: MIT
/**
 * Catches signals into a socket, for a thread whose event loop is blocked.
 *
 * signalfd(2) serves only signals that every thread blocks, and the runtime's threads exist before
 * this library is loaded. Therefore a handler in machine code (signal_handler.ts) sends each
 * signal's number through a socket pair.
 */
import { arch } from "../contract/host.ts";
import { jsRuntime } from "../shared/js_runtime.ts";
import type { Library, SymbolTable } from "../contract/ffi.ts";
import type { SignalCalls, SignalStream } from "../contract/signals.ts";
import * as C from "./constants.ts";
import type { Libc } from "./libc.ts";
import { LIBC } from "./symbols.ts";
import { handlerPages, WORD_AT } from "./signal_handler.ts";

const SYMBOLS = {
  // int socketpair(int domain, int type, int protocol, int fds[2])
  socketpair: { params: ["i32", "i32", "i32", "buffer"], result: "i32" },
  // int memfd_create(const char *name, unsigned int flags): glibc 2.27
  memfd_create: { params: ["buffer", "u32"], result: "i32" },
  // void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
  mmap: { params: ["pointer", "u32", "i32", "i32", "i32", "i64"], result: "pointer" },
  // int msync(void *addr, size_t len, int flags): fails for an address that is not mapped, such as
  // MAP_FAILED, which the runtimes cannot compare
  msync: { params: ["pointer", "u32", "i32"], result: "i32" },
  // void *memcpy(void *to, const void *from, size_t len)
  memcpy: { params: ["pointer", "buffer", "u32"], result: "pointer" },
  // sighandler_t signal(int signal, sighandler_t handler)
  signal: { params: ["i32", "pointer"], result: "pointer" },
  // int sigaction(int signal, const struct sigaction *act, struct sigaction *old), to save
  sigaction: { params: ["i32", "pointer", "buffer"], result: "i32" },
} as const satisfies SymbolTable;

/** The same function, to restore. */
const RESTORE = {
  sigaction: { params: ["i32", "buffer", "pointer"], result: "i32" },
} as const satisfies SymbolTable;

const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const MAP_SHARED = 1;
const MFD_CLOEXEC = 1;
const MS_ASYNC = 1;

/** At least the size of `struct sigaction`, which is 152 bytes with glibc and musl. */
const SIGACTION_BYTES = 256;

/**
 * The handler, mapped once per thread and never unmapped: another thread may be running it when it
 * is replaced.
 */
interface Handler {
  readonly code: ReturnType<Bound["mmap"]>;
  /** Sets the descriptor that it sends to; -1 for none. */
  readonly target: (fd: number) => void;
}

type Bound = Library<typeof SYMBOLS>;

/** Functions of both tables. */
interface Calls {
  readonly save: Bound;
  readonly restore: Library<typeof RESTORE>;
}

/** See {@linkcode SignalStream}. */
class CaughtSignals implements SignalStream {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #calls: Calls;
  readonly #handler: Handler;
  /** The end that the handler sends to. */
  readonly #target: number;
  /** Previous `struct sigaction` of each caught signal. */
  readonly #saved = new Map<number, Uint8Array>();

  constructor(libc: Libc, calls: Calls, handler: Handler, fd: number, target: number) {
    this.#libc = libc;
    this.#calls = calls;
    this.#handler = handler;
    this.fd = fd;
    this.#target = target;
  }

  catch(signal: number): number {
    const { sigaction, signal: setHandler } = this.#calls.save;
    const old = new Uint8Array(new ArrayBuffer(SIGACTION_BYTES));
    if (sigaction(signal, null, old) < 0) return -this.#libc.errno();
    this.#saved.set(signal, old);
    setHandler(signal, this.#handler.code);
    return 0;
  }

  restore(signal: number): void {
    const old = this.#saved.get(signal);
    if (old === undefined) return;
    this.#saved.delete(signal);
    this.#calls.restore.sigaction(signal, old, null);
  }

  close(): void {
    // Clear the word first: a handler that is running in another thread then reads -1.
    this.#handler.target(-1);
    const { close } = this.#libc.symbols;
    close(this.#target);
    close(this.fd);
  }
}

/** See {@linkcode SignalCalls}. */
export class LinuxSignals implements SignalCalls {
  readonly #libc: Libc;
  #bound: Calls | null = null;
  #handler: Handler | null = null;

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  open(): SignalStream | number {
    const { save } = this.#bind();
    const handler = this.#map(save);
    if (typeof handler === "number") return handler;
    const ends = new Int32Array(new ArrayBuffer(8));
    const type = C.SOCK_STREAM | C.SOCK_NONBLOCK | C.SOCK_CLOEXEC;
    if (save.socketpair(C.AF_UNIX, type, 0, ends) < 0) return -this.#libc.errno();
    const [fd, target] = ends;
    handler.target(target);
    return new CaughtSignals(this.#libc, this.#bind(), handler, fd, target);
  }

  #bind(): Calls {
    if (this.#bound !== null) return this.#bound;
    const runtime = jsRuntime();
    return this.#bound = {
      save: runtime.dlopen(LIBC, SYMBOLS).symbols,
      restore: runtime.dlopen(LIBC, RESTORE).symbols,
    };
  }

  /** Maps the code as readable and executable, and its word, on another page, as writable. */
  #map(save: Bound): Handler | number {
    if (this.#handler !== null) return this.#handler;
    const { symbols, errno } = this.#libc;
    const name = new TextEncoder().encode("netpoll signals\0");
    const file = save.memfd_create(name, MFD_CLOEXEC);
    if (file < 0) return -errno();
    const pages = handlerPages(arch as "x64" | "arm64");
    try {
      if (symbols.write(file, pages, pages.length) < 0) return -errno();
      const code = save.mmap(null, pages.length, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
      if (save.msync(code, pages.length, MS_ASYNC) < 0) return -errno();
      const word = save.mmap(null, WORD_AT, PROT_READ | PROT_WRITE, MAP_SHARED, file, WORD_AT);
      if (save.msync(word, WORD_AT, MS_ASYNC) < 0) return -errno();
      const target = (fd: number) => void save.memcpy(word, Int32Array.of(fd), 4);
      return this.#handler = { code, target };
    } finally {
      symbols.close(file);
    }
  }
}
