// SPDX-License-Identifier: MIT
/**
 * A read or a write of a TLS connection over a socket of the library's own: what `yield*` drives
 * when the handshake is over and nobody else is at it, which is nearly always. Hand-written for the
 * reasons, and with the states, of src/fd/read_write.ts.
 *
 *   unused  of no call              -> fresh, when a call takes it
 *   fresh   of a call not yet driven -> held or slow, at the first `next`
 *   held    has the turn, tries and parks until it is done -> unused
 *   slow    must wait for its turn or for the handshake: a generator does it -> unused
 */
import { ClosedError, convertError } from "../../fd/errors.ts";
import type { HalfConn } from "../../net/io/half_conn.ts";
import type { G, Routine } from "../../sched/goroutine.ts";
import { PARK } from "../../sched/park.ts";
import { scheduler } from "../../sched/thread.ts";
import type { SecureConn } from "./secure_conn.ts";
import type { FDTransport } from "./fd_transport.ts";
import { callDriven, callMade } from "../../sched/calls.ts";

/** See the list at the top of this file. */
const UNUSED = 0;
const FRESH = 1;
/** See UNUSED. */
export const HELD = 2;
const SLOW = 3;

/** What `yield*` looks at. */
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
  /** What it returns then, or PARK until then; for `yield*`. */
  value: unknown = PARK;
  protected state = UNUSED;
  protected conn: SecureConn;
  protected socket: FDTransport;
  protected buffer: Uint8Array = NO_BYTES;
  /** The length of the buffer when the call began. */
  protected length = 0;
  /** Who drives the call, from its first `next` on. */
  protected goroutine: G | null = null;
  /** Does the call where this cannot. */
  protected slow: Routine<unknown> | null = null;

  constructor(conn: SecureConn, socket: FDTransport) {
    this.conn = conn;
    this.socket = socket;
  }

  /** The direction whose turn it needs. */
  protected abstract get half(): HalfConn;

  /** The generator that does the call where this cannot. */
  protected abstract slowly(): Routine<unknown>;

  /** Tries until the call is over or must wait. */
  protected abstract attempt(): this;

  /** Gives up the place at the poller. */
  protected abstract unpark(): void;

  /** Whether it is of no call. */
  get unused(): boolean {
    return this.state === UNUSED;
  }

  /** Whether a goroutine is in the midst of it. */
  get busy(): boolean {
    return this.state >= HELD;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Goes on until the call is over or must wait. */
  next(): Step {
    if (this.state !== HELD) {
      if (this.state !== FRESH || !this.begin()) return this.goOnSlowly();
      // A call that never has to wait would never let the others run.
      if (scheduler.budget-- <= 0) {
        this.value = scheduler.yieldNow();
        return this;
      }
    }
    return this.attempt();
  }

  /** Ends the call: nothing is done, and what it holds is given back. */
  return(value?: unknown): Step {
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

  /** Takes it for a call. */
  protected take(buffer: Uint8Array): void {
    this.state = FRESH;
    this.done = false;
    this.buffer = buffer;
    this.length = buffer.length;
    callMade(this);
  }

  /** The call is over and returns `value`. What it held, it has given back. */
  protected end(value: unknown): this {
    this.state = UNUSED;
    this.done = true;
    this.value = value;
    this.buffer = NO_BYTES;
    this.slow = null;
    return this;
  }

  /** The call is over and returns `value`; what it holds is given back. */
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
    if (!this.conn.secured || this.length === 0 || !this.half.turn.tryLock()) {
      this.state = SLOW;
      this.slow = this.slowly();
      return false;
    }
    this.state = HELD;
    return true;
  }

  private goOnSlowly(): Step {
    // Driven on by hand after its end, as no `yield*` does: it stays ended.
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
    // Of a descriptor that is closed the place may be another's by now, and was given up by the
    // close.
    if (!this.socket.fd.closed) this.unpark();
    this.half.turn.unlock();
  }
}
