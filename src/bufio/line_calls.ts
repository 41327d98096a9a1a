// SPDX-License-Identifier: MIT
/** Calls that read to a delimiter. Go: bufio.Reader.ReadLine, ReadSlice. */
import { UnexpectedEOFError } from "../fd/errors.ts";
import { BufferedCall, type BufferedInput } from "./buffered_call.ts";
import { TooLongError } from "./errors.ts";
import { indexOf, indexOfByte } from "./search.ts";
import { refuseAwait } from "../sched/misuse.ts";

const LF = 10;
const CR = 13;

/** Base class of the calls in this file. */
abstract class DelimitedCall<T> extends BufferedCall<T> {
  /**
   * Number of unread bytes already searched, so that a line that arrives in pieces is searched
   * once.
   */
  protected searched = 0;

  protected get max(): number {
    return this.options.max ?? this.input.maxLine;
  }

  protected override quick(): T | undefined {
    this.searched = 0;
    return super.quick();
  }

  /** Whether there are unread bytes to return at the end of the stream. */
  protected hasRest(): boolean {
    const { length } = this.buffer;
    if (length > 0 && this.options.whole) throw new UnexpectedEOFError(length);
    return length > 0;
  }
}

/** Reads a line and removes its line end. */
abstract class AnyLineCall<T> extends DelimitedCall<T | null> {
  /** Returns the line between two indexes. */
  protected abstract line(from: number, to: number): T;

  protected override attempt(atEnd: boolean): T | null | undefined {
    const { buffer } = this;
    const { bytes, start, end } = buffer;
    const at = indexOfByte(bytes, LF, start + this.searched, end);
    const to = at < 0 ? end : at;
    const stop = to > start && bytes[to - 1] === CR ? to - 1 : to;
    if (stop - start > this.max) throw new TooLongError("line", this.max);
    if (at < 0 && !atEnd) {
      this.searched = end - start;
      return undefined;
    }
    if (at < 0 && !this.hasRest()) return null;
    buffer.start = at < 0 ? end : at + 1;
    return this.line(start, stop);
  }
}

/** See {@linkcode BufferedReader.line}. */
export class LineCall extends AnyLineCall<string> {
  protected override line(from: number, to: number): string {
    return this.buffer.text(from, to);
  }
}

/** See {@linkcode BufferedReader.lineBytes}. */
export class LineBytesCall extends AnyLineCall<Uint8Array> {
  protected override line(from: number, to: number): Uint8Array {
    const { bytes } = this.buffer;
    return this.options.copy ? bytes.slice(from, to) : bytes.subarray(from, to);
  }
}

/** See {@linkcode BufferedReader.until}. */
export class UntilCall extends DelimitedCall<Uint8Array | null> {
  readonly #delimiter: Uint8Array;

  constructor(input: BufferedInput, delimiter: Uint8Array) {
    super(input);
    this.#delimiter = delimiter;
  }

  protected override attempt(atEnd: boolean): Uint8Array | null | undefined {
    const { buffer, max } = this;
    const { bytes, start, end, length } = buffer;
    const delimiter = this.#delimiter;
    const at = indexOf(bytes, delimiter, start + this.searched, end);
    const found = at < 0 ? length : at - start + delimiter.length;
    if (found > max) throw new TooLongError("bytes", max);
    if (at < 0 && !atEnd) {
      this.searched = Math.max(0, length - delimiter.length + 1);
      return undefined;
    }
    if (at < 0 && !this.hasRest()) return null;
    const result = this.options.copy ? buffer.copy(found) : buffer.view(found);
    buffer.start += found;
    return result;
  }
}

/** See {@linkcode BufferedReader.discardLine}. */
export class DiscardLineCall extends BufferedCall<number> {
  #discarded = 0;

  protected override attempt(atEnd: boolean): number | undefined {
    const { buffer } = this;
    const { bytes, start, end } = buffer;
    const at = indexOfByte(bytes, LF, start, end);
    buffer.start = at < 0 ? end : at + 1;
    this.#discarded += buffer.start - start;
    return at < 0 && !atEnd ? undefined : this.#discarded;
  }
}

refuseAwait(LineCall.prototype, "reader.line");
refuseAwait(LineBytesCall.prototype, "reader.lineBytes");
refuseAwait(UntilCall.prototype, "reader.until");
refuseAwait(DiscardLineCall.prototype, "reader.discardLine");
