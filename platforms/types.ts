// SPDX-License-Identifier: MIT
/**
 * The seam between the library and what it stands on: the neutral notation for C functions,
 * what a JavaScript runtime must offer, and what an operating system must offer.
 *
 * Nothing here or below throws for a failed system call: a call gives its result, or minus the
 * errno. The storeys above turn that into an Error once, at their own border.
 */
import type { DescriptorCalls, PacketCalls, UnixCalls } from "./packet_types.ts";
import type { SockaddrCodec } from "./sockaddr.ts";

/** What a C parameter may be. 32-bit integers keep a call on both runtimes' fast paths; a `size_t`
 * is declared `u32` and its value kept below 2^30, so that the upper half of the register is zero.
 * An `i64` is given as a safe integer, which takes no BigInt: for an `off_t` by value. */
export type CParam = "i32" | "u32" | "i64" | "buffer" | "pointer";

/** What a C function may return; `void*` as an opaque pointer that only its own runtime can read. */
export type CResult = "i32" | "u32" | "void" | "pointer";

/** One C function. An `optional` one that the library lacks becomes `null`. */
export interface CFunction {
  readonly params: readonly CParam[];
  readonly result: CResult;
  readonly optional?: true;
}

/** C functions by their C names. */
export type SymbolTable = Readonly<Record<string, CFunction>>;

/** A pointer as the runtime represents it: a number on Bun, an object on Deno. */
export type Pointer = { readonly __pointer: unique symbol };

type Arg<P extends CParam> = P extends "buffer" ? ArrayBufferView
  : P extends "pointer" ? Pointer | null
  : number;
type Args<P extends readonly CParam[]> = { -readonly [K in keyof P]: Arg<P[K]> };
type Result<R extends CResult> = R extends "void" ? void : R extends "pointer" ? Pointer : number;
/** One function of it, callable. */
export type Bound<F extends CFunction> = (...args: Args<F["params"]>) => Result<F["result"]>;

/** What {@linkcode JsRuntime.dlopen} makes of a {@linkcode SymbolTable}: the same on every runtime. */
export type Library<T extends SymbolTable> = {
  readonly [K in keyof T]: T[K] extends { optional: true } ? Bound<T[K]> | null : Bound<T[K]>;
};

/** The names under which a C library may be found, tried in this order. */
export interface LibraryNames {
  /** What a message calls it: "the C library". */
  readonly title: string;
  /** Names for the dynamic linker's own search. */
  readonly names: readonly string[];
  /** Absolute paths, for a Deno whose `--allow-ffi` names files. */
  readonly paths: readonly string[];
}

/** A library that was opened, and the name that worked. */
export interface OpenedLibrary<T extends SymbolTable> {
  readonly symbols: Library<T>;
  readonly path: string;
}

/** The JavaScript runtime underneath: all that the library knows of Bun or of Deno. */
export interface JsRuntime {
  readonly name: "bun" | "deno";
  /** Whether its TLS lets one side write on when the other has ended. */
  readonly tlsHalfCloses: boolean;
  /** Opens the first of `library`'s names that is there and permitted. Throws PlatformError. */
  dlopen<T extends SymbolTable>(library: LibraryNames, table: T): OpenedLibrary<T>;
  /** A function that reads this thread's errno, of which `location` is the address. */
  errnoReader(location: Pointer, libraryPath: string): () => number;
  /**
   * A function that tells where a view's memory is, for structures that point at it. The address
   * holds while the view is referred to; a number is exact, since no process has 2^53 bytes.
   */
  addressReader(libraryPath: string): (view: ArrayBufferView) => number;
  /** The cheapest clock that has the milliseconds of `performance.now()` and is never ahead of it. */
  clock(): () => number;
  /** The pointer to a number's address. */
  pointerAt(address: number): Pointer;
  /** The `length` bytes behind `pointer`, which must stay where they are for good. */
  memoryAt(pointer: Pointer, length: number): ArrayBuffer;
  /** The function at `pointer`, which no library has by a name. */
  functionAt<F extends CFunction>(pointer: Pointer, declaration: F): Bound<F>;
  /** A wait for `fd` to turn readable that lets the host's loop go on. */
  hostWait(fd: number, libraryPath: string): HostWait;
  /** A wait for a packet of a completion port that lets the host's loop go on. */
  completionWait(basket: CompletionBasket): HostWait;
  /** A variable of the environment; undefined if it is not set, or may not be read without asking. */
  variable(name: string): string | undefined;
  /** Throws the runtime's own error unless the user permitted network access to `host:port`. */
  requireNet(host: string, port: number): void;
  /** Throws the runtime's own error if the user denied access to the address behind a permitted name. */
  refuseDeniedNet(ip: string, port: number): void;
  /** The text of a small file; null if it is not there, or the user has not permitted to read it. */
  readText(path: string): string | null;
  /** Deno's classes of errors by their names, or what stands in for them. */
  denoErrors(): ErrorClasses;
  /** Throws the runtime's own error unless the user permitted the Unix socket at an absolute `path`. */
  requireUnixPath(path: string): void;
  /** As {@linkcode requireUnixPath}, for an abstract name, which belongs to no file. */
  requireUnixName(name: string): void;
}

