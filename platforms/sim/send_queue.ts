// SPDX-License-Identifier: MIT
/** What a connection has to send, and what of it is on its way. Positions count bytes from 0. */
import { Fifo } from "./fifo.ts";

/** A piece of the stream that was sent and is not acknowledged. */
export interface Sent {
  readonly seq: number;
  readonly data: Uint8Array;
  /** When it was sent last. */
  at: number;
  /** Whether it was sent more than once: then its acknowledgment measures nothing. */
  again: boolean;
}

/** See the top of this file. */
export class SendQueue {
  /** The first byte that is not acknowledged. */
  una = 0;
  /** The first byte that was never sent. */
  next = 0;
  /** The end of what was written. */
  end = 0;
  readonly #unsent = new Fifo<Uint8Array>();
  readonly #sent = new Fifo<Sent>();
  /** Bytes of the first unsent chunk that were sent. */
  #offset = 0;

  /** Bytes that are kept: sent or not, and not acknowledged. */
  get kept(): number {
    return this.end - this.una;
  }

  /** The oldest piece that is not acknowledged. */
  get oldest(): Sent | undefined {
    return this.#sent.first;
  }

  /** All pieces that are not acknowledged, the oldest first. */
  get unacknowledged(): Iterable<Sent> {
    return this.#sent;
  }

  /** Adds bytes, which are the queue's from now on. */
  write(bytes: Uint8Array): void {
    this.#unsent.push(bytes);
    this.end += bytes.length;
  }

  /** Takes up to `most` bytes to be sent now; null if there is nothing unsent. */
  take(most: number, now: number): Sent | null {
    const chunk = this.#unsent.first;
    if (chunk === undefined) return null;
    const end = Math.min(chunk.length, this.#offset + most);
    const data = this.#offset === 0 && end === chunk.length
      ? chunk
      : chunk.subarray(this.#offset, end);
    if (end === chunk.length) {
      this.#unsent.shift();
      this.#offset = 0;
    } else this.#offset = end;
    const sent = { seq: this.next, data, at: now, again: false };
    this.next += data.length;
    this.#sent.push(sent);
    return sent;
  }

  /**
   * The peer has everything before `ack`. Returns the newest piece that this acknowledges, or null
   * if it acknowledges none.
   */
  acknowledge(ack: number): Sent | null {
    this.una = ack;
    let last: Sent | null = null;
    for (let sent; (sent = this.#sent.first) !== undefined;) {
      if (sent.seq + sent.data.length > ack) break;
      last = this.#sent.shift()!;
    }
    return last;
  }

  /** Drops all: the connection has failed. */
  clear(): void {
    this.#unsent.clear();
    this.#sent.clear();
    this.una = this.next = this.end;
  }
}
