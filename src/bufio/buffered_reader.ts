// SPDX-License-Identifier: MIT
/**
 * Reads lines, delimited and counted bytes through a buffer. Go: bufio.Reader,
 * net/textproto.Reader.
 */
import type { Reader } from "../net/io/copy.ts";
import type { Conn } from "../net/net.ts";
import { DESCRIPTOR, descriptorOf } from "../net/socket/descriptor.ts";
import { readFull } from "../net/socket/read_full.ts";
import type { FD } from "../fd/fd.ts";
import { checkBytes, plainView } from "../fd/check_bytes.ts";
import { needMethods, shown, wrongArgument } from "../validate/argument.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import type { BufferedInput } from "./buffered_call.ts";
import { BytesCall, DiscardCall, PeekCall, ReadCall } from "./bytes_calls.ts";
import { DiscardLineCall, LineBytesCall, LineCall, UntilCall } from "./line_calls.ts";
import {
  type BufferedReaderOptions,
  type BufferedReadOptions,
  checkKeys,
  checkMax,
  readOptions,
} from "./options.ts";
import { ReadBuffer } from "./read_buffer.ts";
import { unreadConn } from "./unread_conn.ts";
import { notesCalls } from "../sched/noted_methods.ts";

const FIRST_SIZE = 4096;
/** Go: `bufio.MaxScanTokenSize`. */
const MOST_LINE = 64 * 1024;
const MOST_BYTES = 1024 * 1024;
/** Limited because a delimiter is compared byte by byte wherever its first byte occurs. */
const MOST_DELIMITER = 256;

const OPTIONS = new Set(["size", "maxLine", "maxBytes"]);
/** Key of the state that the calls in other files of this folder use. */
export const INPUT: unique symbol = Symbol("netpoll.bufio.input");

/**
 * Reads from any {@linkcode Reader} through a buffer: lines, bytes up to a delimiter, a number of
 * bytes. Go: `bufio.Reader`, with the line reading of `textproto.Reader`.
 *
 * - A call that fails or is ended early consumes nothing: a deadline, a cancelled context, a reset
 *   or a line that is too long leaves every byte in the reader, for the next call. (tokio's
 *   `read_line` loses what had arrived. `discard`, `discardLine` and `readFull` consume as they
 *   go.)
 * - A line has a maximum from the start, as no peer should choose how much memory a server uses.
 * - A `Uint8Array` that is returned is a view of the buffer and valid until the next call of the
 *   reader, as with Go's `ReadSlice`; with `copy: true` it is yours.
 * - The source is read ahead. When it goes elsewhere, `detach` or `detachConn` hands over the bytes
 *   that were read and not used; before a change of protocol check that `buffered` is 0.
 * - Calls end at once when the buffer has what they need, even under a context that is over.
 *
 * One goroutine at a time may call it; a second one, while a call waits, is a `PanicError`.
 * Errors of the source pass through and are not sticky. A context, a signal or a time-out ends a
 * call with an {@linkcode OpError} if the source is a connection, as with {@linkcode Conn.read}.
 *
 * @typeParam R Type of the source.
 * @example
 * ```ts
 * const reader = new BufferedReader(conn, { maxLine: 1024 });
 * for (let line; (line = yield* reader.line()) !== null;) {
 *   yield* conn.write(`you said ${line}\n`);
 * }
 * ```
 */
export class BufferedReader<R extends Reader = Reader> implements Reader {
  /** The source. */
  readonly source: R;
  /** @internal */
  readonly [INPUT]: BufferedInput;
  /** Reused for most lines; another is created while it is in progress or was not driven. */
  readonly #line: LineCall;

  /**
   * Creates a reader of `source`. It does not read yet.
   *
   * @param source a connection, or any object with its `read`
   * @param options see {@linkcode BufferedReaderOptions}
   * @throws {TypeError} if `source` is not a reader or an option is unknown; {@linkcode RangeError}
   * if a size is not a positive integer
   */
  constructor(source: R, options: BufferedReaderOptions = {}) {
    needMethods("read through a buffer", "the source", "a Reader", source, "read");
    checkKeys("read through a buffer", options, OPTIONS);
    for (const key of OPTIONS) {
      checkMax("read through a buffer", key, options[key as keyof BufferedReaderOptions]);
    }
    const { size = FIRST_SIZE, maxLine = MOST_LINE, maxBytes = MOST_BYTES } = options;
    this.source = source;
    this[INPUT] = { source, buffer: new ReadBuffer(size), maxLine, maxBytes };
    this.#line = new LineCall(this[INPUT]);
  }

  /** Number of bytes read from the source but not yet from this reader. Go: `Buffered`. */
  get buffered(): number {
    return this[INPUT].buffer.length;
  }

