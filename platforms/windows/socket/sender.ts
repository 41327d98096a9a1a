// SPDX-License-Identifier: MIT
/**
 * The sending half of a stream socket.
 *
 * What is to be sent is copied into a slot of the arena and handed to Windows, which mostly takes
 * it into the socket's own buffer at once. Where that is full the send stays under way, and its
 * slot is an extension of the buffer: its bytes are on their way, are never called back by a
 * deadline (half of them could be out), and the next send waits until they are in.
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

/** An offset as two 32-bit words, which takes no BigInt. */
const WORD = 2 ** 32;

/** See the top of this file. */
export class Sender implements OverlappedOwner {
  readonly socket: SocketHandle;
  #pending: Operation | null = null;
  /** The file that is being read for it, if there is one. */
  #file: SentFile | null = null;
  /** An errno that has not been reported yet. */
  #error = 0;
  /** What is to happen behind what is under way, in this order. */
  #behind: (() => number)[] = [];

  constructor(socket: SocketHandle) {
    this.socket = socket;
  }

  /** Bytes that Windows has yet to take into the socket's buffer. */
  get underWay(): number {
    return this.#pending === null ? 0 : this.#pending.buffer[WSABUF.length];
  }

  /** Whether `send` would not have to wait. */
  ready(): boolean {
    return this.#pending === null;
  }

  /**
   * Does `action`, which would cut off what is under way, behind it: at once, mostly. Gives what it
   * gives, and 0 while it is still to come; nothing can be sent then.
   */
  behind(action: () => number): number {
    if (this.#pending === null) return action();
    this.#behind.push(action);
    return 0;
  }

  /** Sends the first `length` bytes of `buffer`, or as many of them as a slot holds. */
  send(buffer: Uint8Array, length: number): number {
    const operation = this.slot(length);
    if (typeof operation === "number") return operation;
    const n = Math.min(length, operation.data.length);
    operation.data.set(viewOf(buffer, 0, n));
    return this.sendSlot(operation, n);
  }

  /**
   * A slot to be filled with `length` bytes, or as many as it holds, and sent; or minus an errno.
   */
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
   * Sends `length` bytes of `file`, from its byte `offset` on: they count as sent while Windows
   * still reads them, as those of a slot do.
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
   * What became of the call that began the send of `operation`: how many bytes, or minus an errno.
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

  /** The call itself. */
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

  /** Without a completion port, the end of an operation is not reported. */
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

/** Bytes of data that the shorter kind of slot holds. */
const PAGE_DATA = PAGE - BARE;
