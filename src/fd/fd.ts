// SPDX-License-Identifier: MIT
/**
 * A stream socket's descriptor over a readiness poller. Go: internal/poll/fd_unix.go.
 *
 * Each call tries first and parks only when the kernel has nothing. The pollDesc's `rready` and
 * `wready` say whether the next try is worth a system call. Reads, writes and accepts, which must
 * be fast, are operations (read_write.ts); the rest are generators.
 */
import { platform } from "../../platforms/platform.ts";
import type { RawAddress, SocketCalls } from "../../platforms/contract/platform.ts";
import { netpoll } from "../netpoll/netpoll.ts";
import { POLL_OK, type PollMode } from "../netpoll/poll_state.ts";
import type { Closer, PollDesc } from "../netpoll/poll_desc.ts";
import type { Waitable } from "../sched/park.ts";
import type { G, Routine, RunOwner } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { type Cancel, cancellable } from "../context/cancellable.ts";
import { bytesOf, checkBytes, type Writable } from "./check_bytes.ts";
import { ClosedError, convertError, SyscallError } from "./errors.ts";
import { FdMutex, READ_LOCK, WRITE_LOCK } from "./fd_mutex.ts";
import { ReadOperation, WriteOperation } from "./read_write.ts";
import type { ByteCounts, Counted } from "./byte_counts.ts";
import { refuseAwait } from "../sched/misuse.ts";

/** Names of calls in errors. */
export type FdOp =
  | "read"
  | "write"
  | "writev"
  | "sendfile"
  | "splice"
  | "accept"
  | "close"
  | "detach"
  | "get"
  | "set";

/** Errors of shutdown(2) on a connection whose peer is gone: nothing is left to shut down. */
const PEER_GONE = new Set(["ENOTCONN", "ECONNRESET", "ECONNABORTED", "EPIPE", "ESHUTDOWN"]);

/** See the top of this file. */
export abstract class FD extends FdMutex implements Closer, Counted, Waitable {
  // Fields that every call touches come first: they lie in memory in this order.
  /** The descriptor's number. */
  readonly sysfd: number;
  /** Null until `init`. */
  pd: PollDesc | null = null;
  readonly sockets: SocketCalls = platform().sockets;
  private readOperation: ReadOperation | null = null;
  /** See {@linkcode Counted}. */
  counts: ByteCounts | null = null;
  /** `tick` of the scheduler at the last write that sent bytes; -1 before any. */
  wroteAt = -1;

  constructor(sysfd: number) {
    super();
    this.sysfd = sysfd;
  }

  /** Whether it preserves message boundaries, so that a read drops what does not fit its buffer. */
  get keepsPackets(): boolean {
    return false;
  }

  /** Whether a read finds here what an earlier one took from the kernel. */
  get buffered(): boolean {
    return false;
  }

  /** Result of a call that would block. */
  get again(): number {
    return -platform().errno.EAGAIN;
  }

  /** Result of a call that a signal interrupted. */
  get interrupted(): number {
    return -platform().errno.EINTR;
  }

  /** Registers with the poller. Must come before any call that may park. 0 or minus an errno. */
  init(): number {
    const pd = netpoll.open(this.sysfd);
    if (typeof pd === "number") return pd;
    pd.holder = this;
    this.pd = pd;
    return 0;
  }

  /**
   * Reads once. Returns the number of bytes read, or null at the end of the stream. Parks.
   * A time-out or an end of the goroutine takes no byte out of the socket.
   */
  read(p: Uint8Array): Routine<number | null> {
    const length = checkBytes("read", p);
    const own = this.readOperation ??= new ReadOperation(this);
    return (own.unused ? own : new ReadOperation(this)).call(p, length);
  }

  /** Writes all of `p`. Returns its length in bytes; an error carries `bytesWritten`. Parks. */
  write(p: Writable): Routine<number> {
    const bytes = typeof p === "string" ? bytesOf(p) : p;
    const length = checkBytes("write", bytes, "a Uint8Array or a string");
    return WriteOperation.of(this).call(bytes, length);
  }

