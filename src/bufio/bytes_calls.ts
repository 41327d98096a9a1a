// SPDX-License-Identifier: MIT
/** Calls that count bytes. Go: io.ReadFull, bufio.Reader.Peek, Discard, Read. */
import { lengthNow } from "../fd/check_bytes.ts";
import { UnexpectedEOFError } from "../fd/errors.ts";
import { BufferedCall, type BufferedInput } from "./buffered_call.ts";
import { TooLongError } from "./errors.ts";
import { mayGoOn } from "../sched/step.ts";
import { refuseAwait } from "../sched/misuse.ts";

/** Base class of calls that return a counted number of bytes. */
abstract class CountedCall extends BufferedCall<Uint8Array | null> {
  protected readonly count: number;

  constructor(input: BufferedInput, count: number) {
    super(input);
    this.count = count;
  }

  protected override quick(): Uint8Array | null | undefined {
    const max = this.options.max ?? this.input.maxBytes;
    if (this.count > max) throw new TooLongError("bytes", max, this.count);
    // One that consumes nothing could be repeated forever.
    return mayGoOn() ? super.quick() : undefined;
  }

  /** Returns the first `n` unread bytes. */
  protected first(n: number): Uint8Array {
    return this.options.copy ? this.buffer.copy(n) : this.buffer.view(n);
  }
}

/** See {@linkcode BufferedReader.bytes}. */
export class BytesCall extends CountedCall {
  protected override attempt(atEnd: boolean): Uint8Array | null | undefined {
    const { buffer, count } = this;
    const { length } = buffer;
    if (length < count) {
      if (!atEnd) return undefined;
      if (length === 0) return null;
      throw new UnexpectedEOFError(length);
    }
    const result = this.first(count);
    buffer.start += count;
    return result;
  }
}

/** See {@linkcode BufferedReader.peek}. */
export class PeekCall extends CountedCall {
  protected override attempt(atEnd: boolean): Uint8Array | null | undefined {
    const { length } = this.buffer;
    const count = Math.min(this.count, atEnd ? length : Infinity);
    if (length < count) return undefined;
    return count === 0 && this.count > 0 ? null : this.first(count);
  }
}

/** See {@linkcode BufferedReader.discard}. */
export class DiscardCall extends BufferedCall<number> {
  readonly #count: number;
  #left: number;

  constructor(input: BufferedInput, count: number) {
    super(input);
    this.#count = this.#left = count;
  }

  protected override quick(): number | undefined {
    return mayGoOn() ? super.quick() : undefined;
  }

  protected override attempt(atEnd: boolean): number | undefined {
    const n = Math.min(this.#left, this.buffer.length);
    this.buffer.start += n;
    this.#left -= n;
    return this.#left === 0 || atEnd ? this.#count - this.#left : undefined;
  }
}

/** See {@linkcode BufferedReader.read}. With an empty buffer, a long read bypasses it. */
export class ReadCall extends BufferedCall<number | null> {
  readonly #p: Uint8Array;
  /** Whether the last read went to `#p`, and its number of bytes. */
  #direct = false;
  #got = 0;

  constructor(input: BufferedInput, p: Uint8Array) {
    super(input);
    this.#p = p;
  }

  protected override target(): Uint8Array {
    this.#direct = this.#p.length >= this.buffer.capacity;
    return this.#direct ? this.#p : super.target();
  }

  protected override came(n: number): void {
    if (this.#direct) this.#got = n;
    else super.came(n);
  }

  protected override attempt(atEnd: boolean): number | null | undefined {
    const { buffer } = this;
    if (this.#got > 0) return this.#got;
    const n = Math.min(lengthNow("read", this.#p), buffer.length);
    if (n === 0 && this.#p.length > 0) return atEnd ? null : undefined;
    const { bytes, start } = buffer;
    this.#p.set(start === 0 && n === bytes.length ? bytes : bytes.subarray(start, start + n));
    buffer.start += n;
    return n;
  }
}

refuseAwait(BytesCall.prototype, "reader.bytes");
refuseAwait(PeekCall.prototype, "reader.peek");
refuseAwait(DiscardCall.prototype, "reader.discard");
refuseAwait(ReadCall.prototype, "reader.read");