  /**
   * Reads a line as text: UTF-8, where an invalid sequence becomes U+FFFD. Its end, "\n" or "\r\n",
   * is removed. Parks. Go: `textproto.Reader.ReadLine`; `bufio.Reader.ReadLine` may return a part.
   *
   * @param options a context, a signal or {@linkcode BufferedReadOptions}: with `max` the line may
   * be so many bytes long; with `whole` a last line without an end is refused, as the peer may have
   * been cut off within it
   * @returns the line; the rest of the stream if it ended without "\n"; null at the end
   * @throws {TooLongError} when the line is longer than the maximum; what `read` of the source
   * throws; {@linkcode UnexpectedEOFError} see `whole`. Nothing was consumed in either case
   * @example
   * ```ts
   * const line = yield* reader.line({ timeout: 5000 });
   * ```
   */
  line(options?: Cancel | BufferedReadOptions): Routine<string | null> {
    const call = this.#line.unused ? this.#line : new LineCall(this[INPUT]);
    return call.begin(readOptions("read a line", options));
  }

  /**
   * Reads a line as bytes, without its end. Parks. As {@linkcode BufferedReader.line} otherwise,
   * for other encodings than UTF-8.
   *
   * @returns a view that is valid until the next call, or with `copy` memory of its own
   * @example
   * ```ts
   * const key = latin1.decode((yield* reader.lineBytes())!);
   * ```
   */
  lineBytes(options?: Cancel | BufferedReadOptions): Routine<Uint8Array | null> {
    return new LineBytesCall(this[INPUT]).begin(readOptions("read a line", options));
  }

  /**
   * Reads up to a delimiter, which is part of the result. Parks. Go: `bufio.Reader.ReadSlice`, with
   * `copy` `ReadBytes`; there the delimiter is one byte.
   *
   * @param delimiter text, bytes, or one byte as a number; 1 to 256 bytes
   * @param options as {@linkcode BufferedReader.line}; `max` and `maxLine` count the delimiter
   * @returns a view that is valid until the next call; the rest of the stream, which does not end
   * with the delimiter, if there was none; null at the end
   * @throws {TooLongError} when there is no delimiter within the maximum; otherwise as `line`
   * @example The head of an HTTP request.
   * ```ts
   * const head = yield* reader.until("\r\n\r\n", { max: 8192, whole: true });
   * ```
   */
  until(
    delimiter: string | number | Uint8Array,
    options?: Cancel | BufferedReadOptions,
  ): Routine<Uint8Array | null> {
    const call = new UntilCall(this[INPUT], delimiterBytes("read to a delimiter", delimiter));
    return call.begin(readOptions("read to a delimiter", options));
  }

  /**
   * Reads exactly `n` bytes. Parks. Go: `io.ReadFull`.
   *
   * Memory grows as bytes arrive, not by `n`. Of a length that a peer announces let `max` be the
   * bound; for bytes that go to memory of your own see {@linkcode BufferedReader.readFull}.
   *
   * @param n number of bytes
   * @returns a view that is valid until the next call, or with `copy` memory of its own; null if
   * the stream ended before the first byte
   * @throws {UnexpectedEOFError} when it ended within them: those that came stay unread;
   * {@linkcode TooLongError} when `n` is more than `max`, or `maxBytes`; {@linkcode RangeError}
   * when it is no number of bytes; what `read` of the source throws
   */
  bytes(n: number, options?: Cancel | BufferedReadOptions): Routine<Uint8Array | null> {
    checkCount("read bytes", n);
    return new BytesCall(this[INPUT], n).begin(readOptions("read bytes", options));
  }

  /**
   * Reads `n` bytes and leaves them unread. Parks. Go: `bufio.Reader.Peek`.
   *
   * @param n number of bytes
   * @returns a view that is valid until the next call, or with `copy` memory of its own; shorter
   * than `n` only if the stream ends before; null at the end
   * @throws as {@linkcode BufferedReader.bytes}, but never of an end
   */
  peek(n: number, options?: Cancel | BufferedReadOptions): Routine<Uint8Array | null> {
    checkCount("peek", n);
    return new PeekCall(this[INPUT], n).begin(readOptions("peek", options));
  }

  /**
   * Skips `n` bytes, as they arrive. Parks. Go: `bufio.Reader.Discard`.
   *
   * @param n number of bytes, as many as you like
   * @returns how many were skipped; less than `n` only if the stream ended before
   * @throws what `read` of the source throws; what was skipped until then is gone
   */
  discard(n: number, options?: Cancel | BufferedReadOptions): Routine<number> {
    checkCount("discard", n);
    return new DiscardCall(this[INPUT], n).begin(readOptions("discard", options));
  }