  /**
   * Waits for a connect in progress. Parks. A wake-up may be spurious, so it checks SO_ERROR and
   * then the peer's name, which it returns, or null if it was not asked for. Go: net/fd_unix.go,
   * netFD.connect.
   */
  *awaitConnect(): Routine<RawAddress | null> {
    const pd = this.pd!;
    const { errno } = platform();
    try {
      for (;;) {
        pd.wready = false;
        while (!pd.wready) {
          const answer = pd.writeState;
          if (answer !== POLL_OK) throw convertError(answer);
          yield pd.parkWriter();
        }
        const failure = this.sockets.getOption(this.sysfd, "SO_ERROR");
        if (failure < 0) throw new SyscallError("getsockopt", -failure);
        switch (failure) {
          case errno.EINPROGRESS:
          case errno.EALREADY:
          case errno.EINTR:
            continue;
          case errno.EISCONN:
            return null;
          case 0:
            break;
          default:
            throw new SyscallError("connect", failure);
        }
        const peer = this.sockets.remoteAddress(this.sysfd);
        if (typeof peer !== "number") return peer;
        if (peer !== -errno.ENOTCONN) throw new SyscallError("getpeername", -peer);
      }
    } finally {
      pd.unparkWriter();
    }
  }

  /**
   * Whether a call in `mode` would return at once: also with an error, or at the end of the stream.
   */
  ready(mode: PollMode): boolean {
    if (this.closed) return true;
    const answer = mode === "read" ? this.pd!.readState : this.pd!.writeState;
    return answer !== POLL_OK || (mode === "read" && (this.readEnded || this.buffered)) ||
      this.sockets.ready(this.sysfd, mode) !== 0;
  }

  /** Waits until a read would return at once, without a buffer and without the lock. Parks. */
  *readable(): Routine<void> {
    const g = scheduler.current!;
    const watcher = { g, retry: readies(g) };
    if (scheduler.budget-- <= 0) yield scheduler.yieldNow();
    while (!this.ready("read")) {
      this.pd!.watch("read", watcher);
      try {
        yield scheduler.park("IO wait", this);
      } finally {
        this.pd?.unwatch("read", watcher);
      }
    }
    if (this.closed) throw this.closedError("read");
    const answer = this.pd!.readState;
    if (answer !== POLL_OK) throw this.stateError("read", answer);
  }

  /**
   * `call`, a call of `op` here, unless `cancel` comes first. The error then has the fields of
   * `progress`, which say how far the call got; those of a write are known here.
   */
  cancellable<T>(
    op: FdOp,
    call: Routine<T>,
    cancel: Cancel | undefined,
    progress: object | null = null,
  ): Routine<T> {
    if (cancel === undefined) return call;
    return cancellable(call, cancel, (cause) => Object.assign(this.fail(op, cause), progress));
  }

  /** Sets the deadline of reads (Infinity for none), in milliseconds of `performance.now()`. */
  setReadDeadline(at: number): void {
    this.use("set", () => this.pd!.setDeadline("read", at), true);
  }

  /** Sets the deadline of writes, as {@linkcode setReadDeadline}. */
  setWriteDeadline(at: number): void {
    this.use("set", () => this.pd!.setDeadline("write", at), true);
  }

  /**
   * Shuts down one direction: its parked calls continue. Has no effect on one that is shut down.
   */
  shutdown(how: "read" | "write"): void {
    if (this.closed) return;
    if (how === "write" || this.shutsReading) {
      const done = this.sockets.shutdown(this.sysfd, how);
      if (done < 0 && !PEER_GONE.has(platform().errnoText(-done).name)) {
        throw this.fail("close", new SyscallError("shutdown", -done));
      }
    }
    // The kernel reports no edge for what this side has done itself.
    if (how === "read") this.endReading();
  }