/** A class of errors that takes a message. */
export type ErrorClass = new (message?: string) => Error;

/** Classes of errors by name; not every name that Deno has need be there. */
export type ErrorClasses = Readonly<Record<string, ErrorClass | undefined>>;

/**
 * Watches one descriptor from outside the thread, while the thread is in its host's loop.
 * No event is lost to it: whoever is woken looks for himself.
 */
export interface HostWait {
  /** True from `arm` until the watch has fired. */
  readonly armed: boolean;
  /** Starts the watch; `wake` is called once, from the host's loop, when the descriptor is readable.
   * While armed it keeps the process alive. Must not be called while armed. */
  arm(wake: () => void): void;
  /** Gives back whatever the wait owns; call only when not armed. */
  dispose(): void;
}

/**
 * Where a wait outside the thread puts the packets that it takes from a completion port: a port has
 * no way to be looked at without taking. The memory is nobody's heap, and stays for good.
 */
export interface CompletionBasket {
  /** The port's handle. */
  readonly port: number;
  /** The address of room for `capacity` structures OVERLAPPED_ENTRY. */
  readonly entries: number;
  readonly capacity: number;
  /** The address of a 32-bit count of those that are in it. */
  readonly count: number;
}

/** An internet or Unix endpoint as bytes of a `struct sockaddr`, owned by whoever holds it. */
export type RawAddress = Uint8Array<ArrayBuffer>;

/**
 * An internet endpoint in neutral form. `ip` has 4 or 16 bytes, or none where no host was given;
 * `scope` is an interface index.
 */
export interface Endpoint {
  readonly ip: Uint8Array;
  readonly port: number;
  readonly scope: number;
}

/** A socket option by its POSIX name; each system knows its own numbers. */
export type IntOption =
  | "SO_REUSEADDR"
  | "SO_REUSEPORT"
  | "SO_KEEPALIVE"
  | "SO_RCVBUF"
  | "SO_SNDBUF"
  | "SO_ERROR"
  | "SO_TYPE"
  | "TCP_NODELAY"
  | "TCP_KEEPIDLE"
  | "TCP_KEEPINTVL"
  | "TCP_KEEPCNT"
  | "TCP_USER_TIMEOUT"
  | "TCP_DEFER_ACCEPT"
  | "TCP_FASTOPEN"
  | "TCP_FASTOPEN_CONNECT"
  | "SO_MARK"
  | "IP_TOS"
  | "IPV6_TCLASS"
  | "IPV6_V6ONLY";

/** The family of an internet socket. */
export type Family = "ip4" | "ip6";

/** Which half of a connection `shutdown` ends. */
export type ShutdownHow = "read" | "write";

/**
 * Sockets as an operating system offers them, each call non-blocking and retried on EINTR where
 * that is right. Every call gives a result of zero or more, or minus an errno.
 */
