// SPDX-License-Identifier: MIT
/**
 * Receiving half of a stream socket.
 *
 * A receive goes into a slot of the arena, and belongs to the socket rather than to the reader: it
 * continues when the reader is cancelled, and its data is kept for the next one. So data that
 * Windows has received is never lost, and no caller has to wait for a cancellation.
 *
 * A slot is short. If it comes back full there is more data, and the next reads receive directly
 * into the reader's buffer, without waiting, until there is none left. A wait for readability uses
 * a zero-byte receive, which holds no memory. And a receive after a send may be deferred: see
 * ../iocp/deferred_receives.ts.
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
  /** Number of bytes received so far. */
  received = 0;
  /** The pending receive. */
  #pending: Operation | null = null;
  /** Whether the poller will start one. */
  #deferred = false;
  /** A completed receive, and the range of its unread data. */
  #kept: Operation | null = null;
  #from = 0;
  #to = 0;
  /** An unreported errno. */
  #error = 0;
  #ended = false;
  /** Whether a zero-byte receive has reported data. */
  #arrived = false;
  /** Whether to try an immediate receive first. */
  #eager = false;

  constructor(socket: SocketHandle) {
    this.socket = socket;
  }

  /** Receives up to `length` bytes of available data, or returns AGAIN with a pending receive. */
  receive(buffer: Uint8Array, length: number): number {
    for (;;) {
      if (this.#kept !== null) return this.#collect(this.#kept, buffer, length);
      if (this.#pending !== null || this.#deferred) return AGAIN;
      if (this.#error !== 0) return this.#tellError();
      if (this.#ended) return 0;
      const n = this.#eager || this.socket.port === null
        ? this.#receiveNow(buffer, length)
        : this.#beginInTime();
      // Zero means that the state has changed: retry.
      if (n !== 0) return n;
    }
  }

  /** Whether `receive` would not block; if it would, `poll` will report the change. */
  ready(): boolean {
    return this.#begunReady(BARE);
  }

  /** See {@linkcode DeferredReceive}. */
  begin(): boolean {
    if (!this.#deferred) return false;
    this.#deferred = false;
    return this.#begunReady(PAGE);
  }

  /** As `ready`, with a slot of this size if it starts a receive. */
  #begunReady(size: SlotSize): boolean {
    if (this.#kept !== null || this.#error !== 0 || this.#ended || this.#arrived) return true;
    if (this.#pending !== null) return false;
    const begun = this.#begin(size);
    if (begun < 0 && begun !== AGAIN) this.#error = -begun;
    return begun !== AGAIN;
  }

  /** Ends the stream after the data received so far. */
  end(): void {
    this.#ended = true;
    this.cancel();
  }

  /** Cancels the pending receive; its data is kept. */
  cancel(): void {
    this.#deferred = false;
    if (this.#pending !== null) this.socket.cancel(this.#pending);
  }

  /** Discards received data after the close. */
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

  /** Starts a receive of a page, as `#begin`, or defers it to the poller and returns AGAIN. */
  #beginInTime(): number {
    const { sentLast, slot, port } = this.socket;
    // No poll would report an unregistered socket.
    if (!sentLast || slot < 0) return this.#begin(PAGE);
    this.#deferred = true;
    port!.later(this);
    return AGAIN;
  }

  /** Starts a receive: 0 if it has already completed, AGAIN if it is pending, or minus an errno. */
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
      // Windows locks the memory of a receive, up to a limit; a zero-byte receive needs none.
      if (begun === -ERRNO.ENOBUFS && size !== BARE) return this.#begin(BARE);
    } else {
      this.#settle(operation);
    }
    return begun;
  }

  /** Takes the result of a completed receive. */
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

  /** Receives without waiting; 0 at the end of the stream, or if a receive must be started. */
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
