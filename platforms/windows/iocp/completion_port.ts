// SPDX-License-Identifier: MIT
/**
 * A completion port as a queue of packets. Windows and any thread may queue packets, and one thread
 * dequeues them.
 *
 * A wait beside the host's loop cannot examine a port without dequeuing. It stores packets in a
 * completion buffer, which every poll reads first.
 */
import { type CompletionBuffer, type HostWait, PlatformError } from "../../contract/platform.ts";
import { type Operation, PAGE } from "./overlapped_arena.ts";
import * as C from "../abi/constants.ts";
import { ERRNO, errnoText, ntstatusErrno } from "../abi/errno.ts";
import type { Shared } from "./socket_handle.ts";
import { OVERLAPPED_ENTRY } from "../abi/structs.ts";

/** Maximum number of packets per wait; the port keeps the rest for the next, in order. */
const MAX_ENTRIES = 256;
/** Maximum number of packets that the wait beside the host's loop dequeues. */
const BASKET_ENTRIES = 64;
/** Offsets of the completion buffer's count and entries, in 32-bit words. */
const COUNT_AT = 0;
const ENTRIES_AT = 4;
/** Longest wait passed to the kernel, about eleven days; a longer one is split. */
const MAX_DELAY_NS = 1e15;
/** Longest wait while packets may go to the completion buffer, which does not wake this thread. */
const SLICE_NS = 1e7;
/** Duration of {@linkcode CompletionQueue.drain}. */
const LAST_PACKETS_MS = 1000;
const WORD = 2 ** 32;
const UNKNOWN_PACKET = "netpoll: take: a completion of an operation that is not in progress";

/** Consumer of completions. */
export interface CompletionHandler {
  /** Handles a completed operation. */
  over(operation: Operation): void;
}

/** See the top of this file. */
export class CompletionQueue {
  /** The port's handle. */
  readonly handle: number;
  /** Number of pending operations that will each queue a packet. */
  pending = 0;
  /** Whether the last poll dequeued a packet of `break`. */
  woken = false;
  readonly #shared: Shared;
  readonly #handler: CompletionHandler;
  readonly #entries = new Int32Array(new ArrayBuffer(MAX_ENTRIES * OVERLAPPED_ENTRY.words * 4));
  readonly #removed = new Int32Array(new ArrayBuffer(4));
  readonly #timeout = new Int32Array(new ArrayBuffer(8));
  readonly #buffer: Operation;
  readonly #bufferWords: Int32Array;
  #wait: HostWait | null = null;
  #broken = false;

  /** Opens a port. Throws PlatformError. */
  constructor(shared: Shared, handler: CompletionHandler) {
    this.#shared = shared;
    this.#handler = handler;
    const completions = shared.arena.take(PAGE);
    if (completions === null) throw failure(ERRNO.ENOBUFS);
    this.#buffer = completions;
    const { buffer, byteOffset, byteLength } = completions.data;
    this.#bufferWords = new Int32Array(buffer, byteOffset, byteLength / 4);
    this.#bufferWords[COUNT_AT] = 0;
    const { nt } = shared.winsock;
    const handle = new Int32Array(new ArrayBuffer(8));
    // One thread dequeues packets: this one, or its waiter.
    const status = nt.NtCreateIoCompletion(handle, C.IO_COMPLETION_ALL_ACCESS, null, 2);
    if (status < 0) {
      shared.arena.give(completions);
      throw failure(ntstatusErrno(status));
    }
    this.handle = handle[0];
  }

  /** Associates `file` with this port, permanently. 0 or minus an errno. */
  associate(file: number): number {
    const { kernel, errno } = this.#shared.winsock;
    return kernel.CreateIoCompletionPort(file, this.handle, 0, 0) === 0 ? -errno() : 0;
  }

  /** Dequeues packets, waiting up to `delay` ns; returns their number, or minus an errno. */
  poll(delay: number): number {
    this.woken = false;
    const count = this.#emptyBasket();
    const longest = count > 0 ? 0 : this.#wait?.armed && delay !== 0 ? SLICE_NS : Infinity;
    const { nt } = this.#shared.winsock;
    this.#setTimeout(delay < 0 ? longest : Math.min(delay, longest));
    const status = nt.NtRemoveIoCompletionEx(
      this.handle,
      this.#entries,
      MAX_ENTRIES,
      this.#removed,
      this.#timeout,
      0,
    );
    // The count is invalid after a timeout.
    if (status === C.STATUS_SUCCESS) return count + this.#take(this.#entries, 0, this.#removed[0]);
    return status < 0 ? -ntstatusErrno(status) : count;
  }

  /** Makes the current or next poll return. */
  break(): void {
    if (this.#broken) return;
    this.#broken = true;
    breakPort(this.#shared, this.handle);
  }

  /** Returns a wait in the host's loop until this port has packets. */
  hostWait(): HostWait {
    const { runtime } = this.#shared.winsock;
    return this.#wait = runtime.completionWait(this.#bufferOf());
  }

  /** Waits a while for outstanding packets: slots are free only after their packet. */
  drain(): void {
    const end = performance.now() + LAST_PACKETS_MS;
    while (this.pending > 0 && performance.now() < end) this.poll(SLICE_NS);
  }

  /** Closes the port. */
  dispose(): void {
    this.#shared.arena.give(this.#buffer);
    this.#shared.winsock.kernel.CloseHandle(this.handle);
  }

  #bufferOf(): CompletionBuffer {
    const address = this.#shared.arena.addressOf(this.#buffer.data);
    return {
      port: this.handle,
      entries: address + ENTRIES_AT * 4,
      capacity: BASKET_ENTRIES,
      count: address + COUNT_AT * 4,
    };
  }

  #emptyBasket(): number {
    const count = this.#bufferWords[COUNT_AT];
    if (count === 0) return 0;
    this.#bufferWords[COUNT_AT] = 0;
    return this.#take(this.#bufferWords, ENTRIES_AT, count);
  }

  #take(words: Int32Array, start: number, count: number): number {
    const { arena } = this.#shared;
    for (let i = 0, at = start; i < count; i++, at += OVERLAPPED_ENTRY.words) {
      const pointer = at + OVERLAPPED_ENTRY.overlapped;
      const operation = arena.at(words[pointer], words[pointer + 1]);
      if (operation === null) {
        this.#broken = false;
        this.woken = true;
        continue;
      }
      // Its slot may have been reused since, so the packet cannot be handled safely.
      if (operation.owner === null) throw new Error(UNKNOWN_PACKET);
      this.pending--;
      this.#handler.over(operation);
    }
    return count;
  }

  /** Sets a timeout in units of 100 ns, negative for a relative time; rounded up. */
  #setTimeout(ns: number): void {
    const units = Math.ceil(Math.min(ns, MAX_DELAY_NS) / 100);
    const low = units % WORD;
    this.#timeout[0] = -low;
    this.#timeout[1] = -Math.floor(units / WORD) - (low > 0 ? 1 : 0);
  }
}

function failure(errno: number): PlatformError {
  const { name, text } = errnoText(errno);
  return new PlatformError(`Cannot open a poller: NtCreateIoCompletion: ${text}`, name);
}

/** Queues a packet without an operation; any thread may. */
export function breakPort({ winsock }: Shared, port: number): number {
  const { kernel, errno } = winsock;
  return kernel.PostQueuedCompletionStatus(port, 0, 0, null) !== 0 ? 0 : -errno();
}
