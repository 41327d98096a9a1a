// SPDX-License-Identifier: MIT
/**
 * Errors of buffered reading and writing. Go: bufio.ErrTooLong, io.ErrNoProgress, io.ErrShortWrite.
 */

/** Unit of input that may have a maximum length. */
export type BufferedUnit = "line" | "token" | "bytes" | "frame";

/**
 * A line, a token, a frame or a request for bytes is longer than its maximum. Go:
 * `bufio.ErrTooLong`.
 *
 * On the reading side nothing was consumed: the bytes are still in the reader, which stays usable.
 * Read again with a larger `max`, skip with `discard` or `discardLine`, or close the connection.
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
  /** Length in bytes, if it is known: of a frame or of a request for bytes. */
  readonly length: number | null;
  /** Not a time-out. */
  readonly timeout = false;
  /** Trying again with the same maximum fails again. */
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

/** A reader returned 0 bytes 100 times in a row. Go: `io.ErrNoProgress`. */
export class NoProgressError extends Error {
  /** "NoProgressError". */
  override readonly name = "NoProgressError";
  /** @internal */
  constructor() {
    super("multiple read calls return no data or error");
  }
}

/** A writer accepted fewer bytes than it was given, and threw nothing. Go: `io.ErrShortWrite`. */
export class ShortWriteError extends Error {
  /** "ShortWriteError". */
  override readonly name = "ShortWriteError";
  /** @internal */
  constructor() {
    super("short write");
  }
}

/**
 * The goroutine that wrote a buffer out was ended in the middle, so the number of bytes sent is
 * unknown and nothing more can be written behind them.
 */
export class InterruptedWriteError extends Error {
  /** "InterruptedWriteError". */
  override readonly name = "InterruptedWriteError";
  /** @internal */
  constructor() {
    super("bufio: the goroutine that flushed was ended in the middle of a write");
  }
}
