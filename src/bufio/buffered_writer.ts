// SPDX-License-Identifier: MIT
/** Buffers small writes. Go: bufio.Writer. */
import type { Writer } from "../net/io/copy.ts";
import { asError } from "../net/errors.ts";
import type { Conn } from "../net/net.ts";
import { ClosedError, withBytesWritten } from "../fd/errors.ts";
import { needMethods } from "../validate/argument.ts";
import { DEAD, type G, type Routine } from "../sched/goroutine.ts";
import { currentRun, spawn } from "../sched/spawn.ts";
import { type Cancel, cancellable } from "../context/cancellable.ts";
import { isCanceled, isTimeout } from "../context/errors.ts";
import { Mutex } from "../sync/mutex.ts";
import { InterruptedWriteError, ShortWriteError } from "./errors.ts";
import { type BufferedWriterOptions, checkBoolean, checkKeys, checkMax } from "./options.ts";
import { QuickCall } from "./quick_call.ts";
import { giveBack, WriteBuffer } from "./write_buffer.ts";
import { bytesOf, type Writable } from "../fd/check_bytes.ts";
import { PROGRESS, progressOf as sharedProgressOf, withProgress } from "../sched/progress.ts";
import { notesCalls } from "../sched/noted_methods.ts";
import { refuseAwait } from "../sched/misuse.ts";

const FIRST_SIZE = 16 * 1024;
const OPTIONS = new Set(["size", "autoFlush"]);

/** Progress of a call: fields of the error that reports its end. */
interface Progress {
  bytesWritten: number;
}

type Overflow = (
  pieces: readonly Writable[],
  cancel: Cancel | undefined,
  progress: Progress,
) => Routine<number>;

/** Appends a write to the buffer, or waits for room. */
class WriteCall extends QuickCall<number> {
  #data: Writable = "";
  #cancel: Cancel | undefined;
  #progress: Progress | null = null;
  readonly #append: (data: Writable) => number;
  readonly #overflow: Overflow;

  constructor(append: (data: Writable) => number, overflow: Overflow) {
    super();
    this.#append = append;
    this.#overflow = overflow;
  }

  begin(data: Writable, cancel: Cancel | undefined): Routine<number> {
    this.#data = data;
    this.#cancel = cancel;
    this.#progress = null;
    return this.take();
  }

  protected override quick(): number | undefined {
    const n = this.#append(this.#data);
    if (n < 0) return undefined;
    this.#data = "";
    return n;
  }

  protected override slow(): Routine<number> {
    const data = this.#data;
    this.#data = "";
    this.#progress = { bytesWritten: 0 };
    return this.#overflow([data], this.#cancel, this.#progress);
  }

  /** See {@linkcode Progressing}. */
  [PROGRESS](): object {
    return this.#progress ?? { bytesWritten: 0 };
  }
}

/** A write to the destination: how many bytes it has sent. */
class Sending {
  /** Number of bytes of the calls that are over. */
  moved = 0;
  /** The call in progress; null between two. */
  call: Routine<number> | null = null;

  /** Number of bytes sent; -1 if the destination does not know how far its call has got. */
  get sent(): number {
    if (this.call === null) return this.moved;
    const progress = sharedProgressOf(this.call);
    return knowsProgress(progress) ? this.moved + progress.bytesWritten : -1;
  }
}

