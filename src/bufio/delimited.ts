// SPDX-License-Identifier: MIT
/**
 * Frames that end with a delimiter. tokio: AnyDelimiterCodec; Netty: DelimiterBasedFrameDecoder.
 */
import type { Writer } from "../net/io/copy.ts";
import { UnexpectedEOFError } from "../fd/errors.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import { BufferedCall, type BufferedInput } from "./buffered_call.ts";
import { type BufferedReader, delimiterBytes, INPUT } from "./buffered_reader.ts";
import { TooLongError } from "./errors.ts";
import { type Framing, writePieces } from "./framing.ts";
import { type BufferedReadOptions, checkKeys, checkMax, readOptions } from "./options.ts";
import { indexOf } from "./search.ts";
import { bytesOf } from "../fd/check_bytes.ts";
import { notesCalls } from "../sched/noted_methods.ts";
import { refuseAwait } from "../sched/misuse.ts";

const MOST_FRAME = 64 * 1024;
const KEYS = new Set(["max"]);

/** Options of {@linkcode Delimited}. */
export interface DelimitedOptions {
  /** Maximum length of a payload in bytes; 64 KiB by default. */
  max?: number;
}

/** Reads one frame. */
class DelimitedCall extends BufferedCall<Uint8Array | null> {
  readonly #delimiter: Uint8Array;
  readonly #max: number;
  #searched = 0;

  constructor(input: BufferedInput, delimiter: Uint8Array, max: number) {
    super(input);
    this.#delimiter = delimiter;
    this.#max = max;
  }

  protected override attempt(atEnd: boolean): Uint8Array | null | undefined {
    const { buffer } = this;
    const { start, end, length } = buffer;
    const max = this.options.max ?? this.#max;
    const delimiter = this.#delimiter;
    const at = indexOf(buffer.bytes, delimiter, start + this.#searched, end);
    const least = at < 0 ? length - delimiter.length + 1 : at - start;
    if (least > max) throw new TooLongError("frame", max);
    if (at >= 0) {
      const payload = this.options.copy ? buffer.copy(at - start) : buffer.view(at - start);
      buffer.start = at + delimiter.length;
      return payload;
    }
    if (!atEnd) {
      this.#searched = Math.max(0, least);
      return undefined;
    }
    if (length > 0) throw new UnexpectedEOFError(length);
    return null;
  }
}

/**
 * Frames that end with a delimiter, which no payload may contain.
 *
 * A frame that the end of the stream cut off is an {@linkcode UnexpectedEOFError}; to accept a last
 * line without its end use {@linkcode BufferedReader.line}.
 *
 * @example
 * ```ts
 * const messages = new Delimited("\0", { max: 4096 });
 * const message = yield* messages.read(reader);
 * yield* messages.write(conn, "hello");
 * ```
 */
export class Delimited implements Framing {
  readonly #delimiter: Uint8Array;
  readonly #max: number;

  /**
   * Creates a framing with `delimiter`.
   *
   * @param delimiter text, bytes, or one byte as a number; 1 to 256 bytes
   * @throws {TypeError} or {@linkcode RangeError} for an invalid argument
   */
  constructor(delimiter: string | number | Uint8Array, options: DelimitedOptions = {}) {
    const call = "delimit frames";
    checkKeys(call, options, KEYS);
    checkMax(call, "max", options.max);
    this.#delimiter = delimiterBytes(call, delimiter).slice();
    this.#max = options.max ?? MOST_FRAME;
  }

  /** See {@linkcode Framing.read}. */
  read(
    reader: BufferedReader,
    options?: Cancel | BufferedReadOptions,
  ): Routine<Uint8Array | null> {
    const call = new DelimitedCall(reader[INPUT], this.#delimiter, this.#max);
    return call.begin(readOptions("read a frame", options));
  }

  /**
   * See {@linkcode Framing.write}.
   *
   * @throws {TypeError} if `payload` contains the delimiter: the peer would read two frames
   */
  write(writer: Writer, payload: Uint8Array | string, cancel?: Cancel): Routine<number> {
    const bytes = bytesOf(payload);
    const delimiter = this.#delimiter;
    if (bytes.length > this.#max) throw new TooLongError("frame", this.#max, bytes.length);
    // Also search for one that begins in the payload and ends in the delimiter after it.
    const frame = new Uint8Array(bytes.length + delimiter.length);
    frame.set(bytes);
    frame.set(delimiter, bytes.length);
    if (indexOf(frame, delimiter, 0, frame.length) < bytes.length) {
      throw new TypeError("Cannot write a frame as its payload contains the delimiter");
    }
    return writePieces(writer, [frame], cancel);
  }
}

notesCalls(Delimited.prototype, "framing", "write");
refuseAwait(DelimitedCall.prototype, "framing.read");