  /** Closes it: parked calls end with ClosedError. Never parks. A second close does nothing. */
  close(): void {
    if (this.closed) return;
    const { pd } = this;
    pd?.evict();
    if (pd !== null && this.closesAtOnce) {
      netpoll.forget(pd);
      this.release(pd.owner);
    }
    this.beginClosing();
  }

  /** Marks the descriptor as shared with other processes or owners: see shared_numbers.ts. */
  share(): void {}

  describe(): string {
    return `fd ${this.sysfd}`;
  }

  abandoned(g: G): void {
    this.leave(READ_LOCK, g);
    this.leave(WRITE_LOCK, g);
    this.pd?.unwatchAll(g);
  }

  /**
   * Releases the lock of an abandoned goroutine, without which it could be neither used nor closed.
   */
  giveUp(mode: PollMode): void {
    const lock = mode === "read" ? READ_LOCK : WRITE_LOCK;
    if (this.locked(lock)) this.unlock(lock);
  }

  closeQuietly(): void {
    if (!this.closed) this.close();
  }

  /**
   * Detaches the descriptor: the caller owns it, as if it had been closed here. The poller forgets
   * it at once, for its number may be reused before the parked goroutines have run.
   */
  detach(): number {
    if (this.closed) throw this.fail("detach", new ClosedError());
    this.pd!.evict();
    netpoll.forget(this.pd!);
    this.beginClosing();
    return this.sysfd;
  }

  /** Whether `closeRead` calls shutdown(2). See {@linkcode NetFD} for why TCP's does not. */
  protected get shutsReading(): boolean {
    return true;
  }

  /**
   * Whether the number is closed although calls are parked, so that its address is free at once.
   * The poller has forgotten it by then, and those calls find the end before they would use it.
   */
  protected get closesAtOnce(): boolean {
    return false;
  }

  /** Removes it from its run's ownership. */
  disown(): void {
    if (this.pd !== null) this.pd.owner = null;
  }

  /** Returns the error of a failed call; with `ownEnd`, one that names this end alone, as in Go. */
  protected abstract fail(op: FdOp, cause: Error, ownEnd?: boolean): Error;

  /** Calls `f` with a reference held, or throws ClosedError. */
  protected use<T>(op: FdOp, f: () => T, ownEnd = false): T {
    if (!this.incref()) throw this.fail(op, new ClosedError(), ownEnd);
    try {
      return f();
    } finally {
      this.decref();
    }
  }

  /** Destroys the descriptor, which is unused and unknown to the poller by now; it was `run`'s. */
  protected release(_run: RunOwner | null): void {
    this.sockets.close(this.sysfd);
  }

  /** Releases what belongs to the descriptor, even if another file has its number by now. */
  protected ended(): void {}

  /** Called when a read has found the end of the stream. */
  sawEnd(): void {
    this.sawEOF = !this.readEnded;
  }

  /** Returns the error for a state of the pollDesc. */
  stateError(op: FdOp, answer: number): Error {
    return this.fail(op, convertError(answer));
  }

  /** Returns the error of a call on a closed descriptor. */
  closedError(op: FdOp): Error {
    return this.fail(op, new ClosedError());
  }

  /** Returns the error of a system call, which is usually named as `op`. */
  failedCall(op: FdOp, errno: number, syscall: string = op): Error {
    return this.fail(op, new SyscallError(syscall, errno));
  }

  private endReading(): void {
    const pd = this.pd!;
    this.noteReadEnded();
    pd.rready = true;
    pd.hangup = true;
    const g = pd.unparkReader();
    if (g !== null) scheduler.ready(g);
    pd.tell("read");
  }

  /** Destroys it; the mutex calls this when it is unused. */
  protected override destroy(): void {
    const { pd } = this;
    const run = pd === null ? null : pd.owner;
    // The poller has forgotten a detached or closed descriptor already.
    const detached = pd !== null && !pd.registered;
    if (pd !== null) netpoll.close(pd);
    if (!detached) this.release(run);
    this.ended();
  }
}

function readies(g: G): () => void {
  return () => scheduler.ready(g);
}

refuseAwait(FD.prototype.readable.prototype, "conn.readable");
