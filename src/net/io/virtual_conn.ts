// SPDX-License-Identifier: MIT
/** Base class of connections without a descriptor of their own. */
import { platform } from "../../../platforms/platform.ts";
import {
  bytesOf,
  checkBytes,
  checkPieces,
  lengthNow,
  plainView,
  takenAway,
} from "../../fd/check_bytes.ts";
import {
  addRead,
  addWritten,
  type ByteCounts,
  COUNTED,
  type Counted,
} from "../../fd/byte_counts.ts";
import { type Chunks, ReaderChunks } from "../../fd/chunks.ts";
import { SyscallError, withBytesWritten } from "../../fd/errors.ts";
import { DeadlineExceededError } from "../../context/errors.ts";
import { scheduler } from "../../sched/thread.ts";
import type { Routine } from "../../sched/goroutine.ts";
import { type Cancel, cancellable } from "../../context/cancellable.ts";
import type { SelectCase } from "../../chan/select_case.ts";
import type { Addr } from "../addr/addr.ts";
import { type Deadline, toMonotonic } from "../deadline.ts";
import { NOTHING } from "../../chan/outcome.ts";
import { RetryCase } from "../../chan/retry_case.ts";
import { HalfConn } from "./half_conn.ts";
import { type ReadingConn, VirtualRead } from "./virtual_read.ts";
import type { Conn, KeepAlive } from "../net.ts";
import { readFull } from "../socket/read_full.ts";
import { withProgress } from "../../sched/progress.ts";
import { refuseAwait } from "../../sched/misuse.ts";
import { callDriven, callMade } from "../../sched/calls.ts";
import { showAs } from "../../validate/one_line.ts";
import { notesCalls } from "../../sched/noted_methods.ts";

/** Progress of a write, for the code that ends it. */
export interface Progress {
  written: number;
}

/** A write in progress. */
interface Writing extends Progress {
  /** What `yield*` drives, until then noted as a call that was made. */
  call: Routine<number> | null;
}

/** Operations that errors name. */
export type VirtualOp = "read" | "write" | "close" | "set";

/** See the top of this file. */
export abstract class VirtualConn implements Conn, Counted, ReadingConn {
  static {
    showAs(VirtualConn.prototype, (conn) => {
      const ends = [...new Set([String(conn.localAddr), String(conn.remoteAddr)])].join("->");
      return `Conn(${ends}${conn.closed ? ", closed" : ""})`;
    });
  }

  static {
    refuseAwait(VirtualConn.prototype.readInTurn.prototype, "conn.read");
    refuseAwait(VirtualConn.prototype.writeAll.prototype, "conn.write");
    refuseAwait(VirtualConn.prototype.writeUntil.prototype, "conn.write");
  }

  /** See {@linkcode Conn.localAddr}. */
  abstract readonly localAddr: Addr;
  /** See {@linkcode Conn.remoteAddr}. */
  abstract readonly remoteAddr: Addr;
  /** @internal */
  readonly reading: HalfConn;
  /** @internal */
  readonly writing: HalfConn;
  /** See {@linkcode Counted}. @internal */
  counts: ByteCounts | null = null;
  /** Whether this side has closed it. */
  protected closed = false;
  /** Serves one read at a time; null before the first. */
  #read: VirtualRead | null = null;

  constructor(
    reading: HalfConn = new HalfConn("IO wait"),
    writing: HalfConn = new HalfConn("IO wait"),
  ) {
    this.reading = reading;
    this.writing = writing;
  }

  /**
   * Takes received bytes: returns their number, null at the end of the stream, or undefined if none
   * are available.
   */
  protected abstract take(p: Uint8Array): number | null | undefined;
  /** Whether `take` would return a value other than undefined. */
  protected abstract readonly mayRead: boolean;
  /** Whether a write can begin at once. */
  protected abstract readonly mayWrite: boolean;
  /**
   * Writes all of `p` while holding the write lock; keeps `progress` up to date at every moment.
   * Parks.
   */
  protected abstract put(p: Uint8Array, progress: Progress): Routine<void>;
  /** Creates the error of `op`. */
  protected abstract fail(op: VirtualOp, cause: Error): Error;
  /** Creates the error of a call after `close`. */
  protected abstract failClosed(op: VirtualOp): Error;

