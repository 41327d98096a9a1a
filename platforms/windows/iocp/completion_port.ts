// SPDX-License-Identifier: MIT
/**
 * A completion port as what it is: a queue of packets. Windows and every thread may put some in,
 * and one thread takes them out.
 *
 * A wait beside the host's loop cannot look at a port without taking from it. It puts what it takes
 * into a completion buffer, and every poll looks there first.
 */
import { type CompletionBuffer, type HostWait, PlatformError } from "../../contract/platform.ts";
import { type Operation, PAGE } from "./overlapped_arena.ts";
import * as C from "../abi/constants.ts";
import { ERRNO, errnoText, ntstatusErrno } from "../abi/errno.ts";
import type { Shared } from "./socket_handle.ts";
import { OVERLAPPED_ENTRY } from "../abi/structs.ts";

/** Packets taken by one wait; the port keeps the rest for the next, in order. */
const MAX_ENTRIES = 256;
/** Packets that the wait beside the host's loop takes. */
const BASKET_ENTRIES = 64;
/** Where in its memory the completion buffer has its count and its entries, in 32-bit words. */
const COUNT_AT = 0;
const ENTRIES_AT = 4;
/** Longest wait passed to the kernel, some eleven days; a longer one is split. */
const MAX_DELAY_NS = 1e15;
/**
 * Longest wait while packets may go into the completion buffer, of which this thread is not told.
 */
const SLICE_NS = 1e7;
/** How long {@linkcode CompletionQueue.drain} waits. */
const LAST_PACKETS_MS = 1000;
const WORD = 2 ** 32;
const UNKNOWN_PACKET = "netpoll: take: a packet of an operation that is not under way";

/** Consumer of completions. */
export interface CompletionHandler {
  /** The operation is over. */
  over(operation: Operation): void;
}

/** See the top of this file. */
export class CompletionQueue {
  /** The port's handle. */
  readonly handle: number;
  /** Operations that are under way and will each send a packet. */
  pending = 0;
  /** Whether the last poll took a packet of `break`. */
  woken = false;
  readonly #shared: Shared;
  readonly #taker: CompletionHandler;
  readonly #entries = new Int32Array(new ArrayBuffer(MAX_ENTRIES * OVERLAPPED_ENTRY.words * 4));
  readonly #removed = new Int32Array(new ArrayBuffer(4));
  readonly #timeout = new Int32Array(new ArrayBuffer(8));
  readonly #buffer: Operation;
  readonly #bufferWords: Int32Array;
  #wait: HostWait | null = null;
  #broken = false;

  /** Opens a port. Throws PlatformError. */
  constructor(shared: Shared, taker: CompletionHandler) {
    this.#shared = shared;
    this.#taker = taker;
    const completions = shared.arena.take(PAGE);
    if (completions === null) throw failure(ERRNO.ENOBUFS);
    this.#buffer = completions;
    const { buffer, byteOffset, byteLength } = completions.data;
    this.#bufferWords = new Int32Array(buffer, byteOffset, byteLength / 4);
    this.#bufferWords[COUNT_AT] = 0;
    const { nt } = shared.winsock;
    const handle = new Int32Array(new ArrayBuffer(8));
    // One thread takes packets: this one, or the one that waits for it.
    const status = nt.NtCreateIoCompletion(handle, C.IO_COMPLETION_ALL_ACCESS, null, 2);
    if (status < 0) {
      shared.arena.give(completions);
      throw failure(ntstatusErrno(status));
    }
    this.handle = handle[0];
  }

  /** Has what is begun on `file` send its packets here, for life. 0 or minus an errno. */
  associate(file: number): number {
    const { kernel, errno } = this.#shared.winsock;
    return kernel.CreateIoCompletionPort(file, this.handle, 0, 0) === 0 ? -errno() : 0;
  }

  /** Takes what there is, or what comes within `delay` ns: how many packets, or minus an errno. */
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
    // After a time-out the count is not to be trusted.
    if (status === C.STATUS_SUCCESS) return count + this.#take(this.#entries, 0, this.#removed[0]);
    return status < 0 ? -ntstatusErrno(status) : count;
  }

  /** Makes the current or the next poll return. */
  break(): void {
    if (this.#broken) return;
    this.#broken = true;
    breakPort(this.#shared, this.handle);
  }

  /** A wait in the host's loop for this port to have something. */
  hostWait(): HostWait {
    const { runtime } = this.#shared.winsock;
    return this.#wait = runtime.completionWait(this.#bufferOf());
  }

  /** Waits a while for the packets that are to come: slots are free only after those. */
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
      // Its slot may have been another's since: nothing sound can be done with what it says.
      if (operation.beginner === null) throw new Error(UNKNOWN_PACKET);
      this.pending--;
      this.#taker.over(operation);
    }
    return count;
  }

  /** Units of 100 ns, negative for a time from now; rounded up. */
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

/** Posts a packet of no operation; any thread may. */
export function breakPort({ winsock }: Shared, port: number): number {
  const { kernel, errno } = winsock;
  return kernel.PostQueuedCompletionStatus(port, 0, 0, null) !== 0 ? 0 : -errno();
}
