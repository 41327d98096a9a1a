// SPDX-License-Identifier: MIT
import { PARK, type Park, type Waitable } from "../sched/park.ts";
/**
 * A read, a write or an accept in progress: what `yield*` drives when a goroutine calls one.
 *
 * It could be a generator, and was: creating and resuming two of them made up a third of what the
 * library added to an echo's two system calls. An operation is instead its own iterator and its own
 * result (`done` and `value` are what `yield*` looks at), and its descriptor uses it again for the
 * next call; a write's serves all. So none of them allocates anything. It moves through these
 * states:
 *
 *   unused  of no call                -> fresh, when a call takes it
 *   fresh   of a call not yet driven  -> queued or held, at the first `next`
 *   queued  waits for its turn        -> held; unused, if the descriptor is closed meanwhile
 *   held    has the lock, tries and parks until it is done -> unused
 *
 * `return`, by which a goroutine is ended, goes to unused from everywhere and undoes what it holds.
 */
import type { SocketCalls } from "../../platforms/contract/sockets.ts";
import type { Cancel } from "../context/cancellable.ts";
import type { PollDesc } from "../netpoll/poll_desc.ts";
import type { G, Routine } from "../sched/goroutine.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { DONE } from "../sched/step.ts";
import { PROGRESS } from "../sched/progress.ts";
import { scheduler } from "../sched/thread.ts";
import { lengthOf, takenAway, viewOf } from "./check_bytes.ts";
import type { Counted } from "./byte_counts.ts";
import { counters } from "./counters.ts";
import { type Lock, READ_LOCK, WRITE_LOCK } from "./fd_mutex.ts";
import { registerState } from "../sched/thread_state.ts";
import { callDriven, callMade } from "../sched/calls.ts";

/** See the list at the top of this file. */
const UNUSED = 0;
const FRESH = 1;
const QUEUED = 2;
const HELD = 3;

/** Most bytes per system call, as in Go: some systems fail on 2^31 and more. */
const MAX_TRANSFER = 1 << 30;

/** An operation's view of its descriptor; FD implements it. */
export interface OperationFD extends Counted, Waitable {
  readonly sysfd: number;
  readonly pd: PollDesc | null;
  readonly sockets: SocketCalls;
  readonly closed: boolean;
  /** Minus EAGAIN. */
  readonly again: number;
  /** Minus EINTR. */
  readonly interrupted: number;
  /** `tick` of the scheduler at the last write that sent bytes; -1 before any. */
  wroteAt: number;
  /** Ends `call`, a call of `op` here, when `cancel` comes first. */
  cancellable<T>(op: OperationName, call: Routine<T>, cancel: Cancel | undefined): Routine<T>;
  tryLock(lock: Lock): boolean;
  unlock(lock: Lock): void;
  enqueue(lock: Lock, g: G): void;
  claim(lock: Lock, g: G): boolean;
  leave(lock: Lock, g: G): void;
  /** Whether this side has shut down reading. */
  readonly readEnded: boolean;
  /** Whether a read finds here what an earlier one took from the kernel. */
  readonly buffered: boolean;
  /** Called when a read has found the end of the stream. */
  sawEnd(): void;
  /** Returns the error for a pollDesc that does not answer POLL_OK. */
  stateError(op: OperationName, answer: number): Error;
  /** Returns the error of a call on a closed descriptor. */
  closedError(op: OperationName): Error;
  /** Returns the error of a failed system call, which is usually named as `op`. */
  failedCall(op: OperationName, errno: number, syscall?: string): Error;
}

/** A listener's descriptor, as its operation sees it. */
export interface AcceptingFD extends OperationFD {
  /** Accepts one connection if there is one; null if a wait for the next is needed. */
  tryAccept(): number | null;
}

type OperationName = "read" | "write" | "accept";

/** The result object that `yield*` reads. */
export interface Step<T> {
  readonly done?: boolean;
  readonly value: T;
}