export interface SocketCalls {
  /** A non-blocking, close-on-exec stream socket. */
  streamSocket(family: Family): number;
  bind(fd: number, address: RawAddress): number;
  listen(fd: number, backlog: number): number;
  /** What the system calls {@linkcode accept}: "accept4". */
  readonly acceptName: string;
  /** A new descriptor; the peer's address is then in {@linkcode peer}. */
  accept(fd: number): number;
  /** The address of the peer that the last `accept` gave, as a copy. */
  peer(): RawAddress;
  /** The same by platforms/packed_address.ts: -1 if it is no IPv4 address. Takes no memory. */
  packedPeer(): number;
  connect(fd: number, address: RawAddress): number;
  /** Receives into the first `length` bytes of `buffer`. */
  recv(fd: number, buffer: Uint8Array, length: number): number;
  /** Sends the first `length` bytes of `buffer`; never raises SIGPIPE. */
  send(fd: number, buffer: Uint8Array, length: number): number;
  /** Reads once from any descriptor. read(2). */
  read(fd: number, buffer: Uint8Array, length: number): number;
  /** Writes once to any descriptor. write(2). */
  write(fd: number, buffer: Uint8Array, length: number): number;
  /** 1 if a call in this direction would not have to wait, 0 if it would. poll(2). */
  ready(fd: number, direction: "read" | "write"): number;
  shutdown(fd: number, how: ShutdownHow): number;
  close(fd: number): number;
  getOption(fd: number, option: IntOption): number;
  setOption(fd: number, option: IntOption, value: number): number;
  /** Seconds to linger in `close`; negative switches it off. */
  setLinger(fd: number, seconds: number): number;
  /** Has everything go through the interface of this name. */
  bindToDevice(fd: number, name: string): number;
  /** The socket's own address, or minus an errno. */
  localAddress(fd: number): RawAddress | number;
  /** The peer's address, or minus an errno. */
  remoteAddress(fd: number): RawAddress | number;
  /** Bytes sent that the peer has not acknowledged, a FIN counted as one. */
  unacknowledged(fd: number): number;
  /**
   * Bytes that `send` has taken and that are still here, for what must not be closed meanwhile;
   * absent where {@linkcode unacknowledged} is exact.
   */
  underWay?(fd: number): number;
  /** Closes a descriptor of whatever kind that the library has opened; absent where `close` does. */
  closeAny?(fd: number): number;
  /** It is another thread's from now on: nothing of it is kept here. Absent where nothing ever is. */
  handedOn?(fd: number): void;
  /** Bytes that the peer of a TCP socket has delivered so far, read or not; absent where nobody counts. */
  delivered?(fd: number): number;
  /** The index of a network interface, or 0 if there is none of that name. */
  interfaceIndex(name: string): number;
  /** The name of a network interface, or null if there is none with that index. */
  interfaceName(index: number): string | null;
  /** The greatest backlog that the kernel grants. */
  maxBacklog(): number;
  /** A descriptor kept in reserve, to be given up when there is no other left. */
  spareDescriptor(): number;
}

/** What a loop over a raw poller calls. */
export type RawSocketCalls = Pick<
  SocketCalls,
  | "streamSocket"
  | "setOption"
  | "getOption"
  | "bind"
  | "listen"
  | "maxBacklog"
  | "acceptName"
  | "accept"
  | "connect"
  | "read"
  | "write"
  | "shutdown"
  | "close"
  | "localAddress"
>;

/**
 * The pieces of one `sendmsg`, in memory that the thread's connections share: filled and sent
 * before anything else may run. The caller keeps the pieces alive until then.
 */
export interface SendVector {
  /** How many pieces it takes. */
  readonly capacity: number;
  /** How many it has. */
  readonly count: number;
  /** Drops what it has. */
  clear(): void;
  /** Adds the bytes of `piece` from `start` up to `end`. */
  add(piece: Uint8Array, start: number, end: number): void;
  /** Sends them as far as the socket has room. */
  send(fd: number): number;
}

/** The two ends of a pipe, non-blocking. */
export interface PipeEnds {
  readonly reader: number;
  readonly writer: number;
  /** Bytes that it holds. */
  readonly capacity: number;
}