  /** See {@linkcode Conn.close}. */
  abstract close(): void;
  /** See {@linkcode Conn.closeRead}. */
  abstract closeRead(): void;
  /** See {@linkcode Conn.closeWrite}. */
  abstract closeWrite(): void;
  /** See {@linkcode Conn.abort}. */
  abstract abort(): void;
  /** See {@linkcode Conn.setNoDelay}. */
  abstract setNoDelay(on: boolean): void;
  /** See {@linkcode Conn.setKeepAlive}. */
  abstract setKeepAlive(on: boolean | KeepAlive): void;
  /** See {@linkcode Conn.setLinger}. */
  abstract setLinger(seconds: number | null): void;
  /** See {@linkcode Conn.setReadBuffer}. */
  abstract setReadBuffer(bytes: number): void;
  /** See {@linkcode Conn.setWriteBuffer}. */
  abstract setWriteBuffer(bytes: number): void;

  /** See {@linkcode Conn.fd}: -1, since it has no descriptor. */
  get fd(): number {
    return -1;
  }

  /**
   * See {@linkcode Conn.detach}: always throws, with the code "EINVAL", or as a closed connection.
   */
  detach(): number {
    if (this.closed) throw this.failClosed("close");
    throw this.fail("close", new SyscallError("detach", platform().errno.EINVAL));
  }

  /** See {@linkcode Conn.read}. */
  read(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    checkBytes("read", p);
    const own = this.#read ??= new VirtualRead(this);
    const call = (own.unused ? own : new VirtualRead(this)).call(plainView(p));
    return this.#cancellable("read", call, cancel);
  }

  /** See {@linkcode Conn.readFull}. */
  readFull(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    return readFull(this, p, cancel);
  }

  /** See {@linkcode Conn.readable}. */
  readable(cancel?: Cancel): Routine<void> {
    return this.#cancellable("read", this.#readable(), cancel);
  }

  /** See {@linkcode Conn.chunks}. */
  chunks(): Chunks {
    return new ReaderChunks(this);
  }

  /** See {@linkcode Conn.write}. */
  write(p: Uint8Array | string, cancel?: Cancel): Routine<number> {
    return this.#write([bytesOf(p)], cancel);
  }

  /** See {@linkcode Conn.writev}. */
  writev(pieces: readonly Uint8Array[], cancel?: Cancel): Routine<number> {
    checkPieces("write", pieces);
    return this.#write(pieces.map(plainView), cancel);
  }

