// SPDX-License-Identifier: MIT
/**
 * Datagrams that one sendmmsg(2) sends together: copies, in the order in which they were written.
 *
 * The memory is the thread's, lent to a socket as long as datagrams of it wait. A socket that finds
 * none sends by a call a datagram.
 */
import { platform } from "../../../platforms/platform.ts";
import type { Messages, PacketCalls } from "../../../platforms/contract/packets.ts";
import type { RawAddress } from "../../../platforms/contract/platform.ts";
import { lentBatches } from "./lent_batches.ts";

const { set } = Uint8Array.prototype;

/** Datagrams that one call sends at most. */
const MOST = 64;
/** Length of the longest datagram that is kept: copying a longer one costs what the call saves. */
const LONGEST = 2048;
/** Distance of the datagrams: not a power of two, by which all would share the same cache lines. */
const STRIDE = LONGEST + 192;

/** Memory for {@linkcode MOST} datagrams, with their destinations. */
interface Batch {
  /** System calls that its memory is laid out for: each host of a simulation has its own. */
  readonly calls: PacketCalls;
  readonly messages: Messages;
  readonly addresses: (RawAddress | null)[];
}

const batches = lentBatches("batches of datagrams to send", newBatch);

function newBatch(calls: PacketCalls): Batch {
  const messages = calls.messages({ count: MOST, size: STRIDE, fds: 0 });
  return { calls, messages, addresses: new Array(MOST).fill(null) };
}

/**
 * Receives the errors of {@linkcode DatagramQueue.flush}.
 *
 * @param errno the error
 * @param i index of the datagram that failed; -1 for one that was sent before, whose error the
 * socket reports by the next call
 * @param address its destination; null for the connected peer, or if it is unknown
 */
export type SendFailed = (errno: number, i: number, address: RawAddress | null) => void;

/** See the top of this file. */
export class DatagramQueue {
  readonly #calls: PacketCalls = platform().packets;
  readonly #again: number = -platform().errno.EAGAIN;
  readonly #interrupted: number = -platform().errno.EINTR;
  /** Whether the datagrams have destinations. */
  readonly #named: boolean;
  #batch: Batch | null = null;
  /** The datagrams that wait are those from `next` up to `end`. */
  #next = 0;
  #end = 0;

  constructor(named: boolean) {
    this.#named = named;
  }

  /** Whether no datagram waits. */
  get empty(): boolean {
    return this.#next === this.#end;
  }

  /** Whether there is no room for another one until {@linkcode DatagramQueue.flush}. */
  get full(): boolean {
    return this.#end === MOST;
  }

  /** Index of the first datagram that waits. */
  get next(): number {
    return this.#next;
  }

  /** Index of the next datagram that is added. */
  get end(): number {
    return this.#end;
  }

  /**
   * Appends a copy of the first `length` bytes of `p`. Returns false if the datagram is to be sent
   * by a call of its own, after those that wait: it is too long, or there is no memory. There must
   * be room.
   */
  add(p: Uint8Array, length: number, address: RawAddress | null): boolean {
    if (length > LONGEST) return false;
    const batch = this.#batch ??= batches.borrow(this.#calls);
    if (batch === null) return false;
    const { messages } = batch;
    const i = this.#end++;
    // The language's own: an object may have another by its class.
    set.call(messages.data, p, i * STRIDE);
    messages.lengths[i] = length;
    if (this.#named) messages.setName(i, address);
    batch.addresses[i] = address;
    return true;
  }

  /**
   * Sends what waits. Returns false if the kernel has no room for the rest, which stays.
   *
   * A datagram that fails is tried once more, for the error may be that of an earlier one; then it
   * is dropped, and those after it are sent.
   */
  flush(fd: number, failed: SendFailed): boolean {
    const batch = this.#batch;
    if (batch === null) return true;
    /** The first error of the datagram at `next`, if it has been tried. */
    let before = 0;
    while (this.#next < this.#end) {
      const i = this.#next;
      const n = batch.messages.send(fd, i, this.#end, this.#named);
      if (n > 0) this.#next += n;
      else if (n === this.#again) break;
      else if (n === this.#interrupted) continue;
      else if (before === 0) {
        before = n;
        continue;
      } else this.#next++;
      if (before !== 0 && before !== n) failed(-before, -1, null);
      if (n <= 0) failed(-n, i, batch.addresses[i]);
      before = 0;
    }
    if (before !== 0) failed(-before, -1, null);
    if (this.#next < this.#end) return false;
    this.drop();
    return true;
  }

  /** Discards what waits. */
  drop(): void {
    this.#next = this.#end = 0;
    const batch = this.#batch;
    if (batch === null) return;
    this.#batch = null;
    batches.giveBack(batch);
  }
}
