// SPDX-License-Identifier: MIT
/**
 * Memory of a buffered reader: unread bytes, and room after them.
 *
 * It is allocated at the first read. It doubles up to 64 KiB for a stream that fills it at once,
 * which is a fast one; for a longer line or frame it grows with the bytes that arrive, never by a
 * length that the peer announces. Afterwards it shrinks again once a message did not need it.
 */
import type { Buffer } from "node:buffer";
import { nodeBuffer } from "../../platforms/contract/host.ts";
import { platform } from "../../platforms/platform.ts";
import { takenAway } from "../fd/check_bytes.ts";
import { PanicError } from "../sched/goroutine.ts";

/**
 * Size up to which the buffer of a fast stream grows, and to which that of a long frame shrinks.
 */
const LARGE = 64 * 1024;

/** A byte order mark is part of the text, as with `Buffer` and in Go. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

const NO_BYTES = new Uint8Array(0);
/** See the top of this file. */
export class ReadBuffer {
  /** The whole buffer. */
  bytes: Uint8Array = NO_BYTES;
  /** Index of the first unread byte. */
  start = 0;
  /** Index after the last unread byte. */
  end = 0;
  /** True while a read into the room is in progress. */
  busy = false;
  /** True after `detach`: the reader can no longer be used. */
  detached = false;
  /** The same memory as a `Buffer`, which decodes a range without creating a view of it. */
  #text: Buffer | null = null;
  #size: number;
  readonly #longText = platform().runtime.longText;
  /** Maximum number of unread bytes since the buffer was last empty. */
  #peak = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Number of unread bytes. */
  get length(): number {
    return this.end - this.start;
  }

  /** Throws PanicError if the reader is in use or detached. */
  check(): void {
    if (this.busy) throw new PanicError("two goroutines read one BufferedReader");
    if (this.detached) throw new PanicError("read of a BufferedReader that was detached");
    // A view of the memory was transferred to another thread.
    if (this.end > this.bytes.length) throw takenAway("read");
  }

  /** Returns `n` unread bytes as a view. */
  view(n: number): Uint8Array {
    return this.bytes.subarray(this.start, this.start + n);
  }

  /** Returns `n` unread bytes as a copy. */
  copy(n: number): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(this.start, this.start + n) as Uint8Array<ArrayBuffer>;
  }

  /** Decodes the text between two indexes as UTF-8. */
  text(from: number, to: number): string {
    if (to - from > this.#longText) return decoder.decode(this.bytes.subarray(from, to));
    return this.#text === null ? "" : this.#text.toString("utf8", from, to);
  }

  /** Size of the current or next buffer. */
  get capacity(): number {
    return Math.max(this.bytes.length, this.#size);
  }

  /** Returns the room after the unread bytes, at least one byte, to read into. */
  room(): Uint8Array {
    if (this.start === this.end) this.#empty();
    const { length } = this.bytes;
    if (length < this.#size) this.#allocate(this.#size);
    else if (this.start > 0 && length - this.end < length / 2) {
      this.bytes.copyWithin(0, this.start, this.end);
      this.end -= this.start;
      this.start = 0;
    }
    if (this.end === this.bytes.length) this.#allocate(2 * this.end);
    return this.end === 0 ? this.bytes : this.bytes.subarray(this.end);
  }

  /** Records `n` bytes that were read into the room. */
  came(n: number): void {
    this.end += n;
    if (this.length > this.#peak) this.#peak = this.length;
    if (this.end === this.bytes.length && this.bytes.length < LARGE) {
      this.#size = Math.max(this.#size, Math.min(LARGE, 2 * this.bytes.length));
    }
  }

  /** Releases the memory. */
  release(): void {
    this.bytes = NO_BYTES;
    this.#text = null;
    this.start = this.end = 0;
  }

  #empty(): void {
    const most = Math.max(LARGE, this.#size);
    const grown = this.bytes.length > most;
    this.start = this.end = 0;
    if (grown && this.#peak <= most) this.#allocate(most);
    this.#peak = 0;
  }

  /** Moves the unread bytes to a new buffer of `size` bytes. */
  #allocate(size: number): void {
    const memory = new ArrayBuffer(size);
    const bytes = new Uint8Array(memory);
    const { length } = this;
    if (length > 0) bytes.set(this.view(length));
    this.bytes = bytes;
    this.#text = nodeBuffer().from(memory);
    this.start = 0;
    this.end = length;
  }
}
