// SPDX-License-Identifier: MIT
/**
 * A read of a connection without a descriptor of its own: what `yield*` drives. Hand-written for
 * the reasons of src/fd/read_write.ts, and used again for the next call: a read that waits leaves
 * no new object behind. With generators each wait had five, which live as long as the wait does,
 * so that a collector had to move them all.
 *
 *   unused  belongs to no call                -> fresh, when a call takes it
 *   fresh   belongs to a call not yet driven  -> held or slow, at the first `next`
 *   held    has the turn, tries, parks        -> unused, when done
 *   slow    waits for its turn, in a generator -> unused, when done
 */
import type { G, Routine } from "../../sched/goroutine.ts";
import { refuseAwait } from "../../sched/misuse.ts";
import { PARK } from "../../sched/park.ts";
import { callDriven, callMade } from "../../sched/calls.ts";
import { DONE, mayGoOn } from "../../sched/step.ts";
import { scheduler } from "../../sched/thread.ts";
import type { HalfConn, Watcher } from "./half_conn.ts";

/** See the list at the top of this file. */
const UNUSED = 0;
const FRESH = 1;
const HELD = 2;
const SLOW = 3;

const NO_BYTES = new Uint8Array(0);

/** The part of an iterator's result that `yield*` reads. */
interface Step {
  readonly done?: boolean;
  readonly value: unknown;
}

/** A connection, as its reads see it. */
export interface ReadingConn {
  readonly reading: HalfConn;
  /** Reads without waiting: as a read, or undefined if no bytes are available. */
  attemptRead(p: Uint8Array): number | null | undefined;
  /** The connection as one line, for reports. */
  toString(): string;
  /** Reads as a generator, which waits for its turn as well. */
  readInTurn(p: Uint8Array): Routine<number | null>;
}

/** See the top of this file. */
export class VirtualRead implements Watcher {
  // What every call touches comes first: it lies in memory in this order.
  /** Whether the call is over; for `yield*`. */
  done = false;
  /** Its result once it is over, PARK before; for `yield*`. */
  value: unknown = PARK;
  private state = UNUSED;
  private readonly conn: ReadingConn;
  private buffer: Uint8Array = NO_BYTES;
  /** The goroutine that drives the call, from its first `next`. */
  private goroutine: G | null = null;
  /** The same while it waits for bytes. */
  private waiting: G | null = null;
  /** Generator that completes the call on the slow path. */
  private slow: Routine<number | null> | null = null;

  constructor(conn: ReadingConn) {
    this.conn = conn;
  }

  /** Whether it belongs to no call. */
  get unused(): boolean {
    return this.state === UNUSED;
  }

  /** Starts a call, for `yield*` to drive. */
  call(buffer: Uint8Array): Routine<number | null> {
    this.state = FRESH;
    this.done = false;
    this.buffer = buffer;
    callMade(this);
    return this as unknown as Routine<number | null>;
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** Continues until the call is over or must wait. */
  next(): Step {
    if (this.reused) return DONE;
    if (this.state === FRESH) this.begin();
    if (this.state !== HELD) return this.goOnSlowly();
    try {
      if (this.waiting !== null) this.endWait();
      else if (!mayGoOn()) {
        this.value = scheduler.yieldNow();
        return this;
      }
      const n = this.conn.attemptRead(this.buffer);
      if (n !== undefined) return this.finish(n);
      this.value = this.wait();
      return this;
    } catch (error) {
      this.finish(null);
      throw error;
    }
  }

  /** Ends the call: nothing is read, and its turn is over. */
  return(value?: unknown): Step {
    if (this.reused) return DONE;
    if (this.state === FRESH) callDriven(this);
    if (this.state === SLOW) {
      const step = this.slow!.return(null);
      if (!step.done) return step;
    }
    return this.state === HELD ? this.finish(value) : this.end(value);
  }

  /** As `return`, with an error. */
  throw(error: unknown): never {
    this.return();
    throw error;
  }

  /** The connection, for the report of a call that is never driven. */
  describe(): string {
    return String(this.conn);
  }

  /** Wakes the goroutine that waits. See {@linkcode Watcher}. */
  retry(): void {
    if (this.waiting !== null) scheduler.ready(this.waiting);
  }

  /** True if it serves another goroutine by now: to its former caller the call is over. */
  private get reused(): boolean {
    return this.state >= HELD && this.goroutine !== scheduler.current;
  }

  private begin(): void {
    callDriven(this);
    this.goroutine = scheduler.current;
    if (this.conn.reading.turn.take()) {
      this.state = HELD;
      return;
    }
    this.state = SLOW;
    this.slow = this.conn.readInTurn(this.buffer);
  }

  /** Parks until something has changed. */
  private wait(): unknown {
    const { reading } = this.conn;
    this.waiting = scheduler.current;
    // Outside a goroutine it cannot park, and nothing would end the watch.
    if (this.waiting !== null) reading.watch(this);
    return scheduler.park(reading.reason);
  }

  private endWait(): void {
    this.waiting = null;
    this.conn.reading.unwatch(this);
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

  /** Ends the call with the result `value`, and its turn. */
  private finish(value: unknown): this {
    if (this.waiting !== null) this.endWait();
    this.conn.reading.turn.unlock();
    return this.end(value);
  }

  private end(value: unknown): this {
    this.state = UNUSED;
    this.done = true;
    this.value = value;
    this.buffer = NO_BYTES;
    this.goroutine = null;
    this.slow = null;
    return this;
  }
}

refuseAwait(VirtualRead.prototype, "conn.read");