/** Placeholder for the buffer of an unused operation. */
const NO_BYTES = new Uint8Array(0);

/** Common base of reads and writes. */
export abstract class Operation {
  // Fields that every call touches come first: they lie in memory in this order.
  /** Whether the call is over; for `yield*`. */
  done = false;
  /** Its result then, or PARK until then; for `yield*`. */
  value: unknown = PARK;
  protected state: number = UNUSED;
  protected fd: OperationFD;
  protected buffer: Uint8Array = NO_BYTES;
  /** The length of the buffer when the call began. */
  protected length = 0;
  /** The goroutine that drives the call, from its first `next` on. */
  protected goroutine: G | null = null;

  constructor(fd: OperationFD) {
    this.fd = fd;
  }

  /** The lock that it needs. Not a field, since every connection has several of these. */
  protected abstract get lock(): Lock;

  /** Whether it is unused. */
  get unused(): boolean {
    return this.state === UNUSED;
  }

  /** Whether it holds the lock. */
  protected get held(): boolean {
    return this.state === HELD;
  }

  /** Whether its call has not been driven yet. */
  protected get fresh(): boolean {
    return this.state === FRESH;
  }

  /** Whether a goroutine is inside it. */
  get busy(): boolean {
    return this.state === QUEUED || this.state === HELD;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** True if it serves another goroutine by now: to its former caller the call is over. */
  protected get reused(): boolean {
    return this.state >= QUEUED && this.goroutine !== scheduler.current;
  }

  /** Ends the call: it has no effect, and releases what it holds. */
  return(value?: unknown): Step<unknown> {
    if (this.reused) return DONE;
    if (this.state === FRESH) callDriven(this);
    if (this.state === QUEUED) this.fd.leave(this.lock, this.goroutine!);
    if (this.state === HELD) this.release();
    return this.end(value);
  }

  /** As `return`, with an error. */
  throw(error: unknown): never {
    this.return();
    throw error;
  }

  /** Prepares it for a call. */
  protected take(buffer: Uint8Array, length: number): void {
    this.state = FRESH;
    this.done = false;
    this.buffer = buffer;
    this.length = length;
    callMade(this);
  }

  /** The descriptor, as a dump names it. */
  describe(): string {
    return this.fd.describe();
  }

  /**
   * Gets the lock. False if the goroutine must park first. Throws what `closed` makes if the
   * descriptor is closed.
   */
  protected begin(): boolean {
    if (this.state === FRESH) {
      callDriven(this);
      this.goroutine = scheduler.current;
    }
    if (this.state !== FRESH || !this.fd.tryLock(this.lock)) return this.queue();
    this.state = HELD;
    // A goroutine that never has to wait would never let the others run.
    if (scheduler.budget-- > 0) return true;
    this.value = this.parked(() => scheduler.yieldNow());
    return false;
  }

  /** Parks for bytes or for room; ends the call if that throws. */
  protected parkAt(pd: PollDesc, read: boolean): this {
    try {
      this.value = read ? pd.parkReader() : pd.parkWriter();
    } catch (error) {
      this.return();
      throw error;
    }
    return this;
  }

  /** Returns what `park` returns; ends the call if it throws, as nothing could resume it. */
  protected parked(park: () => Park): Park {
    try {
      return park();
    } catch (error) {
      this.return();
      throw error;
    }
  }

  /** Completes the call with `value`, after it has released what it held. */
  protected end(value: unknown): this {
    this.state = UNUSED;
    this.done = true;
    this.value = value;
    this.buffer = NO_BYTES;
    return this;
  }

  /** Releases the lock, and leaves the poller's wait if it is still in it. */
  protected abstract release(): void;

  /** Returns the error of a call that found the descriptor closed. */
  protected abstract closed(): Error;

  /** As {@linkcode begin}, for a call that must queue, or has queued, for the lock. */
  private queue(): boolean {
    const { fd, lock } = this;
    if (this.state === FRESH) {
      if (fd.closed) throw this.abandon();
      this.state = QUEUED;
      fd.enqueue(lock, this.goroutine!);
    } else if (this.state === UNUSED) {
      // Driven by hand after its end, as no `yield*` does: it stays ended.
      this.end(undefined);
      return false;
    } else if (fd.claim(lock, this.goroutine!)) {
      this.state = HELD;
      return true;
    } else if (fd.closed) {
      fd.leave(lock, this.goroutine!);
      throw this.abandon();
    }
    this.value = this.parked(() => scheduler.park("fd lock", fd));
    return false;
  }

  private abandon(): Error {
    this.end(undefined);
    return this.closed();
  }
}

/** One read. Go: FD.Read. */
export class ReadOperation extends Operation {
  protected override get lock(): Lock {
    return READ_LOCK;
  }

