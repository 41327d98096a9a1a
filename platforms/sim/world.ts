// SPDX-License-Identifier: MIT
/**
 * Virtual time of a simulation, and its events.
 *
 * Virtual time passes in two ways. While goroutines run, each turn and each clock reading has a
 * cost, so that a loop that waits for time to pass terminates. If none is runnable, the poller
 * advances to the next network event or timer, whichever is earlier.
 */
import type { Choices, Stream } from "./choices.ts";
import { EventHeap, type NetEvent } from "./event_heap.ts";
import { FAULT, type Log, TURN } from "./log.ts";

/** Number of turns with the same cost, until a new one is drawn. */
const TURNS_AT_A_PRICE = 32;

/** Cost of execution, in milliseconds of virtual time. */
export interface Prices {
  /** Minimum and maximum cost of a goroutine's turn. */
  readonly turn: readonly [least: number, most: number];
  /** Cost of a clock reading. */
  readonly look: number;
}

/** One per simulation. */
export class World {
  /** Milliseconds of virtual time since the start. */
  now = 0;
  /** Number of goroutine turns so far. */
  turns = 0;
  /** Number of clock readings so far. */
  looks = 0;
  /** Number of packets so far: each has a number. */
  packets = 0;
  /** Whether the poller found that no further event can happen. */
  stuck = false;
  readonly events: EventHeap = new EventHeap();
  readonly choices: Choices;
  readonly log: Log;
  /** Number of the running goroutine, or 0. */
  goroutine = 0;
  readonly #prices: Prices;
  readonly #turnPrices: Stream;
  #turnPrice = 0;
  #turnsLeft = 0;

  constructor(choices: Choices, log: Log, prices: Prices) {
    this.choices = choices;
    this.log = log;
    this.#prices = prices;
    this.#turnPrices = choices.stream("turn");
  }

  /** Starts a turn of a host's goroutine. */
  turn(host: number, goroutine: number, name: string): void {
    if (--this.#turnsLeft <= 0) {
      this.#turnPrice = this.#turnPrices.between(...this.#prices.turn);
      this.#turnsLeft = TURNS_AT_A_PRICE;
    }
    this.now += this.#turnPrice;
    this.turns++;
    this.goroutine = goroutine;
    if (this.events.next <= this.now) this.catchUp();
    this.log.add(this.now, TURN, host, goroutine, name);
  }

  /** Reads the clock. */
  look(): number {
    this.looks++;
    return this.now += this.#prices.look;
  }

  /** Fires all events that are due. */
  catchUp(): void {
    const { events, now, goroutine } = this;
    this.goroutine = 0;
    while (events.next <= now) {
      const event = events.take();
      this.now = event.at;
      event.fire();
    }
    this.now = now;
    this.goroutine = goroutine;
  }

  /** Advances to the next event, if there is one before `until`; otherwise to `until`. */
  advance(until: number): boolean {
    const { events } = this;
    if (events.next > until) {
      if (until < Infinity) this.now = Math.max(this.now, until);
      return false;
    }
    const event = events.take();
    const { now } = this;
    this.now = event.at;
    this.goroutine = 0;
    event.fire();
    this.now = Math.max(this.now, now);
    return true;
  }

  /** Schedules `event` in `delay` milliseconds. */
  schedule(event: NetEvent, delay: number): void {
    this.events.add(event, this.now + delay);
  }

  /** Logs that a fault was injected or repaired. */
  fault(host: number, text: string): void {
    this.log.add(this.now, FAULT, host, this.goroutine, text);
  }
}
