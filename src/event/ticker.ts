// SPDX-License-Identifier: MIT
/** The ticks of an event server. Go: evio_unix.go, loopTicker. */
import { wrongArgument } from "../validate/argument.ts";
import { scheduler } from "../sched/thread.ts";
import { type HeapTimer, NO_SLOT } from "../sched/timer_heap.ts";
import { checkTick, type TickAnswer } from "./api/action.ts";
import type { ConnHost } from "./conn/conn_host.ts";
import type { Loop, Turn } from "./conn/loop.ts";
import { now } from "../sched/clock.ts";

/** One per server; its turns are in the first loop. */
export class Ticker implements Turn, HeapTimer {
  slot: number = NO_SLOT;
  nextTurn: Turn | null = null;
  queued = false;
  readonly #host: ConnHost<unknown>;
  readonly #loop: Loop;
  /** Delay that the last tick returned; negative before the first. */
  #delay = -1;
  #stopped = false;

  constructor(host: ConnHost<unknown>, loop: Loop) {
    this.#host = host;
    this.#loop = loop;
    loop.enqueue(this);
  }

  fire(): void {
    this.#loop.enqueue(this);
  }

  turn(): void {
    const { events } = this.#host;
    if (this.#stopped || events.tick === undefined) return;
    try {
      this.#delay = -1;
      this.#take(events.tick());
    } catch (error) {
      this.#host.report(error, null);
    }
    if (this.#stopped || this.#delay < 0) return;
    scheduler.timers.set(this, now() + this.#delay);
  }

  /** Stops the ticks. */
  stop(): void {
    this.#stopped = true;
    scheduler.timers.stop(this);
  }

  #take(answer: TickAnswer): void {
    if (answer === undefined || typeof answer === "number") {
      return this.#wait(answer as number | undefined);
    }
    if (typeof answer === "string") return this.#host.act(answer);
    const { delay, action } = checkTick(answer);
    this.#wait(delay);
    this.#host.act(action);
  }

  #wait(delay: number | undefined): void {
    if (delay === undefined) return;
    if (typeof delay !== "number" || !(delay >= 0)) {
      throw wrongArgument("tick", "delay", "0 or more", delay);
    }
    this.#delay = delay;
  }
}