/** Moving bytes between descriptors within the kernel. Results as of {@linkcode SocketCalls}. */
export interface TransferCalls {
  readonly vector: SendVector;
  /**
   * What `sendFile` is to be given of the file that is open as `file` and lies at `path`, where that is
   * not `file` itself; minus an errno if there is no such thing. `closeFile` gives it back.
   */
  openFile?(file: number, path: string | null): number;
  /** See `openFile`. */
  closeFile?(handle: number): void;
  /** Sends up to `length` bytes of the file `from`, from its byte `offset` on; 0 at its end. */
  sendFile(to: number, from: number, offset: number, length: number): number;
  /** Moves up to `length` bytes from a socket into a pipe or out of one; 0 at the end. */
  splice(from: number, to: number, length: number): number;
  /** A pipe of about `capacity` bytes, or minus an errno. */
  pipe(capacity: number): PipeEnds | number;
}

/** Bits of an event: what {@linkcode PollSink} is told of a descriptor. */
export const POLL_READ = 1;
/** A writer may go on. */
export const POLL_WRITE = 2;
/** The peer sends no more, or the socket has failed: a short read no longer means "drained". */
export const POLL_HANGUP = 4;
/** The descriptor has an error and nothing else. */
export const POLL_ERROR = 8;

/**
 * Takes events from a poller. `slot` and `sequence` are those of the pollDesc that the descriptor
 * was opened with; the sink drops an event whose sequence is no longer the slot's. It gives whether
 * somebody has been made runnable, by this event or by one before it in the same poll; a poller may
 * keep the events after that for the next one.
 */
export type PollSink = (slot: number, sequence: number, mode: number) => boolean | void;

/**
 * The part of the netpoll contract that differs between systems. A poller belongs to one thread.
 *
 * It serves readiness and completion alike. A readiness poller (epoll, kqueue) reports that a call
 * is worth trying; a completion poller (IOCP) has first written the finished operation's result
 * where its owner will look, and then reports the same two modes. Neither knows what is parked.
 */
export interface Poller {
  /**
   * Whether bytes that arrive after a short read make an event of themselves. Where they do not
   * (IOCP), the next read must ask, and its asking is what the event will answer.
   */
  readonly tellsArrivals: boolean;
  /** A descriptor that is readable while `poll` has something to give; for {@linkcode HostWait}. */
  readonly waitDescriptor: number;
  /** What another thread of this process needs to wake this one; see `wakeDescriptor`. */
  readonly breakDescriptor: number;
  /** Registers `fd` once, edge-triggered, both directions. 0 or minus an errno: EEXIST if it is. */
  open(fd: number, slot: number, sequence: number): number;
  /** Ends the registration; called before `fd` is closed or handed on. 0 or minus an errno. */
  close(fd: number): number;
  /**
   * Waits and reports to the sink. `delay` in nanoseconds: negative waits until something comes,
   * 0 only looks, positive is a bound. May return early with nothing. Gives the number of events,
   * or minus an errno.
   */
  poll(delay: number, sink: PollSink): number;
  /** Makes the current or the next `poll` return; any number of calls makes one wake-up. */
  break(): void;
  /** Whether `fd` is one of the poller's own. */
  isPollDescriptor(fd: number): boolean;
  /** Gives back the poller's own descriptors. */
  dispose(): void;
}

/** When a {@linkcode RawPoller} reports: at each change, as long as it holds, or once until re-armed. */
export type Trigger = "edge" | "level" | "oneshot";

/**
 * Takes events from a raw poller. `tag` is the one that the descriptor was added or modified with
 * last; `mode` has the bits of {@linkcode PollSink}, each as the system tells it.
 */
export type RawSink = (fd: number, tag: number, mode: number) => void;

/**
 * A poller as the system has it, for those who write their own loop. What is registered, and in
 * which mode, is theirs to say; the system refuses what it must: EPERM for what cannot be polled,
 * EEXIST for what is there, ENOENT for what is not. Where the system itself would not (kqueue), the
 * adapter does. It belongs to one thread. Calls give 0 or more, or minus an errno.
 */