/**
 * Combines small writes to any {@linkcode Writer}. Go: `bufio.Writer`.
 *
 * - Buffered bytes are written at the end of the turn, that is when the goroutine has parked and
 *   those that were runnable have run; at once when the buffer is full; and by `flush`. With
 *   `autoFlush: false` only the last two, as in Go.
 * - Backpressure: a write that does not fit parks until the destination has accepted the bytes
 *   before it and the write itself, which is not copied. So memory is bounded by `size`.
 * - Text is encoded into the buffer, as UTF-8.
 * - An error of the destination is sticky, as in Go: every later call throws it, and buffered bytes
 *   are lost. A timeout and a cancellation are not, whether by `cancel`, {@linkcode cancellable} or
 *   a deadline of the connection: unsent bytes are kept in order, and the next flush continues
 *   there. So it is when the goroutine is ended in the middle of a flush to a connection of the
 *   library; other destinations do not report how far they got, which is an
 *   {@linkcode InterruptedWriteError}. It is one, too, if a write that is larger than the buffer is
 *   ended midway, by `cancellable` or with its goroutine, since its rest is not kept.
 * - Call `flush` before you close the connection, and before the main goroutine returns. Closing
 *   the connection first loses buffered bytes.
 *
 * Several goroutines may write: each write is sent in one piece.
 *
 * @typeParam W Type of the destination.
 * @example
 * ```ts
 * const out = new BufferedWriter(conn);
 * for (const [name, value] of headers) yield* out.write(`${name}: ${value}\r\n`);
 * yield* out.flush();
 * ```
 */
export class BufferedWriter<W extends Writer = Writer> implements Writer {
  static {
    refuseAwait(BufferedWriter.prototype.writeTogether.prototype, "writer.writev");
    refuseAwait(BufferedWriter.prototype.flushAll.prototype, "writer.flush");
    refuseAwait(BufferedWriter.prototype.finish.prototype, "writer.close");
  }

  /** The destination. */
  readonly destination: W;
  readonly #buffer: WriteBuffer;
  readonly #autoFlush: boolean;
  /** Held by the goroutine that writes to the destination. */
  readonly #turn: Mutex = new Mutex();
  readonly #call: WriteCall;
  #flusher: G<void> | null = null;
  #error: Error | null = null;
  #closed = false;

  /**
   * Creates a writer to `destination`.
   *
   * @param destination a connection, or any object with its `write`; `writev` is used if present
   * @param options see {@linkcode BufferedWriterOptions}
   * @throws {TypeError} if `destination` is not a writer or an option is invalid;
   * {@linkcode RangeError} if `size` is not a positive integer
   */
  constructor(destination: W, options: BufferedWriterOptions = {}) {
    needMethods("write through a buffer", "the destination", "a Writer", destination, "write");
    checkKeys("write through a buffer", options, OPTIONS);
    const { size = FIRST_SIZE, autoFlush = true } = options;
    checkMax("write through a buffer", "size", size);
    checkBoolean("write through a buffer", "autoFlush", autoFlush);
    this.destination = destination;
    this.#buffer = new WriteBuffer(size);
    this.#autoFlush = autoFlush;
    this.#call = this.#newCall();
  }

