// SPDX-License-Identifier: MIT
/**
 * A read or a write of a TLS connection over one of the library's own sockets. `yield*` drives this
 * object after the handshake, while no other goroutine uses the same direction, which is nearly
 * always. Hand-written for the same reasons, and with the same states, as src/fd/read_write.ts.
 *
 *   unused  belongs to no call                 -> fresh, when a call takes it
 *   fresh   belongs to a call not yet driven   -> held or slow, at the first `next`
 *   held    owns its direction, tries, parks   -> unused, when done
 *   slow    waits for its turn or the handshake, in a generator -> unused, when done
 */
import { ClosedError, convertError } from "../../fd/errors.ts";
import type { HalfConn } from "../../net/io/half_conn.ts";
import type { G, Routine } from "../../sched/goroutine.ts";
import { PARK } from "../../sched/park.ts";
import { DONE } from "../../sched/step.ts";
import { scheduler } from "../../sched/thread.ts";
import type { SecureConn } from "./secure_conn.ts";
import type { FDTransport } from "./fd_transport.ts";
import { callDriven, callMade } from "../../sched/calls.ts";

/** See the list at the top of this file. */
const UNUSED = 0;
const FRESH = 1;
const HELD = 2;
const SLOW = 3;

/** The part of an iterator's result that `yield*` reads. */
export interface Step {
  readonly done?: boolean;
  readonly value: unknown;
}

const NO_BYTES = new Uint8Array(0);

/** See the top of this file. */
export abstract class SecureOperation {
  // What every call touches comes first: it lies in memory in this order.
  /** Whether the call is over; for `yield*`. */
  done = false;
  /** Its result once it is over, PARK before; for `yield*`. */
  value: unknown = PARK;
  protected state = UNUSED;
  protected conn: SecureConn;
  protected socket: FDTransport;
  protected buffer: Uint8Array = NO_BYTES;
  /** Length of the buffer at the beginning of the call. */
  protected length = 0;
  /** Goroutine that drives the call, from its first `next`. */
  protected goroutine: G | null = null;
  /** Generator that completes the call on the slow path. */
  protected slow: Routine<unknown> | null = null;

  constructor(conn: SecureConn, socket: FDTransport) {
    this.conn = conn;
    this.socket = socket;
  }

  /** Direction whose lock it needs. */
  protected abstract get half(): HalfConn;

  /** Returns the generator of the slow path. */
  protected abstract slowly(): Routine<unknown>;

  /** Tries until the call is over or must wait. */
  protected abstract attempt(): this;

  /** Withdraws from the poller. */
  protected abstract unpark(): void;

  /** Whether it belongs to no call. */
  get unused(): boolean {
    return this.state === UNUSED;
  }

  /** Whether a call is in progress. */
  get busy(): boolean {
    return this.state >= HELD;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** True if it serves another goroutine by now: to its former caller the call is over. */
  private get reused(): boolean {
    return this.state >= HELD && this.goroutine !== scheduler.current;
  }

  /** Continues until the call is over or must wait. */
  next(): Step {
    if (this.reused) return DONE;
    if (this.state !== HELD) {
      if (this.state !== FRESH || !this.begin()) return this.goOnSlowly();
      // A call that never has to wait would otherwise starve other goroutines.
      if (scheduler.budget-- <= 0) {
        this.value = scheduler.yieldNow();
        return this;
      }
    }
    return this.attempt();
  }

  /** Ends the call: nothing is transferred, and its locks are released. */
  return(value?: unknown): Step {
    if (this.reused) return DONE;
    if (this.state === SLOW) {
      const step = this.slow!.return(undefined);
      if (!step.done) return step;
    }
    if (this.state === HELD) this.release();
    return this.end(value);
  }

  /** As `return`, with an error. */
  throw(error: unknown): never {
    this.return();
    throw error;
  }

  /** Starts a call. */
  protected take(buffer: Uint8Array): void {
    this.state = FRESH;
    this.done = false;
    this.buffer = buffer;
    this.length = buffer.length;
    callMade(this);
  }

  /** Ends the call with the result `value`; its locks are already released. */
  protected end(value: unknown): this {
    this.state = UNUSED;
    this.done = true;
    this.value = value;
    this.buffer = NO_BYTES;
    this.slow = null;
    return this;
  }

  /** Ends the call with the result `value`, and releases its locks. */
  protected finish(value: unknown): this {
    this.release();
    return this.end(value);
  }

  /** Throws the error of a connection that is closed or whose deadline has passed. */
  protected check(op: "read" | "write"): void {
    const { conn, socket } = this;
    if (socket.fd.closed) throw conn.gone ? conn.failClosed(op) : conn.fail(op, new ClosedError());
    const pd = socket.fd.pd!;
    const answer = op === "read" ? pd.readState : pd.writeState;
    if (answer !== 0) throw conn.fail(op, convertError(answer));
    if (conn.gone) throw conn.failClosed(op);
  }

  private begin(): boolean {
    callDriven(this);
    this.goroutine = scheduler.current;
    if (!this.conn.secured || this.length === 0 || !this.half.turn.take()) {
      this.state = SLOW;
      this.slow = this.slowly();
      return false;
    }
    this.state = HELD;
    return true;
  }

  private goOnSlowly(): Step {
    // Driven by hand after its end, which `yield*` never does: it stays ended.
    if (this.state !== SLOW) return this.end(undefined);
    let step: Step;
    try {
      step = this.slow!.next();
    } catch (error) {
      this.end(undefined);
      throw error;
    }
    if (step.done) return this.end(step.value);
    this.value = step.value;
    return this;
  }

  private release(): void {
    // The slot of a closed descriptor may already be another's, and was released by the close.
    if (!this.socket.fd.closed) this.unpark();
    this.half.turn.unlock();
  }
}