  /** Starts the call, to be driven by `yield*`. */
  call(buffer: Uint8Array, length: number): Routine<number | null> {
    this.take(buffer, length);
    return this as unknown as Routine<number | null>;
  }

  /** Continues until the call is over or must wait. */
  next(): Step<unknown> {
    if (this.reused) return DONE;
    if (this.state !== HELD && !this.begin()) return this;
    const { fd, buffer } = this;
    const pd = fd.pd!;
    const now = lengthOf(buffer);
    const length = now < MAX_TRANSFER ? now : MAX_TRANSFER;
    for (;;) {
      if (length === 0) {
        if (this.length > 0) throw this.failed(takenAway("read"));
        return this.gave(0);
      }
      if (pd.readState !== 0) throw this.failed(fd.stateError("read", pd.readState));
      if (!pd.rready) return this.parkAt(pd, true);
      let n: number;
      try {
        n = fd.sockets.recv(fd.sysfd, buffer, length);
      } catch (error) {
        // The runtime refused to make the call; the lock must not stay held.
        throw this.failed(error as Error);
      }
      if (n > 0) {
        // The socket is drained, so the next read need not ask: any later arrival has an edge yet
        // to come. A hang-up has one edge only; after it a read goes on until it has seen the end.
        if (n < length && !pd.hangup) pd.rready = false;
        counters.read += n;
        if (fd.counts !== null) fd.counts.bytesRead += n;
        return this.gave(n);
      }
      if (n === 0) {
        fd.sawEnd();
        return this.gave(null);
      }
      if (n === fd.again) {
        if (fd.readEnded) return this.gave(null);
        pd.rready = false;
        counters.again++;
      } else if (n !== fd.interrupted) throw this.failed(fd.failedCall("read", -n));
    }
  }

  protected override release(): void {
    this.fd.pd!.unparkReader();
    this.fd.unlock(READ_LOCK);
  }

  protected override closed(): Error {
    return this.fd.closedError("read");
  }

  private gave(n: number | null): this {
    this.end(n);
    this.release();
    return this;
  }

  private failed(error: Error): Error {
    this.gave(null);
    return error;
  }
}

/** One accept; its result is what `make` returns for the new descriptor. Go: FD.Accept. */
export class AcceptOperation<T> extends Operation {
  private readonly listener: AcceptingFD;
  private readonly make: (sysfd: number) => T;

  constructor(fd: AcceptingFD, make: (sysfd: number) => T) {
    super(fd);
    this.listener = fd;
    this.make = make;
  }

  protected override get lock(): Lock {
    return READ_LOCK;
  }

  /** Starts the call, to be driven by `yield*`. */
  call(): Routine<T> {
    this.take(NO_BYTES, 0);
    return this as unknown as Routine<T>;
  }

  /** Continues until the call is over or must wait. */
  next(): Step<unknown> {
    if (this.reused) return DONE;
    if (this.state !== HELD && !this.begin()) return this;
    const { fd } = this;
    try {
      const sysfd = this.listener.tryAccept();
      if (sysfd === null) this.value = fd.pd!.parkReader();
      else this.gave(this.make(sysfd));
      return this;
    } catch (error) {
      this.gave(undefined);
      throw error;
    }
  }