  /** Number of bytes in the buffer. Go: `Buffered`. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** Number of bytes that can be written without waiting. Go: `Available`. */
  get available(): number {
    return Math.max(0, this.#buffer.size - this.#buffer.length);
  }

  /** The sticky error, which every call throws; null if there is none. */
  get error(): Error | null {
    return this.#error;
  }

  /**
   * Writes all of `data`. Parks only if it does not fit into the buffer.
   *
   * @param data bytes, which may be reused after the call, or text
   * @param cancel cancels the wait: a context or an AbortSignal
   * @returns the number of bytes: the length of `data`, for text as UTF-8
   * @throws the sticky error; the error of the destination's `write`, whose `bytesWritten` is the
   * number of bytes of `data` that were sent: after a timeout or a cancellation the rest was not
   * accepted; {@linkcode ClosedError} after `close`
   */
  write(data: Uint8Array | string, cancel?: Cancel): Routine<number> {
    if (typeof data !== "string") data = bytesOf(data);
    return (this.#call.unused ? this.#call : this.#newCall()).begin(data, cancel);
  }

  /** Writes all of `pieces` in order, as one {@linkcode BufferedWriter.write}. Parks likewise. */
  writev(pieces: readonly (Uint8Array | string)[], cancel?: Cancel): Routine<number> {
    const progress = { bytesWritten: 0 };
    return withProgress(this.writeTogether(pieces, cancel, progress), () => progress);
  }

  /**
   * Writes out the buffer. Parks until the destination has accepted all of it. Go: `Flush`.
   *
   * @param cancel cancels it; unsent bytes stay buffered
   * @throws as {@linkcode BufferedWriter.write}; `bytesWritten` is the number of buffered bytes that
   * were sent
   */
  flush(cancel?: Cancel): Routine<void> {
    const progress = { bytesWritten: 0 };
    return withProgress(this.flushAll(cancel, progress), () => progress);
  }

  /**
   * Writes out the buffer and ends the writer; the destination stays open, because the writer does
   * not own it. Parks. A second call only flushes, so it may be retried after a timeout.
   *
   * @param cancel as for {@linkcode BufferedWriter.flush}
   * @throws as {@linkcode BufferedWriter.flush}
   */
  close(cancel?: Cancel): Routine<void> {
    const progress = { bytesWritten: 0 };
    return withProgress(this.finish(cancel, progress), () => progress);
  }

  #newCall(): WriteCall {
    return new WriteCall(
      (data) => this.#append(data),
      (pieces, cancel, progress) => this.#overflow(pieces, cancel, progress),
    );
  }

  /** The call of `writev`. */
  private *writeTogether(
    pieces: readonly (Uint8Array | string)[],
    cancel: Cancel | undefined,
    progress: Progress,
  ): Routine<number> {
    const bytes = pieces.map(bytesOf);
    const n = this.#appendAll(bytes);
    return n < 0 ? yield* this.#overflow(bytes, cancel, progress) : n;
  }

  /** The call of `flush`. */
  private *flushAll(cancel: Cancel | undefined, progress: Progress): Routine<void> {
    if (this.#error !== null) throw this.#error;
    yield* this.#lock(cancel);
    try {
      if (this.#error !== null) throw this.#error;
      if (this.#buffer.length > 0) yield* this.#send([], cancel, progress, 0);
    } finally {
      this.#turn.unlock();
    }
  }

  /** The call of `close`. */
  private *finish(cancel: Cancel | undefined, progress: Progress): Routine<void> {
    this.#closed = true;
    yield* this.flushAll(cancel, progress);
  }

  /** Throws if the writer has failed or is closed. */
  #check(): void {
    if (this.#error !== null) throw this.#error;
    if (this.#closed) throw new ClosedError("write to a closed BufferedWriter");
  }

  /** Appends `data` if it fits, and returns its length in bytes; otherwise returns -1. */
  #append(data: Writable): number {
    this.#check();
    const n = this.#buffer.append(data);
    if (n > 0 && this.#autoFlush) this.#flushLater();
    return n;
  }

  /** As `#append`, for all of `pieces` or none. */
  #appendAll(pieces: readonly Writable[]): number {
    this.#check();
    if (pieces.length === 1) return this.#append(pieces[0]);
    const length = lengthOf(pieces);
    if (length > this.available) return -1;
    for (const piece of pieces) this.#append(piece);
    return length;
  }

  /** Starts a goroutine that flushes once this one has parked. */
  #flushLater(): void {
    if (this.#flusher !== null && this.#flusher.state !== DEAD) return;
    this.#flusher = spawn(currentRun(), "BufferedWriter", this.#flushing());
  }

  *#flushing(): Routine<void> {
    try {
      while (this.#buffer.length > 0) yield* this.flush();
    } catch {
      // The next call reports it: a sticky error directly, any other by failing again.
    }
  }

  /**
   * Makes room for `pieces` and appends them. Pieces that are larger than the buffer are written
   * directly after its contents, and so are those that find the room taken again: nothing waits
   * twice.
   */
  *#overflow(
    pieces: readonly Writable[],
    cancel: Cancel | undefined,
    progress: Progress,
  ): Routine<number> {
    yield* this.#lock(cancel);
    try {
      let n = this.#appendAll(pieces);
      if (n >= 0) return n;
      if (this.#buffer.length > 0 && lengthOf(pieces) <= this.#buffer.size) {
        yield* this.#send([], cancel, progress, Infinity);
        n = this.#appendAll(pieces);
        if (n >= 0) return n;
      }
      const bytes = pieces.map(bytesOf);
      yield* this.#send(bytes, cancel, progress, this.#buffer.length);
      return lengthOf(bytes);
    } finally {
      this.#turn.unlock();
    }
  }

  *#lock(cancel: Cancel | undefined): Routine<void> {
    if (this.#turn.tryLock()) return;
    const lock = this.#turn.lock();
    yield* cancel === undefined ? lock : cancellable(lock, cancel);
  }

  /**
   * Writes out the buffer and `pieces`, while holding the write lock. `progress` counts the bytes
   * after the first `skipped` ones.
   */
  *#send(
    pieces: readonly Uint8Array[],
    cancel: Cancel | undefined,
    progress: Progress,
    skipped: number,
  ): Routine<void> {
    const { length } = this.#buffer;
    const memory = this.#buffer.takeMemory();
    const taken = length === memory.length ? memory : memory.subarray(0, length);
    const sending = new Sending();
    let sent = -1; // Unknown while the write is in progress.
    try {
      sent = yield* this.#writeAll(length > 0 ? [taken, ...pieces] : pieces, cancel, sending);
    } catch (error) {
      sent = progressOf(error);
      progress.bytesWritten = Math.max(0, sent - skipped);
      if (!isResumable(error)) this.#error ??= asError(error);
      if (knowsProgress(error)) error.bytesWritten = progress.bytesWritten;
      throw error;
    } finally {
      // Ended by its goroutine, or by `cancellable`.
      const ended = sent < 0;
      if (ended) sent = sending.sent;
      // Of a write that is not kept a part went out: nothing may follow it.
      const torn = ended && sent > length && sent < length + lengthOf(pieces);
      if (sent < 0 || torn) this.#error ??= new InterruptedWriteError();
      if (sent >= 0) {
        progress.bytesWritten = Math.max(0, sent - skipped);
        if (sent < length && this.#error === null) this.#buffer.putBack(taken.slice(sent));
        // After an interruption, the destination may still use it.
        giveBack(memory);
      }
    }
  }

  *#writeAll(
    pieces: readonly Uint8Array[],
    cancel: Cancel | undefined,
    sending: Sending,
  ): Routine<number> {
    const { destination }: { destination: Writer & Partial<Pick<Conn, "writev">> } = this;
    if (pieces.length > 1 && destination.writev !== undefined) {
      sending.call = destination.writev(pieces, cancel);
      sending.moved = yield* sending.call;
      sending.call = null;
    } else {
      for (const piece of pieces) yield* this.#writePiece(piece, cancel, sending);
    }
    if (sending.moved !== lengthOf(pieces)) throw new ShortWriteError();
    return sending.moved;
  }

  *#writePiece(
    piece: Uint8Array,
    cancel: Cancel | undefined,
    sending: Sending,
  ): Routine<void> {
    try {
      sending.call = this.destination.write(piece, cancel);
      const n = yield* sending.call;
      sending.call = null;
      if (n !== piece.length) throw new ShortWriteError();
      sending.moved += n;
    } catch (error) {
      throw knowsProgress(error) ? withBytesWritten(error, sending.moved) : error;
    }
  }
}

/** Returns the total length in bytes; for text, a lower bound. */
function lengthOf(pieces: readonly Writable[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

/** Whether `error` has the progress of its write. */
function knowsProgress(error: unknown): error is { bytesWritten: number } {
  return typeof (error as { bytesWritten?: unknown } | null)?.bytesWritten === "number";
}

/** Returns the progress of the write that failed with `error`; 0 if unknown. */
function progressOf(error: unknown): number {
  return knowsProgress(error) ? error.bytesWritten : 0;
}

/** Whether writing may continue after the bytes sent before `error`. */
function isResumable(error: unknown): boolean {
  if (!knowsProgress(error)) return false;
  return isTimeout(error) || isCanceled(error);
}

notesCalls(BufferedWriter.prototype, "writer", "write", "writev", "flush", "close");
refuseAwait(WriteCall.prototype, "writer.write");
