// SPDX-License-Identifier: MIT
/** Received data of a connection: in-order data to read, and out-of-order data. */
import { viewOf } from "../shared/view.ts";
import { Fifo } from "./fifo.ts";

/** See the top of this file. */
export class ReceiveQueue {
  /** Next expected byte. */
  next = 0;
  /** Number of readable bytes. */
  readable = 0;
  readonly #chunks = new Fifo<Uint8Array>();
  /** Number of bytes read of the first chunk. */
  #offset = 0;
  /** Out-of-order pieces by position. */
  readonly #early = new Map<number, Uint8Array>();

  /** Adds a piece. Returns whether more has become readable. */
  add(seq: number, data: Uint8Array): boolean {
    if (seq > this.next) {
      const known = this.#early.get(seq);
      if (known === undefined || known.length < data.length) this.#early.set(seq, data);
      return false;
    }
    if (seq + data.length <= this.next) return false;
    this.#append(seq, data);
    while (this.#early.size > 0 && this.#joined()) { /* each may join another */ }
    return true;
  }

  /** Reads up to `length` bytes into `buffer`. Returns their number. */
  read(buffer: Uint8Array, length: number): number {
    const into = viewOf(buffer);
    let count = 0;
    while (count < length) {
      const chunk = this.#chunks.first;
      if (chunk === undefined) break;
      const end = Math.min(chunk.length, this.#offset + length - count);
      const whole = this.#offset === 0 && end === chunk.length;
      into.set(whole ? chunk : chunk.subarray(this.#offset, end), count);
      count += end - this.#offset;
      if (end === chunk.length) {
        this.#chunks.shift();
        this.#offset = 0;
      } else this.#offset = end;
    }
    this.readable -= count;
    return count;
  }

  #append(seq: number, data: Uint8Array): void {
    const fresh = seq === this.next ? data : data.subarray(this.next - seq);
    this.#chunks.push(fresh);
    this.readable += fresh.length;
    this.next += fresh.length;
  }

  #joined(): boolean {
    for (const [seq, data] of this.#early) {
      if (seq > this.next) continue;
      this.#early.delete(seq);
      if (seq + data.length > this.next) this.#append(seq, data);
      return true;
    }
    return false;
  }
}