  /**
   * Skips the rest of a line with its end, however long. Parks. A server that answers "line too
   * long" goes on with the next one so.
   *
   * @returns how many bytes were skipped
   * @throws as {@linkcode BufferedReader.discard}
   */
  discardLine(options?: Cancel | BufferedReadOptions): Routine<number> {
    return new DiscardLineCall(this[INPUT]).begin(readOptions("discard a line", options));
  }

  /**
   * Reads once, as {@linkcode Conn.read}: what is buffered, or else from the source, and if `p` is
   * as large as the buffer without a copy. Parks.
   */
  read(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    checkBytes("read", p);
    return new ReadCall(this[INPUT], plainView(p)).begin(readOptions("read", cancel));
  }

  /**
   * Reads until `p` is full, as {@linkcode Conn.readFull}. Parks. An error says in `bytesRead` how
   * much is in `p`.
   */
  readFull(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    return readFull(this, p, cancel);
  }

  /** Waits until `read` would not have to wait, as {@linkcode Conn.readable}. Parks. */
  *readable(cancel?: Cancel): Routine<void> {
    const { buffer, source }: { buffer: ReadBuffer; source: Partial<Conn> } = this[INPUT];
    buffer.check();
    if (buffer.length > 0) return;
    if (source.readable !== undefined) yield* source.readable(cancel);
    else yield* this.peek(1, cancel);
  }

  /**
   * Returns the bytes that were read from the source but not from this reader, and ends the reader.
   * Never parks. The next user of the source must process them first.
   *
   * @returns a copy of them
   * @throws {PanicError} if a call is in progress, or the reader was already detached
   */
  detach(): Uint8Array<ArrayBuffer> {
    const { buffer } = this[INPUT];
    buffer.check();
    const unread = buffer.copy(buffer.length);
    buffer.release();
    buffer.detached = true;
    return unread;
  }

  /**
   * Ends the reader and returns a connection whose reads begin with the bytes that it had not yet
   * handed out: for code that wants a {@linkcode Conn}. With none left that is the source itself.
   * `copy` and `splice` move the bytes after those within the kernel, also from the reader itself.
   * Never parks.
   *
   * Do not start TLS on it after a command in plain text such as STARTTLS: bytes in `buffered` were
   * sent before the handshake, by the peer or by an attacker. Close the connection instead.
   *
   * @throws {TypeError} when the source is no connection; {@linkcode PanicError} as `detach`
   * @example
   * ```ts
   * const request = yield* reader.until("\r\n\r\n");
   * go(tunnel, reader.detachConn());
   * ```
   */
  detachConn(this: BufferedReader<Conn>): Conn {
    const call = "hand over a connection";
    needMethods(call, "the source", "a Conn", this.source, "read", "readable", "write", "close");
    const unread = this.detach();
    return unread.length === 0 ? this.source : unreadConn(this.source, unread);
  }

  /** @internal */
  get [DESCRIPTOR](): FD | undefined {
    const { buffer } = this[INPUT];
    // While there are unread bytes, the kernel must not move the bytes after them.
    if (buffer.busy || buffer.detached || buffer.length > 0) return undefined;
    const fd = descriptorOf(this.source);
    return fd === null || fd.keepsPackets ? undefined : fd;
  }
}

/** Throws RangeError unless `n` is a number of bytes. Go: `bufio.ErrNegativeCount`. */
function checkCount(call: string, n: unknown): void {
  if (Number.isSafeInteger(n) && (n as number) >= 0) return;
  throw new RangeError(
    `Cannot ${call} as the count must be a whole number of bytes: current value is ${shown(n)}`,
  );
}

/** Converts `delimiter` to bytes; throws TypeError or RangeError if it is invalid. */
export function delimiterBytes(call: string, delimiter: string | number | Uint8Array): Uint8Array {
  const bytes = typeof delimiter === "string"
    ? new TextEncoder().encode(delimiter)
    : typeof delimiter === "number"
    ? new Uint8Array([delimiter])
    : delimiter;
  if (!(bytes instanceof Uint8Array)) {
    throw wrongArgument(call, "the delimiter", "text, bytes or a byte", delimiter);
  }
  const wrongByte = typeof delimiter === "number" && bytes[0] !== delimiter;
  if (wrongByte || bytes.length === 0 || bytes.length > MOST_DELIMITER) {
    throw new RangeError(
      `Cannot ${call} as the delimiter must have 1 to ${MOST_DELIMITER} bytes: ` +
        `current value is ${shown(delimiter)}`,
    );
  }
  return bytes;
}

notesCalls(
  BufferedReader.prototype,
  "reader",
  "line",
  "lineBytes",
  "until",
  "bytes",
  "peek",
  "discard",
  "discardLine",
  "read",
  "readFull",
  "readable",
);