  protected override release(): void {
    this.fd.pd!.unparkReader();
    this.fd.unlock(READ_LOCK);
  }

  protected override closed(): Error {
    return this.fd.closedError("accept");
  }

  private gave(value: T | undefined): void {
    this.end(value);
    this.release();
  }
}

refuseAwait(ReadOperation.prototype, "conn.read");
refuseAwait(AcceptOperation.prototype, "listener.accept");

/** The write operation that was last released, for reuse. */
let spare: WriteOperation | null = null;

/**
 * One write: all of the buffer. Go: FD.Write.
 *
 * Most writes are over at once, so that one operation serves all descriptors of the thread: it
 * stays in the processor's cache, and a connection that is idle has none.
 */
export class WriteOperation extends Operation {
  /** Number of bytes that the call has sent. */
  sent = 0;

  /** Returns an operation for a call on `fd`. */
  static of(fd: OperationFD): WriteOperation {
    const operation = spare;
    if (operation === null) return new WriteOperation(fd);
    spare = null;
    operation.fd = fd;
    return operation;
  }

  protected override get lock(): Lock {
    return WRITE_LOCK;
  }

  /** Starts the call, to be driven by `yield*`. */
  call(buffer: Uint8Array, length: number): Routine<number> {
    this.take(buffer, length);
    this.sent = 0;
    return this as unknown as Routine<number>;
  }

  /** Continues until the call is over or must wait. */
  next(): Step<unknown> {
    if (this.reused) return DONE;
    if (this.state !== HELD && !this.begin()) return this;
    const { fd, buffer, length } = this;
    const pd = fd.pd!;
    if (lengthOf(buffer) < length) throw this.failed(takenAway("write"));
    for (;;) {
      if (pd.writeState !== 0) throw this.failed(fd.stateError("write", pd.writeState));
      if (this.sent === length) return this.gave();
      if (!pd.wready) return this.parkAt(pd, false);
      const rest = this.sent === 0 ? buffer : viewOf(buffer, this.sent, length);
      const most = length - this.sent;
      let n: number;
      try {
        n = fd.sockets.send(fd.sysfd, rest, most < MAX_TRANSFER ? most : MAX_TRANSFER);
      } catch (error) {
        throw this.failed(error as Error);
      }
      if (n >= 0) {
        fd.wroteAt = scheduler.tick;
        this.sent += n;
        counters.written += n;
        if (fd.counts !== null) fd.counts.bytesWritten += n;
        if (this.sent === length) return this.gave();
        // A long write to a fast peer must not keep the others waiting.
        if (scheduler.budget-- <= 0) {
          this.value = scheduler.yieldNow();
          return this;
        }
      } else if (n === fd.again) {
        pd.wready = false;
        counters.again++;
      } else if (n !== fd.interrupted) throw this.failed(fd.failedCall("write", -n));
    }
  }

  /** See {@linkcode Progressing}. */
  [PROGRESS](): object {
    return { bytesWritten: this.sent };
  }

  protected override end(value: unknown): this {
    spare = this;
    return super.end(value);
  }

  protected override release(): void {
    this.fd.pd!.unparkWriter();
    this.fd.unlock(WRITE_LOCK);
  }

  protected override closed(): Error {
    return Object.assign(this.fd.closedError("write"), { bytesWritten: 0 });
  }

  private gave(): this {
    this.end(this.sent);
    this.release();
    return this;
  }

  private failed(error: Error): Error {
    this.gave();
    return Object.assign(error, { bytesWritten: this.sent });
  }
}

refuseAwait(WriteOperation.prototype, "conn.write");

registerState<WriteOperation | null>("spare write operation", {
  fresh: () => null,
  save: () => spare,
  restore: (state) => spare = state,
});
