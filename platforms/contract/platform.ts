// SPDX-License-Identifier: MIT
/**
 * The interface between the library and the system underneath; its parts are the files beside this
 * one, and {@linkcode Platform} is all that an operating system must provide.
 *
 * Nothing here or below throws for a failed system call: a call returns its result, or minus the
 * errno. The layers above convert that to an Error once, at their own boundary.
 */
import type { DescriptorCalls, PacketCalls, UnixCalls } from "./packets.ts";
import type { KernelTLSCalls } from "./kernel_tls.ts";
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

/** Network interfaces by name and by index. if_nametoindex(3). */
export interface InterfaceTable {
  /** Returns the index of an interface, or 0 if there is none of that name. */
  indexOf(name: string): number;
  /** Returns the name of an interface, or null if there is none of that index. */
  nameOf(index: number): string | null;
}

/** Encodes and decodes the system's socket addresses. */
export interface AddressCodec {
  /** Maximum length of a Unix socket's path in bytes. */
  readonly maxPath: number;
  /** Maximum length of an abstract name in bytes, without its leading zero; 0 if unsupported. */
  readonly maxAbstract: number;
  /** Returns the number of the address family: AF_INET. */
  family(address: Uint8Array): number;
  /** Whether the address is a `struct sockaddr_in`. */
  isInet4(address: Uint8Array): boolean;
  encode(endpoint: Endpoint): RawAddress;
  decode(address: RawAddress): Endpoint;
  /** Encodes the name of a Unix socket: a path, or an abstract name after a zero byte. */
  encodeName(name: Uint8Array): RawAddress;
  decodeName(address: Uint8Array): Uint8Array;
}

/** Name and message of an errno. */
export interface ErrnoText {
  readonly name: string;
  readonly text: string;
}

/** Error numbers that the layers above distinguish. */
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

/** Threads of this process, by the kernel's thread IDs. */
export interface ThreadCalls {
  /** Returns the ID of the calling thread. */
  current(): number;
  /** Whether that thread of this process still exists. */
  alive(thread: number): boolean;
}

/** An operating system, bound for this thread. */
export interface Platform {
  /** Go's GOOS. */
  readonly os: "linux" | "darwin" | "freebsd" | "windows";
  /** Name of its poller: "epoll", "kqueue", "iocp". */
  readonly pollerName: string;
  /** Call that registers a descriptor with the poller: "epoll_ctl", "kevent". */
  readonly registerName: string;
  readonly runtime: JsRuntime;
  readonly sockaddr: AddressCodec;
  readonly interfaces: InterfaceTable;
  readonly sockets: SocketCalls;
  /** Sockets for the raw poller; the same unless it needs another kind than the poller. */
  readonly rawSockets: RawSocketCalls;
  /** Absent if the system cannot report threads. */
  readonly threads?: ThreadCalls;
  /** Absent if signals arrive only through the host's event loop. */
  readonly signals?: SignalCalls;
  /** Absent if the library knows no kernel TLS of the system. */
  readonly kernelTLS?: KernelTLSCalls;
  readonly transfers: TransferCalls;
  readonly packets: PacketCalls;
  readonly unix: UnixCalls;
  readonly descriptors: DescriptorCalls;
  readonly errno: ErrnoNumbers;
  errnoText(errno: number): ErrnoText;
  /**
   * Returns the addresses of a host name, null if the name does not exist, or undefined to query
   * name servers. Absent on a real system.
   */
  lookup?(name: string): readonly string[] | null | undefined;
  /** Creates a poller. Throws PlatformError with the errno's name if the system refuses. */
  openPoller(): Poller;
  /** Creates a raw poller. Throws PlatformError if the system refuses. */
  openRawPoller(): RawPoller;
  /** Returns a wait in the host's loop until `poller` has events. */
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
  /** Name of the errno, such as "EMFILE", if a system call failed. */
  readonly code?: string;
  /** @internal */
  constructor(message: string, missing: string, cause?: unknown) {
    super(message, { cause });
    this.missing = missing;
    if (/^E[A-Z0-9]+$/.test(missing)) this.code = missing;
  }
}
