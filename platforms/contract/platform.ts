// SPDX-License-Identifier: MIT
/**
 * The seam between the library and what it stands on, in one piece; its parts are the files beside
 * this one, and what an operating system must offer in all is {@linkcode Platform}.
 *
 * Nothing here or below throws for a failed system call: a call gives its result, or minus the
 * errno. The storeys above turn that into an Error once, at their own border.
 */
import type { DescriptorCalls, PacketCalls, UnixCalls } from "./packets.ts";
import type { SignalCalls } from "./signals.ts";
import type { Poller, RawPoller } from "./pollers.ts";
import type { HostWait, JsRuntime } from "./js_runtime.ts";
import type {
  Endpoint,
  RawAddress,
  RawSocketCalls,
  SocketCalls,
  TransferCalls,
} from "./sockets.ts";

export type * from "./ffi.ts";
export * from "./pollers.ts";
export type * from "./js_runtime.ts";
export * from "./sockets.ts";

/** Network interfaces by name and by number. if_nametoindex(3). */
export interface InterfaceTable {
  /** Returns the number of an interface, or 0 if there is none of that name. */
  indexOf(name: string): number;
  /** Returns the name of an interface, or null if there is none of that number. */
  nameOf(index: number): string | null;
}

/** Encodes and decodes the system's socket addresses. */
export interface AddressCodec {
  /** Most bytes of a Unix socket's path. */
  readonly maxPath: number;
  /** Most bytes of an abstract name, without its leading zero; 0 if the system has none. */
  readonly maxAbstract: number;
  /** Returns the number of the address's family: AF_INET. */
  family(address: Uint8Array): number;
  /** Whether it is a `struct sockaddr_in`. */
  isInet4(address: Uint8Array): boolean;
  encode(endpoint: Endpoint): RawAddress;
  decode(address: RawAddress): Endpoint;
  /** Encodes the name of a Unix socket: a path, or an abstract name behind a zero. */
  encodeName(name: Uint8Array): RawAddress;
  decodeName(address: Uint8Array): Uint8Array;
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
  readonly EMSGSIZE: number;
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
  readonly sockaddr: AddressCodec;
  readonly interfaces: InterfaceTable;
  readonly sockets: SocketCalls;
  /** The same, unless the poller's sockets are of another kind than the raw poller's. */
  readonly rawSockets: RawSocketCalls;
  /** Absent where the system cannot tell. */
  readonly threads?: ThreadCalls;
  /** Absent where signals arrive only through the host's event loop. */
  readonly signals?: SignalCalls;
  readonly transfers: TransferCalls;
  readonly packets: PacketCalls;
  readonly unix: UnixCalls;
  readonly descriptors: DescriptorCalls;
  readonly errno: ErrnoNumbers;
  errnoText(errno: number): ErrnoText;
  /**
   * Returns the addresses of a host's name, null if there is no such name, or undefined if name servers
   * are to be asked. Absent on a real system.
   */
  lookup?(name: string): readonly string[] | null | undefined;
  /** A new poller. Throws PlatformError if the system has none to give, with the errno's name. */
  openPoller(): Poller;
  /** A new raw poller. Throws PlatformError where the system has none to give. */
  openRawPoller(): RawPoller;
  /** A wait in the host's loop for `poller` to have something. */
  hostWait(poller: Pick<Poller, "waitDescriptor">): HostWait;
  /** Wakes the thread whose poller has this `breakDescriptor`. 0 or minus an errno. */
  wakeDescriptor(breakDescriptor: number): number;
}

/**
 * Thrown when the library cannot run here: a permission or a library is missing, or the system is
 * not supported.
 */
export class PlatformError extends Error {
  /** "PlatformError". */
  override readonly name = "PlatformError";
  /** The missing item: a permission flag, a file, or the name of the error. */
  readonly missing: string;
  /** The name of the errno, as "EMFILE", if a system call failed. */
  readonly code?: string;
  /** @internal */
  constructor(message: string, missing: string, cause?: unknown) {
    super(message, { cause });
    this.missing = missing;
    if (/^E[A-Z0-9]+$/.test(missing)) this.code = missing;
  }
}
