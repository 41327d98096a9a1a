// SPDX-License-Identifier: MIT
/**
 * Errors of buffered reading and writing. Go: bufio.ErrTooLong, io.ErrNoProgress, io.ErrShortWrite.
 */

/** Unit of input that may have a maximum length. */
export type BufferedUnit = "line" | "token" | "bytes" | "frame";

/**
 * Thrown for a line, a token, a frame or a request for bytes that is longer than its maximum. Go:
 * `bufio.ErrTooLong`.
 *
 * When reading, nothing was consumed: the bytes are still in the reader, which stays usable. Read
 * again with a larger `max`, skip with `discard` or `discardLine`, or close the connection.
 */
export class TooLongError extends Error {
  /** "TooLongError". */
  override readonly name = "TooLongError";
  /** POSIX: message too long. */
  readonly code = "EMSGSIZE";
  /** Unit that is too long. */
  readonly unit: BufferedUnit;
  /** Maximum, in bytes. */
  readonly limit: number;
  /** Length in bytes, if known: of a frame or of a request for bytes. */
  readonly length: number | null;
  /** Not a timeout. */
  readonly timeout = false;
  /** A retry with the same maximum cannot succeed. */
  readonly temporary = false;

  /** @internal */
  constructor(unit: BufferedUnit, limit: number, length: number | null = null) {
    const excess = length === null ? "" : `: ${length} bytes`;
    super(`bufio: ${unit} longer than ${limit} bytes${excess}`);
    this.unit = unit;
    this.limit = limit;
    this.length = length;
  }
}

/** Thrown if a reader returned 0 bytes 100 times in a row. Go: `io.ErrNoProgress`. */
export class NoProgressError extends Error {
  /** "NoProgressError". */
  override readonly name = "NoProgressError";
  /** @internal */
  constructor() {
    super("multiple read calls return no data or error");
  }
}

/**
 * Thrown if a writer accepted fewer bytes than requested without an error. Go: `io.ErrShortWrite`.
 */
export class ShortWriteError extends Error {
  /** "ShortWriteError". */
  override readonly name = "ShortWriteError";
  /** @internal */
  constructor() {
    super("short write");
  }
}

/**
 * Thrown by later calls if a write was ended midway, by `cancellable` or with its goroutine, and the
 * stream would lack bytes: the number of bytes sent is unknown, or the rest is not in the buffer.
 */
export class InterruptedWriteError extends Error {
  /** "InterruptedWriteError". */
  override readonly name = "InterruptedWriteError";
  /** @internal */
  constructor() {
    super("bufio: the goroutine that flushed was ended in the middle of a write");
  }
}
