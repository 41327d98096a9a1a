// SPDX-License-Identifier: MIT
/** Length-prefixed frames. tokio: LengthDelimitedCodec; protobuf: delimited messages. */
import type { Writer } from "../net/io/copy.ts";
import { UnexpectedEOFError } from "../fd/errors.ts";
import { wrongArgument } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import { BufferedCall, type BufferedInput } from "./buffered_call.ts";
import { type BufferedReader, INPUT } from "./buffered_reader.ts";
import { TooLongError } from "./errors.ts";
import { type Framing, writePieces } from "./framing.ts";
import { type LengthFormat, type LengthPrefix, LENGTHS } from "./length_prefix.ts";
import {
  type BufferedReadOptions,
  checkBoolean,
  checkKeys,
  checkMax,
  readOptions,
} from "./options.ts";
import { bytesOf } from "../fd/check_bytes.ts";
import { notesCalls } from "../sched/noted_methods.ts";
import { refuseAwait } from "../sched/misuse.ts";

const MOST_FRAME = 1024 * 1024;
const KEYS = new Set(["littleEndian", "max"]);

/** Options of {@linkcode LengthPrefixed}. */
export interface LengthPrefixedOptions {
  /** True for little-endian; false, network byte order, by default. */
  littleEndian?: boolean;
  /**
   * Maximum length of a payload in bytes; 1 MiB by default, or the prefix's maximum if that is
   * less.
   */
  max?: number;
}

/** Reads one frame. */
class FrameCall extends BufferedCall<Uint8Array | null> {
  readonly #format: LengthFormat;
  readonly #max: number;

  constructor(input: BufferedInput, format: LengthFormat, max: number) {
    super(input);
    this.#format = format;
    this.#max = max;
  }

  protected override attempt(atEnd: boolean): Uint8Array | null | undefined {
    const { buffer } = this;
    const max = this.options.max ?? this.#max;
    const prefix = this.#format.size(buffer.bytes, buffer.start, buffer.end);
    if (prefix > 0) {
      const length = this.#format.decode(buffer.bytes, buffer.start, prefix);
      if (length > max) throw new TooLongError("frame", max, length === Infinity ? null : length);
      if (prefix + length <= buffer.length) {
        buffer.start += prefix;
        const payload = this.options.copy ? buffer.copy(length) : buffer.view(length);
        buffer.start += length;
        return payload;
      }
    }
    if (!atEnd) return undefined;
    if (buffer.length === 0) return null;
    throw new UnexpectedEOFError(buffer.length);
  }
}

/**
 * Frames behind their length, which does not count itself.
 *
 * Memory grows with the bytes that arrive, not by the length that a peer announces. A frame that is
 * too long consumes nothing: its prefix is still there.
 *
 * @example
 * ```ts
 * const frames = new LengthPrefixed("u32", { max: 64 * 1024 });
 * for (let frame; (frame = yield* frames.read(reader)) !== null;) {
 *   yield* frames.write(conn, answer(frame));
 * }
 * ```
 */
export class LengthPrefixed implements Framing {
  readonly #format: LengthFormat;
  readonly #max: number;

  /**
   * Creates a framing with a length prefix of this encoding.
   *
   * @param prefix "u8", "u16", "u32", or "varint", protobuf's, of up to 32 bits
   * @throws {TypeError} or {@linkcode RangeError} for an invalid argument
   */
  constructor(prefix: LengthPrefix, options: LengthPrefixedOptions = {}) {
    const call = "frame messages";
    checkKeys(call, options, KEYS);
    checkMax(call, "max", options.max);
    checkBoolean(call, "littleEndian", options.littleEndian);
    const format = LENGTHS.get(prefix)?.(options.littleEndian ?? false);
    if (format === undefined) {
      throw wrongArgument(call, "the prefix", [...LENGTHS.keys()].join(", "), prefix);
    }
    this.#format = format;
    this.#max = Math.min(options.max ?? MOST_FRAME, format.most);
  }

  /** See {@linkcode Framing.read}. */
  read(
    reader: BufferedReader,
    options?: Cancel | BufferedReadOptions,
  ): Routine<Uint8Array | null> {
    const call = new FrameCall(reader[INPUT], this.#format, this.#max);
    return call.begin(readOptions("read a frame", options));
  }

  /** See {@linkcode Framing.write}. */
  write(writer: Writer, payload: Uint8Array | string, cancel?: Cancel): Routine<number> {
    const bytes = bytesOf(payload);
    if (bytes.length > this.#max) throw new TooLongError("frame", this.#max, bytes.length);
    return writePieces(writer, [this.#format.encode(bytes.length), bytes], cancel);
  }
}

notesCalls(LengthPrefixed.prototype, "framing", "write");
refuseAwait(FrameCall.prototype, "framing.read");
