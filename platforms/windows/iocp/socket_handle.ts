// SPDX-License-Identifier: MIT
/**
 * A socket as its operations use it: its identity, its port, and the result of starting an
 * operation.
 */
import type { IntOption, RawAddress } from "../../contract/platform.ts";
import type { Arena, Operation, OverlappedOwner } from "./overlapped_arena.ts";
import * as C from "../abi/constants.ts";
import { ERRNO } from "../abi/errno.ts";
import type { CompletionPort, PortEntry } from "./port_contract.ts";
import type { Winsock } from "../abi/winsock.ts";

/** Result of a call that would block. */
export const AGAIN: number = -ERRNO.EAGAIN;

/** State shared by a thread's sockets. */
export interface Shared {
  readonly winsock: Winsock;
  readonly arena: Arena;
}

/** See the top of this file. */
export abstract class SocketHandle implements PortEntry {
  readonly fd: number;
  /** AF_INET or AF_INET6. */
  readonly family: number;
  readonly winsock: Winsock;
  readonly arena: Arena;
  /** Its completion port; null before the first registration. */
  port: CompletionPort | null = null;
  slot = -1;
  sequence = 0;
  /** Whether an operation that succeeds at once queues no packet. */
  skips = false;
  closed = false;
  /** Whether the last operation was a send: then the next data has usually not arrived yet. */
  sentLast = false;
  /** Whether close drops unsent data: it lingers for 0 s. */
  abrupt = false;
  #nonblocking = false;

  /** Options of a listener that its accepted connections inherit. */
  readonly options: Map<IntOption, number> = new Map();

  constructor(shared: Shared, fd: number, family: number) {
    this.winsock = shared.winsock;
    this.arena = shared.arena;
    this.fd = fd;
    this.family = family;
  }

  /** Records that it has a local address. */
  abstract bound(): void;
  /** Starts to connect. 0, or minus an errno: EINPROGRESS while pending. */
  abstract connect(address: RawAddress): number;
  /** Returns the result of a connect, once; null if there was none. */
  abstract outcome(): number | null;
  /** Records that it was registered with its port. */
  abstract registered(): void;
  /** Receives up to `length` bytes; AGAIN while a receive is pending. */
  abstract receive(buffer: Uint8Array, length: number): number;
  /** Sends as much as possible of the first `length` bytes. */
  abstract send(buffer: Uint8Array, length: number): number;
  /**
   * Whether a call in this direction would not block; if it would, `poll` will report the change.
   */
  abstract ready(direction: "read" | "write"): boolean;
  /** Number of bytes that are not in the socket's send buffer yet. */
  abstract underWay(): number;
  /** Number of bytes of a stream received so far, read or not. */
  abstract received(): number;
  /** Calls `action` after pending sends; returns 0 if it is deferred. */
  abstract behindSends(action: () => number): number;
  /** Ends the receiving side. */
  abstract end(): void;
  /** Cancels operations that only wait for the peer. */
  abstract cancelWaits(): void;
  /** Releases all state of a closed socket. */
  abstract discard(): void;

  /**
   * Result of the call that started `operation`; `failure` is 0 or the errno. Returns 0 if the
   * operation has already completed, AGAIN if its packet will arrive, and minus an errno if it did
   * not start.
   */
  begun(failure: number): number {
    if (failure === 0 && this.skips) return 0;
    if (failure !== 0 && failure !== C.WSA_IO_PENDING) return -failure;
    this.port!.begun();
    return AGAIN;
  }

  /** Requests cancellation of an operation; its packet arrives nevertheless. */
  cancel(operation: Operation): void {
    this.winsock.kernel.CancelIoEx(this.fd, operation.overlapped);
  }

  /** Makes calls without an OVERLAPPED non-blocking. */
  unblock(): void {
    if (this.#nonblocking) return;
    this.winsock.ws2.ioctlsocket(this.fd, C.FIONBIO, ONE);
    this.#nonblocking = true;
  }

  /**
   * Returns a slot for an operation that the port reports, or minus an errno: EINVAL for an
   * unregistered socket, whose completion would not be reported.
   */
  prepare(owner: OverlappedOwner, size: Operation["size"], length: number): Operation | number {
    if (this.port === null) return -ERRNO.EINVAL;
    return this.take(owner, size, length) ?? -ERRNO.ENOBUFS;
  }

  /** Returns a slot prepared for `length` bytes; null if there is none. */
  take(owner: OverlappedOwner, size: Operation["size"], length: number): Operation | null {
    const operation = this.arena.take(size);
    operation?.prepare(owner, length);
    return operation;
  }
}

const ONE = new Int32Array(new ArrayBuffer(4));
ONE[0] = 1;
