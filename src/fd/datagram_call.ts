// SPDX-License-Identifier: MIT
/**
 * A receive or a send of one datagram in progress: what `yield*` drives when a goroutine calls one.
 * Hand-written as the operations of read_write.ts, and for the same reason: two generators a call cost
 * a quarter of an echo. Go: internal/poll/fd_unix.go, FD.ReadFrom and FD.WriteTo.
 */
import type { RawAddress } from "../../platforms/contract/platform.ts";
import type { Routine } from "../sched/goroutine.ts";
import { refuseAwait } from "../sched/misuse.ts";
import { DONE } from "../sched/step.ts";
import { counters } from "./counters.ts";
import { type Lock, READ_LOCK, WRITE_LOCK } from "./fd_mutex.ts";
import { Operation, type OperationFD, type Step } from "./read_write.ts";

/** A receive of one datagram, whose result is an `R`. */
export class ReceiveOperation<R> extends Operation {
  readonly #source: DatagramSource<R>;

  constructor(fd: OperationFD, source: DatagramSource<R>) {
    super(fd);
    this.#source = source;
  }

  protected override get lock(): Lock {
    return READ_LOCK;
  }

  /** Returns this for a call or, while it serves another call, a new one. */
  forCall(): ReceiveOperation<R> {
    return this.unused ? this : new ReceiveOperation(this.fd, this.#source);
  }

  /** Starts the call, to be driven by `yield*`. */
  call(buffer: Uint8Array, length: number): Routine<R> {
    this.take(buffer, length);
    return this as unknown as Routine<R>;
  }

  /** Continues until the call is over or must wait. */
  next(): Step<unknown> {
    if (this.reused) return DONE;
    if (!this.held && !this.begin()) return this;
    const { fd, buffer } = this;
    const pd = fd.pd!;
    const source = this.#source;
    for (;;) {
      if (pd.readState !== 0) throw this.failed(fd.stateError("read", pd.readState));
      if (!pd.rready && !fd.buffered) return this.parkAt(pd, true);
      let n: number;
      try {
        n = source.receive(buffer);
        if (n >= 0) return this.gave(source.result(n, buffer));
      } catch (error) {
        // The buffer has lost its memory; the lock must not stay held.
        throw this.failed(error as Error);
      }
      if (n === fd.again) {
        pd.rready = false;
        counters.again++;
      } else if (n !== fd.interrupted) throw this.failed(fd.failedCall("read", -n, source.syscall));
    }
  }

  protected override release(): void {
    this.fd.pd!.unparkReader();
    this.fd.unlock(READ_LOCK);
  }

  protected override closed(): Error {
    return this.fd.closedError("read");
  }

  private gave(value: R | undefined): this {
    this.end(value);
    this.release();
    return this;
  }

  private failed(error: Error): Error {
    this.gave(undefined);
    return error;
  }
}

/** System call of a {@linkcode ReceiveOperation}, and its result. */
export interface DatagramSource<R> {
  /** Name of the call in errors. */
  readonly syscall: string;
  /** Makes the call: zero or more, or minus an errno. */
  receive(buffer: Uint8Array): number;
  /** Returns the result of a receive of `n` bytes. */
  result(n: number, buffer: Uint8Array): R;
}

/** System call of a {@linkcode SendOperation} to addresses `A`, and the form of its errors. */
export interface DatagramSink<A> {
  /** Makes the call: zero or more, or minus an errno. */
  send(buffer: Uint8Array, address: RawAddress | null): number;
  /** Returns `addr` in the kernel's form. Throws for one that cannot be sent to. */
  destination(addr: A): RawAddress;
  /** Returns `error` as the error of a write to `addr`. */
  addressed(error: unknown, addr: A): unknown;
}

/** Boxed, since a caller without types may pass null as the address. */
interface Destination<A> {
  readonly addr: A;
}

/** A send of one datagram, to an address or to the connected peer. */
export class SendOperation<A> extends Operation {
  readonly #sink: DatagramSink<A>;
  /** The destination; null for the connected peer. */
  #to: Destination<A> | null = null;
  #address: RawAddress | null = null;

  constructor(fd: OperationFD, sink: DatagramSink<A>) {
    super(fd);
    this.#sink = sink;
  }

  protected override get lock(): Lock {
    return WRITE_LOCK;
  }

  /** Returns this for a call or, while it serves another call, a new one. */
  forCall(): SendOperation<A> {
    return this.unused ? this : new SendOperation(this.fd, this.#sink);
  }

  /** Starts a send to the connected peer, to be driven by `yield*`. */
  call(buffer: Uint8Array, length: number): Routine<number> {
    this.take(buffer, length);
    this.#to = null;
    this.#address = null;
    return this as unknown as Routine<number>;
  }

  /** Starts a send to `addr`, to be driven by `yield*`. */
  callTo(addr: A, buffer: Uint8Array, length: number): Routine<number> {
    this.take(buffer, length);
    this.#to = { addr };
    return this as unknown as Routine<number>;
  }

  /** Continues until the call is over or must wait. */
  next(): Step<unknown> {
    if (this.reused) return DONE;
    if (this.fresh && this.#to !== null) this.#encode(this.#to.addr);
    if (!this.held && !this.begin()) return this;
    const { fd, buffer } = this;
    const pd = fd.pd!;
    for (;;) {
      if (pd.writeState !== 0) throw this.failed(fd.stateError("write", pd.writeState));
      if (!pd.wready) return this.parkAt(pd, false);
      let n: number;
      try {
        n = this.#sink.send(buffer, this.#address);
      } catch (error) {
        throw this.failed(error as Error);
      }
      if (n >= 0) return this.gave(n);
      if (n === fd.again) {
        pd.wready = false;
        counters.again++;
      } else if (n !== fd.interrupted) throw this.failed(this.#failedCall(-n));
    }
  }

  protected override release(): void {
    this.fd.pd!.unparkWriter();
    this.fd.unlock(WRITE_LOCK);
  }

  protected override closed(): Error {
    return this.#named(this.fd.closedError("write"));
  }

  #encode(addr: A): void {
    try {
      this.#address = this.#sink.destination(addr);
    } catch (error) {
      this.return();
      throw this.#sink.addressed(error, addr);
    }
  }

  #failedCall(errno: number): Error {
    return this.fd.failedCall("write", errno, this.#to === null ? "send" : "sendto");
  }

  #named(error: Error): Error {
    return this.#to === null ? error : this.#sink.addressed(error, this.#to.addr) as Error;
  }

  private gave(value: number | undefined): this {
    this.end(value);
    this.release();
    return this;
  }

  private failed(error: Error): Error {
    this.gave(undefined);
    return this.#named(error);
  }
}

refuseAwait(ReceiveOperation.prototype, "conn.readFrom");
refuseAwait(SendOperation.prototype, "conn.writeTo");
