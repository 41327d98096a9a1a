// SPDX-License-Identifier: MIT
/**
 * The time of a simulation, and what happens in it.
 *
 * Virtual time passes in two ways. While goroutines run, each turn and each look at a clock has a
 * price, so that a loop that waits for time to pass comes to its end. When none can run, the poller
 * goes on to the next event of the network or to the next timer, whichever is first.
 */
import type { Choices, Stream } from "./choices.ts";
import { EventHeap, type NetEvent } from "./event_heap.ts";
import { FAULT, type Log, TURN } from "./log.ts";

/** Turns that cost the same, until a new price is drawn. */
const TURNS_AT_A_PRICE = 32;

/** What the processor's time costs, in milliseconds of virtual time. */
export interface Prices {
  /** Least and most of one turn of a goroutine. */
  readonly turn: readonly [least: number, most: number];
  /** Of one look at a clock. */
  readonly look: number;
}

/** One per simulation. */
export class World {
  /** Milliseconds of virtual time since the start. */
  now = 0;
  /** Turns of goroutines so far. */
  turns = 0;
  /** Packets so far: each has a number. */
  packets = 0;
  /** Whether the poller found that nothing will ever happen. */
  stuck = false;
  readonly events: EventHeap = new EventHeap();
  readonly choices: Choices;
  readonly log: Log;
  /** The number of the goroutine that executes, or 0. */
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

  /** A goroutine of a host begins a turn. */
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

  /** The program looks at a clock. */
  look(): number {
    return this.now += this.#prices.look;
  }

  /** Has everything happen that is due. */
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

  /** Goes on to the next event, if there is one up to `until`; else to `until`. */
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

  /** Has `event` happen in `delay` milliseconds. */
  schedule(event: NetEvent, delay: number): void {
    this.events.add(event, this.now + delay);
  }

  /** Notes that something was broken or mended. */
  fault(host: number, text: string): void {
    this.log.add(this.now, FAULT, host, this.goroutine, text);
  }
}
