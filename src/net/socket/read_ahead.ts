// SPDX-License-Identifier: MIT
/**
 * Reading ahead: one recvmmsg(2) for several datagrams, which the next reads then find here. A
 * system call for each costs a busy server a tenth of its time.
 *
 * Only a read that follows a successful one, without a wait between them, reads ahead: a socket
 * that waits for each datagram has no memory of its own and makes the calls that it always made.
 * The memory is the thread's, lent to a socket as long as it holds datagrams.
 */
import { platform } from "../../../platforms/platform.ts";
import type { Messages, PacketCalls, SocketName } from "../../../platforms/contract/packets.ts";
import type { DatagramReceiver } from "./datagram_receiver.ts";
import { lentBatches } from "./lent_batches.ts";

const { set } = Uint8Array.prototype;

/** Datagrams that one call takes at least, and at most; it adapts to how many wait. */
const LEAST = 4;
const MOST = 32;
/** No datagram is longer, so that none is truncated here. */
const LONGEST = 65_535;
/** Distance of the datagrams: not a power of two, by which all would share the same cache lines. */
const STRIDE = LONGEST + 1 + 192;

/** Memory for {@linkcode MOST} datagrams. The system commits the pages that are written. */
class Batch {
  /** System calls that its memory is laid out for: each host of a simulation has its own. */
  readonly calls: PacketCalls;
  readonly messages: Messages;
  /** The last view of each: datagrams are often alike in length. */
  readonly #views: (Uint8Array | null)[] = new Array(MOST).fill(null);

  constructor(calls: PacketCalls) {
    this.calls = calls;
    this.messages = calls.messages({ count: MOST, size: STRIDE, fds: 0 });
  }

  /** Returns the first `length` bytes of datagram `i`. */
  bytes(i: number, length: number): Uint8Array {
    const view = this.#views[i];
    if (view !== null && view.length === length) return view;
    const { data } = this.messages;
    return this.#views[i] = data.subarray(i * STRIDE, i * STRIDE + length);
  }
}

const batches = lentBatches("batches to read ahead", (calls) => new Batch(calls));

/** The descriptor of a socket that reads ahead. */
interface Source {
  readonly sysfd: number;
  /** Whether others share the descriptor: what is read ahead would be missing there. */
  readonly shared: boolean;
}

/** A datagram where the system call has put it; valid until the next call. */
export interface TakenMessage {
  readonly messages: Messages;
  readonly index: number;
}

/** See the top of this file. */
export class ReadAhead implements DatagramReceiver {
  /** Whether the kernel coalesces datagrams, which is the better way to have many at once. */
  offload = false;
  readonly #source: Source;
  readonly #calls: PacketCalls = platform().packets;
  #batch: Batch | null = null;
  /** Whether the batch is its own, and no longer the thread's. */
  #kept = false;
  /** The datagrams held are those from `next` up to `end`. */
  #next = 0;
  #end = 0;
  #count = LEAST;
  /** Whether the last read found a datagram without a wait. */
  #more = false;
  /** Sender of what the last read returned. */
  sender: SocketName = this.#calls.sender;

  constructor(source: Source) {
    this.#source = source;
  }

  /** Whether it holds datagrams. */
  get holds(): boolean {
    return this.#next < this.#end;
  }

  /** See {@linkcode DatagramReceiver.receive}. */
  receive(p: Uint8Array, length: number): number {
    if (this.#next < this.#end) return this.#copy(p, length);
    const n = this.#more ? this.#fill() : 0;
    if (n !== 0) return n < 0 ? n : this.#copy(p, length);
    return this.#single(this.#calls.receive(this.#source.sysfd, p, length));
  }

  /** See {@linkcode DatagramReceiver.receiveFrom}. */
  receiveFrom(p: Uint8Array, length: number): number {
    if (this.#next < this.#end) return this.#copy(p, length);
    const n = this.#more ? this.#fill() : 0;
    if (n !== 0) return n < 0 ? n : this.#copy(p, length);
    this.sender = this.#calls.sender;
    return this.#single(this.#calls.receiveFrom(this.#source.sysfd, p, length));
  }

  /** Returns the next datagram that it holds, with its control data; null if there is none. */
  take(): TakenMessage | null {
    if (this.#next === this.#end) return null;
    const { messages } = this.#batch!;
    return { messages, index: this.#step() };
  }

  /** Discards what it holds, as close(2) does what waits in the kernel. */
  drop(): void {
    this.#next = this.#end;
    this.#release();
  }

  /** Keeps what it holds for a socket that has no descriptor any more. */
  keep(): void {
    if (this.#batch === null || this.#kept) return;
    batches.forgo();
    this.#kept = true;
  }

  #single(n: number): number {
    this.#more = n >= 0;
    return n;
  }

  /** Returns the number of datagrams received, minus an errno, or 0 if it must not read ahead. */
  #fill(): number {
    const { sysfd, shared } = this.#source;
    if (this.offload || shared || this.#calls.receivesMany !== true) return 0;
    const batch = this.#batch ??= batches.borrow(this.#calls);
    if (batch === null) return 0;
    const count = this.#count;
    const n = batch.messages.receive(sysfd, count, LONGEST);
    this.#more = n > 0;
    this.#next = 0;
    this.#end = Math.max(n, 0);
    if (n <= 0) this.#release();
    else if (n === count) this.#count = Math.min(count * 2, MOST);
    // It is no sign of a drained socket: others come while these are being handled.
    else this.#count = Math.max(count >> 1, LEAST);
    return n;
  }

  #copy(p: Uint8Array, length: number): number {
    const batch = this.#batch!;
    const i = this.#step();
    const n = batch.messages.lengths[i];
    this.sender = batch.messages.name(i);
    // The language's own: an object may have another by its class.
    set.call(p, batch.bytes(i, n < length ? n : length));
    return n;
  }

  /**
   * Returns the index of the next datagram; the last one frees the batch, which stays as it is till
   * then.
   */
  #step(): number {
    const i = this.#next++;
    if (this.#next === this.#end) this.#release();
    return i;
  }

  #release(): void {
    const batch = this.#batch;
    this.#batch = null;
    if (batch !== null && !this.#kept) batches.giveBack(batch);
  }
}
