// SPDX-License-Identifier: MIT
/**
 * The receiving half of a stream socket.
 *
 * A receive is begun into a slot of the arena, and belongs to the socket rather than to the reader:
 * when the reader is cancelled it goes on, and what it brings is there for the next one. So nothing
 * that Windows has taken is ever lost, and nobody has to wait for a cancellation.
 *
 * A slot is short. When one came back full there is more to be had, and the next reads take it
 * straight into the reader's buffer, without waiting, until there is none left. Whoever only wants
 * to know whether something has come gets a receive of no bytes, which holds no memory. And a
 * receive behind a send may be begun late: see ../iocp/deferred_receives.ts.
 */
import { POLL_READ } from "../../contract/platform.ts";
import {
  BARE,
  type Operation,
  type OverlappedOwner,
  PAGE,
  type SlotSize,
} from "../iocp/overlapped_arena.ts";
import { ECANCELED, ERRNO } from "../abi/errno.ts";
import { AGAIN, type SocketHandle } from "../iocp/socket_handle.ts";
import type { DeferredReceive } from "../iocp/port_contract.ts";

/** See the top of this file. */
export class Receiver implements OverlappedOwner, DeferredReceive {
  readonly socket: SocketHandle;
  /** Bytes that have come so far. */
  received = 0;
  /** The receive that is under way. */
  #pending: Operation | null = null;
  /** The poller is to begin one. */
  #deferred = false;
  /** A completed receive, and which part of its data has not been read yet. */
  #kept: Operation | null = null;
  #from = 0;
  #to = 0;
  /** An errno that has not been reported yet. */
  #error = 0;
  #ended = false;
  /** Something is there, as a receive of no bytes has told. */
  #arrived = false;
  /** Whether to look without waiting first. */
  #eager = false;

  constructor(socket: SocketHandle) {
    this.socket = socket;
  }

  /** Receives up to `length` bytes: what has come, or AGAIN with a receive under way. */
  receive(buffer: Uint8Array, length: number): number {
    for (;;) {
      if (this.#kept !== null) return this.#collect(this.#kept, buffer, length);
      if (this.#pending !== null || this.#deferred) return AGAIN;
      if (this.#error !== 0) return this.#tellError();
      if (this.#ended) return 0;
      const n = this.#eager || this.socket.port === null
        ? this.#receiveNow(buffer, length)
        : this.#beginInTime();
      // None means: look again, for the state has changed.
      if (n !== 0) return n;
    }
  }

  /** Whether `receive` would not have to wait; if it would, `poll` will report it. */
  ready(): boolean {
    return this.#begunReady(BARE);
  }

  /** See {@linkcode DeferredReceive}. */
  begin(): boolean {
    if (!this.#deferred) return false;
    this.#deferred = false;
    return this.#begunReady(PAGE);
  }

  /** As `ready`; what it begins has so much room. */
  #begunReady(size: SlotSize): boolean {
    if (this.#kept !== null || this.#error !== 0 || this.#ended || this.#arrived) return true;
    if (this.#pending !== null) return false;
    const begun = this.#begin(size);
    if (begun < 0 && begun !== AGAIN) this.#error = -begun;
    return begun !== AGAIN;
  }

  /** From now on the stream is at its end, behind what has come already. */
  end(): void {
    this.#ended = true;
    this.cancel();
  }

  /** Asks for the receive that is under way to end; what it brought is kept. */
  cancel(): void {
    this.#deferred = false;
    if (this.#pending !== null) this.socket.cancel(this.#pending);
  }

  /** The socket is closed: what has come is thrown away. */
  discard(): void {
    this.#deferred = false;
    if (this.#kept !== null) this.socket.arena.give(this.#kept);
    this.#kept = null;
  }

  /** See {@linkcode OverlappedOwner}. */
  completed(operation: Operation): number {
    this.#pending = null;
    this.#settle(operation);
    return POLL_READ;
  }

  /** Begins a receive of a page, as `#begin`; or leaves that to the poller, and gives AGAIN. */
  #beginInTime(): number {
    const { sentLast, slot, port } = this.socket;
    // What is not registered no poll would report.
    if (!sentLast || slot < 0) return this.#begin(PAGE);
    this.#deferred = true;
    port!.later(this);
    return AGAIN;
  }

  /** Begins a receive: 0 if it is over already, AGAIN if it is under way, or minus an errno. */
  #begin(size: SlotSize): number {
    const socket = this.socket;
    const operation = socket.prepare(this, size, size - BARE);
    if (typeof operation === "number") return operation;
    const { ws2, errno } = socket.winsock;
    const { buffer, flags, overlapped } = operation;
    const failure = ws2.WSARecv(socket.fd, buffer, 1, null, flags, overlapped, null) === 0
      ? 0
      : errno();
    const begun = socket.begun(failure);
    if (begun === AGAIN) {
      this.#pending = operation;
    } else if (begun < 0) {
      socket.arena.give(operation);
      // Windows locks the memory of a receive, and has a limit to that; one of no bytes needs none.
      if (begun === -ERRNO.ENOBUFS && size !== BARE) return this.#begin(BARE);
    } else {
      this.#settle(operation);
    }
    return begun;
  }

  /** Takes the result of a receive that is over. */
  #settle(operation: Operation): void {
    const { arena, closed } = this.socket;
    const { errno, bytes } = operation;
    this.received += bytes;
    if (bytes > 0) this.socket.sentLast = false;
    if (errno === 0 && bytes > 0 && !closed) {
      this.#kept = operation;
      this.#from = 0;
      this.#to = bytes;
      return;
    }
    if (errno !== 0) {
      if (errno !== ECANCELED) this.#error = errno;
    } else if (operation.size === BARE) {
      this.#arrived = this.#eager = true;
    } else {
      this.#ended = true;
    }
    arena.give(operation);
  }

  #collect(kept: Operation, buffer: Uint8Array, length: number): number {
    const n = Math.min(length, this.#to - this.#from);
    Uint8Array.prototype.set.call(buffer, kept.data.subarray(this.#from, this.#from + n));
    this.#from += n;
    if (this.#from === this.#to) {
      this.#eager = this.#to === kept.data.length;
      this.discard();
    }
    return n;
  }

  /** Looks without waiting; 0 at the end of the stream, and where a receive is to be begun. */
  #receiveNow(buffer: Uint8Array, length: number): number {
    const socket = this.socket;
    socket.unblock();
    const { ws2, errno } = socket.winsock;
    const n = ws2.recv(socket.fd, buffer, length, 0);
    const failure = n < 0 ? errno() : 0;
    this.#arrived = false;
    this.#eager = n === length;
    if (n > 0) {
      socket.sentLast = false;
      this.received += n;
      return n;
    }
    if (n === 0) this.#ended = true;
    else if (failure !== ERRNO.EAGAIN || socket.port === null) return -failure;
    return 0;
  }

  #tellError(): number {
    const error = this.#error;
    this.#error = 0;
    return -error;
  }
}
