// SPDX-License-Identifier: MIT
/**
 * The completion port as a poller. Follows Go's runtime/netpoll_windows.go: each socket is associated
 * once, for life, and a packet tells that an operation is over.
 *
 * A wait beside the host's loop cannot look at a port without taking from it. It puts what it takes
 * into a basket, and every poll looks there first.
 */
import {
  type CompletionBasket,
  type HostWait,
  PlatformError,
  type Poller,
  type PollSink,
} from "../types.ts";
import { type Operation, PAGE } from "./arena.ts";
import * as C from "./constants.ts";
import { ERRNO, errnoText, ntstatusErrno } from "./errno.ts";
import type { Shared, SocketHandle } from "./handle.ts";
import type { Port, Reported } from "./port.ts";
import { OVERLAPPED_ENTRY } from "./structs.ts";
import { skipsOnSuccess } from "./provider.ts";
import type { WindowsSockets } from "./socket.ts";

/** Packets taken by one wait; the port keeps the rest for the next, in order. */
const MAX_ENTRIES = 256;
/** Packets that the wait beside the host's loop takes. */
const BASKET_ENTRIES = 64;
/** Where in its memory the basket has its count and its entries, in 32-bit words. */
const COUNT_AT = 0;
const ENTRIES_AT = 4;
/** Longest wait handed to the kernel, some eleven days; the scheduler then waits again. */
const MAX_DELAY_NS = 1e15;
/** Longest wait while packets may go into the basket, of which this thread is not told. */
const SLICE_NS = 1e7;
/** How long a port that closes waits for the packets of its last sockets. */
const LAST_PACKETS_MS = 1000;
const WORD = 2 ** 32;

/** Somebody to be reported without a packet. */
interface Due {
  readonly socket: Reported;
  readonly mode: number;
}

/** One completion port, for one thread. */
export class CompletionPoller implements Poller, Port {
  readonly tellsArrivals = false;
  readonly handle: number;
  pending = 0;
  readonly #shared: Shared;
  readonly #sockets: WindowsSockets;
  /** Registered at present. */
  readonly #registered = new Map<number, SocketHandle>();
  readonly #entries = new Int32Array(new ArrayBuffer(MAX_ENTRIES * OVERLAPPED_ENTRY.words * 4));
  readonly #removed = new Int32Array(new ArrayBuffer(4));
  readonly #timeout = new Int32Array(new ArrayBuffer(8));
  readonly #basket: Operation;
  readonly #basketWords: Int32Array;
  #wait: HostWait | null = null;
  #due: Due[] = [];
  #broken = false;

  constructor(shared: Shared, sockets: WindowsSockets) {
    this.#shared = shared;
    this.#sockets = sockets;
    const basket = shared.arena.take(PAGE);
    if (basket === null) throw failure(ERRNO.ENOBUFS);
    this.#basket = basket;
    const { buffer, byteOffset, byteLength } = basket.data;
    this.#basketWords = new Int32Array(buffer, byteOffset, byteLength / 4);
    this.#basketWords[COUNT_AT] = 0;
    const { nt } = shared.winsock;
    const handle = new Int32Array(new ArrayBuffer(8));
    // One thread takes packets: this one, or the one that waits for it.
    const status = nt.NtCreateIoCompletion(handle, C.IO_COMPLETION_ALL_ACCESS, null, 2);
    if (status < 0) {
      shared.arena.give(basket);
      throw failure(ntstatusErrno(status));
    }
    this.handle = handle[0];
  }

  get waitDescriptor(): number {
    return this.handle;
  }

  get breakDescriptor(): number {
    return this.handle;
  }

  open(fd: number, slot: number, sequence: number): number {
    const socket = this.#sockets.find(fd);
    if (typeof socket === "number") return socket;
    if (socket.port === null) {
      const done = this.#associate(socket);
      if (done < 0) return done;
    } else if (socket.port !== this || socket.slot >= 0) {
      return -ERRNO.EINVAL;
    }
    socket.slot = slot;
    socket.sequence = sequence;
    this.#registered.set(fd, socket);
    socket.registered();
    return 0;
  }

  close(fd: number): number {
    const socket = this.#registered.get(fd);
    if (socket === undefined) return -ERRNO.EINVAL;
    this.#registered.delete(fd);
    socket.slot = -1;
    socket.cancelWaits();
    return 0;
  }

