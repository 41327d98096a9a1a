// SPDX-License-Identifier: MIT
/**
 * Sending half of a stream socket.
 *
 * Data is copied into a slot of the arena and passed to Windows, which usually copies it into the
 * socket's send buffer at once. If that is full, the send stays pending, and its slot extends the
 * buffer: its bytes count as sent, are never cancelled by a deadline (half of them could be sent
 * already), and the next send waits for them.
 */
import { viewOf } from "../../shared/view.ts";
import { POLL_WRITE } from "../../contract/platform.ts";
import {
  BARE,
  LARGE,
  type Operation,
  type OverlappedOwner,
  PAGE,
} from "../iocp/overlapped_arena.ts";
import { AF_UNIX } from "../abi/constants.ts";
import { ECANCELED, EOPNOTSUPP, EPIPE, ERRNO } from "../abi/errno.ts";
import { AGAIN, type SocketHandle } from "../iocp/socket_handle.ts";
import type { SentFile } from "./sent_file.ts";
import { OVERLAPPED, WSABUF } from "../abi/structs.ts";

/** Splits an offset into two 32-bit words, without a BigInt. */
const WORD = 2 ** 32;

/** See the top of this file. */
export class Sender implements OverlappedOwner {
  readonly socket: SocketHandle;
  #pending: Operation | null = null;
  /** The file being sent, if any. */
  #file: SentFile | null = null;
  /** An unreported errno. */
  #error = 0;
  /** Actions deferred until the pending send completes, in order. */
  #behind: (() => number)[] = [];

  constructor(socket: SocketHandle) {
    this.socket = socket;
  }

  /** Number of bytes that are not in the socket's send buffer yet. */
  get underWay(): number {
    return this.#pending === null ? 0 : this.#pending.buffer[WSABUF.length];
  }

  /** Whether `send` would not block. */
  ready(): boolean {
    return this.#pending === null;
  }

  /**
   * Calls `action`, which would cut off a pending send, after that send: usually at once. Returns
   * its result, or 0 if it is deferred; then nothing more can be sent.
   */
  behind(action: () => number): number {
    if (this.#pending === null) return action();
    this.#behind.push(action);
    return 0;
  }

  /** Sends the first `length` bytes of `buffer`, or as many as a slot holds. */
  send(buffer: Uint8Array, length: number): number {
    const operation = this.slot(length);
    if (typeof operation === "number") return operation;
    const n = Math.min(length, operation.data.length);
    operation.data.set(viewOf(buffer, 0, n));
    return this.sendSlot(operation, n);
  }

  /** Returns a slot for `length` bytes to send, or as many as it holds; or minus an errno. */
  slot(length: number): Operation | number {
    if (this.#behind.length > 0) return -EPIPE;
    if (this.#pending !== null) return AGAIN;
    const error = this.#error;
    this.#error = 0;
    if (error !== 0) return -error;
    const size = length <= PAGE_DATA ? PAGE : LARGE;
    return this.socket.take(this, size, 0) ?? -ERRNO.ENOBUFS;
  }

  /** Sends the first `length` bytes of a slot's data. */
  sendSlot(operation: Operation, length: number): number {
    const socket = this.socket;
    if (socket.port === null) return this.#sendNow(operation, length);
    operation.buffer[WSABUF.length] = length;
    return this.#begun(operation, this.call(operation) === 0 ? 0 : socket.winsock.errno());
  }

  /**
   * Sends `length` bytes of `file` from `offset`: they count as sent while Windows still reads
   * them, like those of a slot.
   */
  transmit(file: SentFile, offset: number, length: number): number {
    const { port, family, fd, winsock } = this.socket;
    if (port === null || family === AF_UNIX) return -EOPNOTSUPP;
    const operation = this.slot(0);
    if (typeof operation === "number") return operation;
    const { buffer, overlapped } = operation;
    buffer[WSABUF.length] = length;
    overlapped[OVERLAPPED.offset] = offset % WORD;
    overlapped[OVERLAPPED.offset + 1] = Math.floor(offset / WORD);
    const transmitFile = winsock.extension("TransmitFile", fd);
    const done = transmitFile(fd, file.handle, length, 0, overlapped, null, 0);
    const sent = this.#begun(operation, done !== 0 ? 0 : winsock.errno());
    if (this.#pending === operation) this.#reading(file);
    return sent;
  }

  /**
   * Result of the call that started the send of `operation`: the number of bytes, or minus an
   * errno.
   */
  #begun(operation: Operation, failure: number): number {
    const length = operation.buffer[WSABUF.length];
    this.socket.sentLast = true;
    const begun = this.socket.begun(failure);
    if (begun === AGAIN) {
      this.#pending = operation;
      return length;
    }
    this.socket.arena.give(operation);
    return begun < 0 ? begun : length;
  }

  #reading(file: SentFile): void {
    this.#file = file;
    file.beginSend();
  }

  /** Starts the send. */
  protected call({ buffer, overlapped }: Operation): number {
    const { fd, winsock } = this.socket;
    return winsock.ws2.WSASend(fd, buffer, 1, null, 0, overlapped, null);
  }

  /** See {@linkcode OverlappedOwner}. */
  completed(operation: Operation): number {
    const { errno } = operation;
    this.#pending = null;
    this.#file?.endSend();
    this.#file = null;
    this.socket.arena.give(operation);
    if (errno !== 0 && errno !== ECANCELED) this.#error = errno;
    const behind = this.#behind;
    this.#behind = [];
    for (const action of behind) action();
    return POLL_WRITE;
  }

  /** Sends without a completion port, which would not report the end of an operation. */
  #sendNow(operation: Operation, length: number): number {
    const socket = this.socket;
    socket.unblock();
    const { ws2, errno } = socket.winsock;
    const n = ws2.send(socket.fd, operation.data, length, 0);
    const failure = n < 0 ? errno() : 0;
    socket.arena.give(operation);
    return n < 0 ? -failure : n;
  }
}

/** Data size of the shorter slot. */
const PAGE_DATA = PAGE - BARE;