export interface RawPoller {
  /** A descriptor that is readable while `wait` has something to give; for {@linkcode HostWait}. */
  readonly waitDescriptor: number;
  /** What another thread of this process needs to wake this one; see `wakeDescriptor`. */
  readonly breakDescriptor: number;
  /** What the system calls `wait`: "epoll_wait". */
  readonly waitName: string;
  /** What it calls `add`, `modify` and `remove`: "epoll_ctl". */
  readonly controlName: string;
  /** Registers `fd` for the bits POLL_READ and POLL_WRITE of `mode`. */
  add(fd: number, mode: number, trigger: Trigger, tag: number): number;
  /** Changes what `fd` is registered for, or arms it again. */
  modify(fd: number, mode: number, trigger: Trigger, tag: number): number;
  /** Ends the registration of `fd`, which is still open. */
  remove(fd: number): number;
  /** Waits and reports, as {@linkcode Poller.poll} does. */
  wait(delay: number, sink: RawSink): number;
  /** Makes the current or the next `wait` return; any number of calls makes one wake-up. */
  break(): void;
  /** Gives back the poller's own descriptors. */
  dispose(): void;
}

/** The name and the words of an errno. */
export interface ErrnoText {
  readonly name: string;
  readonly text: string;
}

/** The numbers that the storeys above must tell apart. */
export interface ErrnoNumbers {
  readonly EINTR: number;
  readonly EAGAIN: number;
  readonly EINVAL: number;
  readonly EISCONN: number;
  readonly EALREADY: number;
  readonly EINPROGRESS: number;
  readonly ENOTCONN: number;
  readonly ECONNABORTED: number;
  readonly EPROTO: number;
  readonly EMFILE: number;
  readonly ENFILE: number;
  readonly ENOBUFS: number;
  readonly ENOMEM: number;
  readonly EADDRNOTAVAIL: number;
  readonly ECONNRESET: number;
  readonly EAFNOSUPPORT: number;
}

/** The threads of this process, as the kernel knows them. */
export interface ThreadCalls {
  /** The number of the calling thread. */
  current(): number;
  /** Whether that thread of this process still exists. */
  alive(thread: number): boolean;
}

/** One operating system, bound for this thread. */
export interface Platform {
  /** As Go's GOOS names it. */
  readonly os: "linux" | "darwin" | "freebsd" | "windows";
  /** What its pollers are: "epoll", "kqueue", "iocp". */
  readonly pollerName: string;
  /** The call that registers a descriptor with them: "epoll_ctl", "kevent". */
  readonly registerName: string;
  readonly runtime: JsRuntime;
  readonly sockaddr: SockaddrCodec;
  readonly sockets: SocketCalls;
  /** The same, unless the poller's sockets are of another kind than the raw poller's. */
  readonly rawSockets: RawSocketCalls;
  /** Absent where the system cannot tell. */
  readonly threads?: ThreadCalls;
  readonly transfers: TransferCalls;
  /** Where the system has them; see src/net/calls.ts. */
  readonly packets?: PacketCalls;
  readonly unix?: UnixCalls;
  readonly descriptors?: DescriptorCalls;
  readonly errno: ErrnoNumbers;
  errnoText(errno: number): ErrnoText;
  /** A new poller. Throws PlatformError if the system has none to give, with the errno's name. */
  openPoller(): Poller;
  /** A new raw poller. Throws PlatformError where the system has none to give. */
  openRawPoller(): RawPoller;
  /** A wait in the host's loop for `poller` to have something. */
  hostWait(poller: Pick<Poller, "waitDescriptor">): HostWait;
  /** Wakes the thread whose poller has this `breakDescriptor`. 0 or minus an errno. */
  wakeDescriptor(breakDescriptor: number): number;
}

/** Thrown when the library cannot run here: no permission, no library, no such system. */
export class PlatformError extends Error {
  /** "PlatformError". */
  override readonly name = "PlatformError";
  /** What would help: the permission flag or the file that is missing. */
  readonly missing: string;
  /** @internal */
  constructor(message: string, missing: string, cause?: unknown) {
    super(message, { cause });
    this.missing = missing;
  }
}
