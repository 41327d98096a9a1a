// SPDX-License-Identifier: MIT
/**
 * Accepts by AcceptEx, which requires the connection's socket in advance. The operation belongs to
 * the listener, not to the caller of accept: a cancelled accept loses no connection.
 */
import { SOCKADDR_STORAGE_SIZE } from "../../shared/sockaddr.ts";
import { POLL_READ, type RawAddress } from "../../contract/platform.ts";
import { BARE, type Operation, type OverlappedOwner, PAGE } from "../iocp/overlapped_arena.ts";
import * as C from "../abi/constants.ts";
import { ECANCELED, ERRNO } from "../abi/errno.ts";
import { AGAIN, type SocketHandle } from "../iocp/socket_handle.ts";
import { ACCEPT_ADDRESS_SIZE, ACCEPT_UNIX_SIZE } from "../abi/structs.ts";

/** No socket. */
const NONE = -1;

/** An accepted connection. */
export interface Accepted {
  readonly fd: number;
  readonly peer: RawAddress;
}

/** See the top of this file. */
export class OverlappedAcceptor implements OverlappedOwner {
  readonly socket: SocketHandle;
  #pending: Operation | null = null;
  /** A completed accept whose connection has not been returned yet. */
  #kept: Operation | null = null;
  /** Socket of the pending or completed accept. */
  #fd = NONE;
  #error = 0;

  constructor(socket: SocketHandle) {
    this.socket = socket;
  }

  /** Returns the next connection, or minus an errno: AGAIN while an accept is pending. */
  accept(): Accepted | number {
    for (;;) {
      if (this.#kept !== null) return this.#collect(this.#kept);
      if (this.#pending !== null) return AGAIN;
      const error = this.#error;
      this.#error = 0;
      if (error !== 0) return -error;
      const begun = this.#begin();
      if (begun !== 0) return begun;
    }
  }

  /** Whether `accept` would not block; if it would, `poll` will report the change. */
  ready(): boolean {
    if (this.#kept !== null || this.#error !== 0) return true;
    if (this.#pending !== null) return false;
    const begun = this.#begin();
    if (begun < 0 && begun !== AGAIN) this.#error = -begun;
    return begun !== AGAIN;
  }

  /** Cancels the pending accept. */
  cancel(): void {
    if (this.#pending !== null) this.socket.cancel(this.#pending);
  }

  /** Closes connections that were not returned, after the listener's close. */
  discard(): void {
    if (this.#kept === null) return;
    this.socket.arena.give(this.#kept);
    this.#kept = null;
    this.#closeSocket();
  }

  /** See {@linkcode OverlappedOwner}. */
  completed(operation: Operation): number {
    this.#pending = null;
    this.#settle(operation);
    return POLL_READ;
  }

  #begin(): number {
    const socket = this.socket;
    const { ws2, errno, extension } = socket.winsock;
    const fd = openSocket(socket);
    if (fd < 0) return fd;
    const operation = socket.prepare(this, socket.family === C.AF_UNIX ? PAGE : BARE, 0);
    if (typeof operation === "number") {
      ws2.closesocket(fd);
      return operation;
    }
    this.#fd = fd;
    const AcceptEx = extension("AcceptEx", socket.fd);
    const { flags, overlapped } = operation;
    const { room, size } = addressesOf(socket, operation);
    const failure = AcceptEx(socket.fd, fd, room, 0, size, size, flags, overlapped) !== 0
      ? 0
      : errno();
    const begun = socket.begun(failure);
    if (begun === AGAIN) {
      this.#pending = operation;
    } else if (begun < 0) {
      socket.arena.give(operation);
      this.#closeSocket();
      return acceptError(begun);
    } else {
      this.#settle(operation);
    }
    return begun;
  }

  #settle(operation: Operation): void {
    const { errno } = operation;
    if (errno === 0 && !this.socket.closed) {
      this.#kept = operation;
      return;
    }
    if (errno !== 0 && errno !== ECANCELED) this.#error = -acceptError(-errno);
    this.socket.arena.give(operation);
    this.#closeSocket();
  }

  /** Before SO_UPDATE_ACCEPT_CONTEXT, Windows does not treat the socket as connected. */
  #collect(operation: Operation): Accepted | number {
    const { fd: listener, winsock, arena } = this.socket;
    const fd = this.#fd;
    const peer = peerOf(this.socket, operation);
    LISTENER[0] = listener;
    const { setsockopt } = winsock.ws2;
    const name = C.SO_UPDATE_ACCEPT_CONTEXT;
    const done = setsockopt(fd, C.SOL_SOCKET, name, LISTENER, LISTENER.byteLength);
    arena.give(operation);
    this.#kept = null;
    if (done !== 0) {
      this.#closeSocket();
      return -ERRNO.ECONNABORTED;
    }
    this.#fd = NONE;
    return { fd, peer };
  }

  #closeSocket(): void {
    this.socket.winsock.ws2.closesocket(this.#fd);
    this.#fd = NONE;
  }
}

/** A SOCKET in memory has 64 bits. */
const LISTENER = new Int32Array(new ArrayBuffer(8));

/**
 * Converts the error of a connection whose peer is already gone, which must not fail the accept.
 */
function acceptError(result: number): number {
  const gone = result === -ERRNO.ECONNRESET || result === -ERRNO.ENOTCONN;
  return gone ? -ERRNO.ECONNABORTED : result;
}

/** Opens a stream socket of the family of `like`, or returns minus an errno. */
function openSocket(like: SocketHandle): number {
  const { ws2, errno } = like.winsock;
  const flags = C.WSA_FLAG_OVERLAPPED | C.WSA_FLAG_NO_HANDLE_INHERIT;
  const protocol = like.family === C.AF_UNIX ? 0 : C.IPPROTO_TCP;
  const fd = ws2.WSASocketW(like.family, C.SOCK_STREAM, protocol, null, 0, flags);
  return fd === NONE ? -errno() : fd;
}

const POINTERS = new Uint32Array(new ArrayBuffer(16));
const LENGTHS = new Int32Array(new ArrayBuffer(8));
const WORD = 2 ** 32;

/**
 * Returns memory for both addresses, and the size of each. Those of AF_UNIX are too long for a
 * room.
 */
function addressesOf({ family }: SocketHandle, { room, data }: Operation) {
  return family === C.AF_UNIX
    ? { room: data, size: ACCEPT_UNIX_SIZE }
    : { room, size: ACCEPT_ADDRESS_SIZE };
}

/** Returns the peer's address; only GetAcceptExSockaddrs can find it in AcceptEx's output. */
function peerOf(socket: SocketHandle, operation: Operation): RawAddress {
  const { fd, winsock } = socket;
  const { room, size } = addressesOf(socket, operation);
  winsock.extension("GetAcceptExSockaddrs", fd)(
    room,
    0,
    size,
    size,
    POINTERS.subarray(0, 2),
    LENGTHS.subarray(0, 1),
    POINTERS.subarray(2, 4),
    LENGTHS.subarray(1, 2),
  );
  const at = POINTERS[2] + POINTERS[3] * WORD - winsock.addressOf(room);
  return room.slice(at, at + Math.min(LENGTHS[1], SOCKADDR_STORAGE_SIZE));
}
