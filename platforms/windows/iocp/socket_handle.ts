// SPDX-License-Identifier: MIT
/**
 * A socket as its operations see it: who it is, which port its packets go to, and how the call that
 * began an operation ended.
 */
import type { IntOption, RawAddress } from "../../contract/platform.ts";
import type { Arena, Operation, OverlappedOwner } from "./overlapped_arena.ts";
import * as C from "../abi/constants.ts";
import { ERRNO } from "../abi/errno.ts";
import type { CompletionPort, PortEntry } from "./port_contract.ts";
import type { Winsock } from "../abi/winsock.ts";

/** What a call answers that would have to wait. */
export const AGAIN: number = -ERRNO.EAGAIN;

/** What the sockets of a thread share. */
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
  /** The port that it belongs to; null until it is registered for the first time. */
  port: CompletionPort | null = null;
  slot = -1;
  sequence = 0;
  /** Whether a call that succeeds at once sends no packet. */
  skips = false;
  closed = false;
  /** Whether a send was the last that happened: what is received next is mostly yet to come. */
  sentLast = false;
  /** Whether its close is to drop what is unsent: it lingers for 0 s. */
  abrupt = false;
  #nonblocking = false;

  /** Options of a listener, for the connections that it accepts. */
  readonly options: Map<IntOption, number> = new Map();

  constructor(shared: Shared, fd: number, family: number) {
    this.winsock = shared.winsock;
    this.arena = shared.arena;
    this.fd = fd;
    this.family = family;
  }

  /** It has an address of its own. */
  abstract bound(): void;
  /** 0, or minus an errno: EINPROGRESS while it is under way. */
  abstract connect(address: RawAddress): number;
  /** How a connect ended, told once; null if there was none. */
  abstract outcome(): number | null;
  /** It was registered with its port. */
  abstract registered(): void;
  /** Receives up to `length` bytes; AGAIN with a receive under way. */
  abstract receive(buffer: Uint8Array, length: number): number;
  /** Sends what it can of the first `length` bytes. */
  abstract send(buffer: Uint8Array, length: number): number;
  /**
   * Whether a call in this direction would not have to wait; if it would, `poll` will report it.
   */
  abstract ready(direction: "read" | "write"): boolean;
  /** Bytes that Windows has yet to take into the socket's buffer. */
  abstract underWay(): number;
  /** Bytes of a stream received so far, read or not. */
  abstract received(): number;
  /** Does `action` behind what is under way; 0 if it is still to come. */
  abstract behindSends(action: () => number): number;
  /** Nothing more is to be received. */
  abstract end(): void;
  /** Asks for what only waits for the peer to end. */
  abstract cancelWaits(): void;
  /** It is closed: nothing of it is kept. */
  abstract discard(): void;

  /**
   * Result of the call that began `operation`; `failure` is 0 or the errno. Returns 0 if the
   * operation is over already, AGAIN if its packet will come, and minus an errno if it never began.
   */
  begun(failure: number): number {
    if (failure === 0 && this.skips) return 0;
    if (failure !== 0 && failure !== C.WSA_IO_PENDING) return -failure;
    this.port!.begun();
    return AGAIN;
  }

  /** Asks Windows to end an operation early; its packet comes all the same. */
  cancel(operation: Operation): void {
    this.winsock.kernel.CancelIoEx(this.fd, operation.overlapped);
  }

  /** Has the calls of the older kind, those without an OVERLAPPED, answer at once. */
  unblock(): void {
    if (this.#nonblocking) return;
    this.winsock.ws2.ioctlsocket(this.fd, C.FIONBIO, ONE);
    this.#nonblocking = true;
  }

  /**
   * A slot for an operation that the port will tell of, or minus an errno: EINVAL for a socket that
   * no port knows, as nobody would be told.
   */
  prepare(beginner: OverlappedOwner, size: Operation["size"], length: number): Operation | number {
    if (this.port === null) return -ERRNO.EINVAL;
    return this.take(beginner, size, length) ?? -ERRNO.ENOBUFS;
  }

  /** A slot prepared for `length` bytes; null if there is none. */
  take(beginner: OverlappedOwner, size: Operation["size"], length: number): Operation | null {
    const operation = this.arena.take(size);
    operation?.prepare(beginner, length);
    return operation;
  }
}

const ONE = new Int32Array(new ArrayBuffer(4));
ONE[0] = 1;
