// SPDX-License-Identifier: MIT
/** The bytes of a connection that wait to be sent. A connection with none has no outbox. */
import { lengthOf } from "../../fd/check_bytes.ts";
import type { Written } from "../api/conn.ts";
import { registerState } from "../../sched/thread_state.ts";

/** Bytes of a fresh outbox: what handlers write in one turn mostly fits. */
const FRESH = 64 * 1024;
/** Fresh ones that are kept for later. */
const MOST_KEPT = 16;
let kept: WriteQueue[] = [];

registerState<WriteQueue[]>("write queues", {
  fresh: () => [],
  save: () => kept,
  restore: (state) => kept = state,
});

/** See the top of this file. */
export class WriteQueue {
  /** Where they are: from `start` to `end`. */
  bytes: Uint8Array;
  /** The first. */
  start = 0;
  /** Behind the last. */
  end = 0;
  /** Callbacks, each with the number of bytes that must have been sent before it. */
  #told: { at: number; written: Written }[] | null = null;
  #taken = 0;

  private constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** An empty one. */
  static take(): WriteQueue {
    return kept.pop() ?? new WriteQueue(new Uint8Array(new ArrayBuffer(FRESH)));
  }

  /** How many bytes wait. */
  get length(): number {
    return this.end - this.start;
  }

  /** Puts a copy of `bytes` behind the others. */
  append(bytes: Uint8Array): void {
    const length = lengthOf(bytes);
    if (this.end + length > this.bytes.length) this.#makeRoom(length);
    this.bytes.set(bytes, this.end);
    this.end += length;
  }

  /** Has `written` told when all that waits now is gone. */
  tell(written: Written): void {
    (this.#told ??= []).push({ at: this.#taken + this.length, written });
  }

  /** Returns the pending bytes: the first `length` bytes of the result. */
  head(): Uint8Array {
    return this.start === 0 ? this.bytes : this.bytes.subarray(this.start, this.end);
  }

  /** Records that so many bytes were sent. Returns the callbacks that are due. */
  sent(n: number): Written[] | null {
    this.start += n;
    this.#taken += n;
    if (this.start === this.end) this.start = this.end = 0;
    if (this.#told === null) return null;
    let gone = 0;
    while (gone < this.#told.length && this.#told[gone].at <= this.#taken) gone++;
    return gone === 0 ? null : this.#told.splice(0, gone).map(({ written }) => written);
  }

  /** The turn is over and some are left: they move to memory of their own size. */
  settle(): WriteQueue {
    if (this.bytes.length !== FRESH) return this;
    const own = new WriteQueue(this.bytes.slice(this.start, this.end));
    own.end = this.length;
    own.#told = this.#told;
    own.#taken = this.#taken;
    this.release();
    return own;
  }

  /** Empties the queue. Returns the callbacks that were not called. */
  release(): Written[] | null {
    const told = this.#told?.map(({ written }) => written) ?? null;
    this.start = this.end = this.#taken = 0;
    this.#told = null;
    if (this.bytes.length === FRESH && kept.length < MOST_KEPT) kept.push(this);
    return told;
  }

  #makeRoom(more: number): void {
    const { length } = this;
    const needed = length + more;
    // To move more than half would be to move all of it again for every few bytes that are sent.
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
