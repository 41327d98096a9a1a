// SPDX-License-Identifier: MIT
/** Send queue of a connection: unsent and unacknowledged data. Positions count bytes from 0. */
import { Fifo } from "./fifo.ts";

/** A sent but unacknowledged piece. */
export interface Sent {
  readonly seq: number;
  readonly data: Uint8Array;
  /** Time of its last transmission. */
  at: number;
  /** Whether it was retransmitted: then its acknowledgment does not measure the round trip time. */
  again: boolean;
}

/** See the top of this file. */
export class SendQueue {
  /** First unacknowledged byte. */
  una = 0;
  /** First byte that was never sent. */
  next = 0;
  /** End of the written data. */
  end = 0;
  readonly #unsent = new Fifo<Uint8Array>();
  readonly #sent = new Fifo<Sent>();
  /** Number of bytes sent of the first unsent chunk. */
  #offset = 0;

  /** Number of unacknowledged bytes, sent or not. */
  get kept(): number {
    return this.end - this.una;
  }

  /** Oldest unacknowledged piece. */
  get oldest(): Sent | undefined {
    return this.#sent.first;
  }

  /** Unacknowledged pieces, the oldest first. */
  get unacknowledged(): Iterable<Sent> {
    return this.#sent;
  }

  /** Appends bytes, which the queue owns from now on. */
  write(bytes: Uint8Array): void {
    this.#unsent.push(bytes);
    this.end += bytes.length;
  }

  /** Takes up to `most` unsent bytes to send now; null if there are none. */
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

  /** Removes data before `ack`. Returns the newest piece acknowledged, or null. */
  acknowledge(ack: number): Sent | null {
    this.una = ack;
    let last: Sent | null = null;
    for (let sent; (sent = this.#sent.first) !== undefined;) {
      if (sent.seq + sent.data.length > ack) break;
      last = this.#sent.shift()!;
    }
    return last;
  }

  /** Removes all data after a failure. */
  clear(): void {
    this.#unsent.clear();
    this.#sent.clear();
    this.una = this.next = this.end;
  }
}