  poll(delay: number, sink: PollSink): number {
    let count = this.#reportDue(sink) + this.#emptyBasket(sink);
    const wait = count > 0 ? 0 : this.#wait?.armed && delay !== 0 ? SLICE_NS : Infinity;
    const { nt } = this.#shared.winsock;
    this.#setTimeout(delay < 0 ? wait : Math.min(delay, wait));
    const status = nt.NtRemoveIoCompletionEx(
      this.handle,
      this.#entries,
      MAX_ENTRIES,
      this.#removed,
      this.#timeout,
      0,
    );
    // After a time-out the count is not to be trusted.
    if (status === C.STATUS_SUCCESS) count += this.#take(this.#entries, 0, this.#removed[0], sink);
    else if (status < 0) return -ntstatusErrno(status);
    return count;
  }

  break(): void {
    if (this.#broken) return;
    this.#broken = true;
    breakPort(this.#shared, this.handle);
  }

  isPollDescriptor(fd: number): boolean {
    return fd === this.handle;
  }

  /** See {@linkcode Port}. */
  report(socket: Reported, mode: number): void {
    this.#due.push({ socket, mode });
    this.break();
  }

  /** A wait in the host's loop for this port to have something. */
  hostWait(): HostWait {
    const { runtime } = this.#shared.winsock;
    return this.#wait = runtime.completionWait(this.#basketOf());
  }

  /** Sockets that were closed have packets to come, and their slots are free only after those. */
  dispose(): void {
    const { kernel } = this.#shared.winsock;
    const end = performance.now() + LAST_PACKETS_MS;
    while (this.pending > 0 && performance.now() < end) this.poll(SLICE_NS, nobody);
    this.#shared.arena.give(this.#basket);
    kernel.CloseHandle(this.handle);
  }

  #basketOf(): CompletionBasket {
    const address = this.#shared.arena.addressOf(this.#basket.data);
    return {
      port: this.handle,
      entries: address + ENTRIES_AT * 4,
      capacity: BASKET_ENTRIES,
      count: address + COUNT_AT * 4,
    };
  }

  #associate(socket: SocketHandle): number {
    const { winsock } = this.#shared;
    const { kernel, errno } = winsock;
    if (kernel.CreateIoCompletionPort(socket.fd, this.handle, 0, 0) === 0) return -errno();
    socket.port = this;
    if (skipsOnSuccess(winsock, socket)) {
      const modes = C.FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | C.FILE_SKIP_SET_EVENT_ON_HANDLE;
      socket.skips = kernel.SetFileCompletionNotificationModes(socket.fd, modes) !== 0;
    }
    return 0;
  }

  #reportDue(sink: PollSink): number {
    const count = this.#due.length;
    if (count === 0) return 0;
    const due = this.#due;
    this.#due = [];
    for (const { socket, mode } of due) tell(socket, mode, sink);
    return count;
  }

  #emptyBasket(sink: PollSink): number {
    const count = this.#basketWords[COUNT_AT];
    if (count === 0) return 0;
    this.#basketWords[COUNT_AT] = 0;
    return this.#take(this.#basketWords, ENTRIES_AT, count, sink);
  }

  /** Hands each packet to whoever began its operation, and reports the socket. */
  #take(words: Int32Array, start: number, count: number, sink: PollSink): number {
    const { arena } = this.#shared;
    for (let i = 0, at = start; i < count; i++, at += OVERLAPPED_ENTRY.words) {
      const pointer = at + OVERLAPPED_ENTRY.overlapped;
      const operation = arena.at(words[pointer], words[pointer + 1]);
      if (operation === null) {
        this.#broken = false;
        continue;
      }
      this.pending--;
      const { beginner } = operation;
      tell(beginner!.socket, beginner!.completed(operation), sink);
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

function tell({ slot, sequence }: Reported, mode: number, sink: PollSink): void {
  if (slot >= 0) sink(slot, sequence, mode);
}

function nobody(): void {}

function failure(errno: number): PlatformError {
  const { name, text } = errnoText(errno);
  return new PlatformError(`Cannot open a poller: NtCreateIoCompletion: ${text}`, name);
}

/** Posts a packet of no operation; any thread may. */
export function breakPort({ winsock }: Shared, port: number): number {
  const { kernel, errno } = winsock;
  return kernel.PostQueuedCompletionStatus(port, 0, 0, null) !== 0 ? 0 : -errno();
}