  #write(pieces: readonly Uint8Array[], cancel: Cancel | undefined): Routine<number> {
    const progress: Writing = { written: 0, call: null };
    const call = cancel === undefined
      ? this.writeAll(pieces, progress)
      : this.writeUntil(pieces, cancel, progress);
    progress.call = call;
    callMade(call);
    return withProgress(call, () => ({ bytesWritten: progress.written }));
  }

  /** See {@linkcode Conn.onReadable}. */
  onReadable(): SelectCase<{ value: undefined; ok: true }> {
    return this.#readyCase("read", () => this.mayRead);
  }

  /** See {@linkcode Conn.onWritable}. */
  onWritable(): SelectCase<{ value: undefined; ok: true }> {
    return this.#readyCase("write", () => this.mayWrite);
  }

  /** See {@linkcode Conn.setDeadline}. */
  setDeadline(at: Deadline): void {
    this.setReadDeadline(at);
    this.setWriteDeadline(at);
  }

  /** See {@linkcode Conn.setReadDeadline}. */
  setReadDeadline(at: Deadline): void {
    const monotonic = toMonotonic(at);
    if (this.closed) throw this.failClosed("set");
    this.reading.setDeadline(monotonic);
  }

  /** See {@linkcode Conn.setWriteDeadline}. */
  setWriteDeadline(at: Deadline): void {
    const monotonic = toMonotonic(at);
    if (this.closed) throw this.failClosed("set");
    this.writing.setDeadline(monotonic);
  }

  /** @internal */
  get [COUNTED](): Counted {
    return this;
  }

  /** Closes the connection unless it is already closed. */
  [Symbol.dispose](): void {
    if (!this.closed) this.close();
  }

  /** Throws if it is closed or if the deadline of this direction has passed. */
  protected check(op: "read" | "write"): void {
    if (this.closed) throw this.failClosed(op);
    if (this.#direction(op).expired) throw this.fail(op, new DeadlineExceededError());
  }

  #readyCase(
    op: "read" | "write",
    ready: () => boolean,
  ): SelectCase<{ value: undefined; ok: true }> {
    const direction = this.#direction(op);
    return new RetryCase<undefined>({
      attempt: () => this.closed || direction.expired || ready() ? undefined : NOTHING,
      watch: (waiter) => direction.watch(waiter),
      unwatch: (waiter) => direction.unwatch(waiter),
      describe: () => `${op} of ${this.localAddr}`,
    });
  }

  #direction(op: "read" | "write"): HalfConn {
    return op === "read" ? this.reading : this.writing;
  }

  /** See {@linkcode ReadingConn}. @internal */
  attemptRead(p: Uint8Array): number | null | undefined {
    this.check("read");
    const n = lengthNow("read", p) === 0 ? 0 : this.take(p);
    if (n !== undefined) addRead(this, n);
    return n;
  }

  /** See {@linkcode ReadingConn}. @internal */
  *readInTurn(p: Uint8Array): Routine<number | null> {
    yield* this.reading.turn.lock();
    try {
      for (;;) {
        const n = this.attemptRead(p);
        if (n !== undefined) return n;
        yield* this.reading.wait();
      }
    } finally {
      this.reading.turn.unlock();
    }
  }

  *#readable(): Routine<void> {
    if (scheduler.budget-- <= 0) yield scheduler.yieldNow();
    for (;;) {
      this.check("read");
      if (this.mayRead) return;
      yield* this.reading.wait();
    }
  }

  private *writeAll(pieces: readonly Uint8Array[], progress: Writing): Routine<number> {
    if (progress.call !== null) callDriven(progress.call);
    const length = lengthOfAll(pieces);
    try {
      yield* this.writing.turn.lock();
      try {
        this.check("write");
        for (const piece of pieces) if (piece.length > 0) yield* this.put(piece, progress);
      } finally {
        this.writing.turn.unlock();
      }
      if (progress.written !== length) throw takenAway("write");
    } catch (error) {
      throw withBytesWritten(error, progress.written);
    } finally {
      addWritten(this, progress.written);
    }
    return length;
  }

  private *writeUntil(
    pieces: readonly Uint8Array[],
    cancel: Cancel,
    progress: Writing,
  ): Routine<number> {
    if (progress.call !== null) callDriven(progress.call);
    const length = lengthOfAll(pieces);
    let canceled = false;
    try {
      const call = this.writeAll(pieces, progress);
      return yield* this.#cancellable("write", call, cancel, () => {
        canceled = true;
      });
    } catch (error) {
      // The other end took all of it before the write was canceled.
      if (canceled && length > 0 && progress.written === length) return length;
      const { written: bytesWritten } = progress;
      throw error instanceof Error ? Object.assign(error, { bytesWritten }) : error;
    }
  }

  /** Runs `call` unless `cancel` fires first; then notifies `onCanceled`. */
  #cancellable<T>(
    op: VirtualOp,
    call: Routine<T>,
    cancel: Cancel | undefined,
    onCanceled: () => void = () => {},
  ): Routine<T> {
    if (cancel === undefined) return call;
    return cancellable(call, cancel, (cause) => {
      onCanceled();
      return this.fail(op, cause);
    });
  }
}

function lengthOfAll(pieces: readonly Uint8Array[]): number {
  let length = 0;
  for (const piece of pieces) length += piece.length;
  return length;
}

notesCalls(VirtualConn.prototype, "conn", "read", "readFull", "readable", "write", "writev");
