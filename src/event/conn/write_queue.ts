// SPDX-License-Identifier: MIT
/** The output buffer of a connection. A connection with nothing to send has none. */
import { lengthOf } from "../../fd/check_bytes.ts";
import type { Written } from "../api/conn.ts";
import { registerState } from "../../sched/thread_state.ts";

/** Size of a new buffer: usually fits what handlers write in one turn. */
const FRESH = 64 * 1024;
/** Number of new buffers kept for reuse. */
const MOST_KEPT = 16;
let kept: WriteQueue[] = [];

registerState<WriteQueue[]>("write queues", {
  fresh: () => [],
  save: () => kept,
  restore: (state) => kept = state,
});

/** See the top of this file. */
export class WriteQueue {
  /** The memory: pending bytes are from `start` to `end`. */
  bytes: Uint8Array;
  /** Offset of the first pending byte. */
  start = 0;
  /** Offset after the last pending byte. */
  end = 0;
  /** Callbacks, each with the number of bytes that must have been sent before it. */
  #callbacks: { at: number; written: Written }[] | null = null;
  #taken = 0;

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Returns an empty one. */
  static take(): WriteQueue {
    return kept.pop() ?? new WriteQueue(new Uint8Array(new ArrayBuffer(FRESH)));
  }

  /** Number of pending bytes. */
  get length(): number {
    return this.end - this.start;
  }

  /** Appends a copy of `bytes`. */
  append(bytes: Uint8Array): void {
    const length = lengthOf(bytes);
    if (this.end + length > this.bytes.length) this.#makeRoom(length);
    this.bytes.set(bytes, this.end);
    this.end += length;
  }

  /** Calls `written` once everything pending now is sent. */
  tell(written: Written): void {
    (this.#callbacks ??= []).push({ at: this.#taken + this.length, written });
  }

  /** Returns the pending bytes: the first `length` bytes of the result. */
  head(): Uint8Array {
    return this.start === 0 ? this.bytes : this.bytes.subarray(this.start, this.end);
  }

  /** Records that `n` bytes were sent. Returns the callbacks that are due. */
  sent(n: number): Written[] | null {
    this.start += n;
    this.#taken += n;
    if (this.start === this.end) this.start = this.end = 0;
    if (this.#callbacks === null) return null;
    let gone = 0;
    while (gone < this.#callbacks.length && this.#callbacks[gone].at <= this.#taken) gone++;
    return gone === 0 ? null : this.#callbacks.splice(0, gone).map(({ written }) => written);
  }

  /** At the end of a turn, moves the remaining bytes to a buffer of their size. */
  settle(): WriteQueue {
    if (this.bytes.length !== FRESH) return this;
    const own = new WriteQueue(this.bytes.slice(this.start, this.end));
    own.end = this.length;
    own.#callbacks = this.#callbacks;
    own.#taken = this.#taken;
    this.release();
    return own;
  }

  /** Empties the queue. Returns the callbacks that were not called. */
  release(): Written[] | null {
    const callbacks = this.#callbacks?.map(({ written }) => written) ?? null;
    this.start = this.end = this.#taken = 0;
    this.#callbacks = null;
    if (this.bytes.length === FRESH && kept.length < MOST_KEPT) kept.push(this);
    return callbacks;
  }

  #makeRoom(more: number): void {
    const { length } = this;
    const needed = length + more;
    // Moving more than half would repeat for every few bytes sent.
    if (needed <= this.bytes.length && 2 * length <= this.bytes.length) {
      this.bytes.copyWithin(0, this.start, this.end);
    } else {
      const bytes = new Uint8Array(new ArrayBuffer(Math.max(needed, 2 * this.bytes.length)));
      bytes.set(this.bytes.subarray(this.start, this.end));
      this.bytes = bytes;
    }
    this.start = 0;
    this.end = length;
  }
}
