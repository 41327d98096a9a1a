// SPDX-License-Identifier: MIT
/**
 * An event loop: one goroutine that calls the handlers of all its connections. Go: evio_unix.go,
 * type loop.
 *
 * Everything with pending work (a ready connection, a listener, a tick) is in the loop's queue,
 * once, and has its turn there. So no two handlers of a loop run concurrently, none runs inside
 * another, and the loop's goroutine is woken once for all events of a poll.
 */
import { netpoll } from "../../netpoll/netpoll.ts";
import { giveBack, lend, type SharedReadBuffer } from "../../fd/buffer_pool.ts";
import { type G, type Routine, RUNNABLE, WAITING } from "../../sched/goroutine.ts";
import type { RunQueue } from "../../sched/run_queue.ts";
import { scheduler } from "../../sched/thread.ts";

/** Maximum number of turns before the thread's other goroutines run. */
const BATCH = 64;

/** An element of a loop's queue. */
export interface Turn {
  /** Link of the queue. */
  nextTurn: Turn | null;
  /** Whether it is in the queue. */
  queued: boolean;
  /** Does its work. It must not throw the error of a handler. */
  turn(): void;
}

/** See the top of this file. */
export class Loop {
  /** Its index: `conn.loop`. */
  readonly index: number;
  /** Number of its connections. */
  connections = 0;
  /** The current turn. */
  current: Turn | null = null;
  #goroutine: G | null = null;
  #head: Turn | null = null;
  #tail: Turn | null = null;
  #ending = false;
  #input: SharedReadBuffer | null = null;

  constructor(index: number) {
    this.index = index;
  }

  /** Read buffer shared by all connections of the loop; between turns it is the thread's. */
  get input(): SharedReadBuffer {
    // A handler that transferred it to another thread has detached it.
    if (this.#input === null || this.#input.bytes.length === 0) this.#input = lend();
    return this.#input;
  }

  /** Schedules `turn`. */
  enqueue(turn: Turn): void {
    if (!this.#push(turn)) return;
    if (this.#goroutine !== null) scheduler.ready(this.#goroutine);
  }

  /** As {@linkcode Loop.enqueue}, from the poller. */
  enqueueReady(turn: Turn, toRun: RunQueue): void {
    if (!this.#push(turn)) return;
    const g = this.#goroutine;
    if (g === null || g.state !== WAITING) return;
    g.state = RUNNABLE;
    toRun.push(g);
  }

  /** Ends it when its queue is empty. */
  end(): void {
    this.#ending = true;
    if (this.#goroutine !== null) scheduler.ready(this.#goroutine);
  }

  /** The body of its goroutine. */
  *run(): Routine<void> {
    this.#goroutine = scheduler.current;
    netpoll.waiters++;
    try {
      for (;;) {
        this.#takeTurns();
        if (this.#head !== null) yield scheduler.yieldNow();
        else if (this.#ending) return;
        else yield scheduler.park("events");
      }
    } finally {
      netpoll.waiters--;
      this.#goroutine = null;
    }
  }

  #takeTurns(): void {
    try {
      for (let left = BATCH; left > 0; left--) {
        const next = this.#head;
        if (next === null) return;
        this.#head = next.nextTurn;
        if (this.#head === null) this.#tail = null;
        next.nextTurn = null;
        next.queued = false;
        this.current = next;
        next.turn();
      }
    } finally {
      this.current = null;
      if (this.#input !== null && this.#input.bytes.length > 0) giveBack(this.#input);
      this.#input = null;
    }
  }

  /** Appends `turn`; returns false if it is in the queue already. */
  #push(turn: Turn): boolean {
    if (turn.queued) return false;
    turn.queued = true;
    if (this.#tail === null) this.#head = turn;
    else this.#tail.nextTurn = turn;
    this.#tail = turn;
    return true;
  }
}
