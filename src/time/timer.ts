// SPDX-License-Identifier: MIT
/**
 * Timers and tickers with a channel. Go: time/sleep.go and time/tick.go.
 *
 * They follow Go 1.23: the channel has no buffer, no stale tick is seen after `stop` or `reset`, and
 * one that is dropped without being stopped costs nothing. Time is measured by the monotonic clock;
 * what is received is the time of the host's calendar at which the tick was due.
 */
import { shown } from "../validate/argument.ts";
import { PanicError } from "../sched/goroutine.ts";
import type { Chan } from "../chan/chan.ts";
import { TickSource } from "./tick_source.ts";

/**
 * A channel that gives the time once, after `ms` milliseconds. Nothing needs to be stopped.
 * Never parks. Go: `time.After`.
 *
 * @throws {RangeError} when `ms` is not a number
 * @example
 * ```ts
 * const got = yield* select(ch.onRecv(), after(100).onRecv());
 * ```
 */
export function after(ms: number): Chan<Date> {
  return new Timer(ms).c;
}

/**
 * Gives the time once, on a channel. Go: `time.Timer`.
 *
 * @example
 * ```ts
 * const timer = new Timer(100);
 * const at = yield* timer.c.recv();
 * ```
 */
export class Timer {
  /** Gives the time when the timer expires. */
  readonly c: Chan<Date>;
  readonly #source = new TickSource();

  /**
   * Starts it. Go: `time.NewTimer`.
   *
   * @param ms milliseconds; zero or less expires at once
   * @throws {RangeError} when `ms` is not a number
   */
  constructor(ms: number) {
    checkMs("start a timer", ms);
    this.c = this.#source.chan;
    this.#source.start(ms, 0);
  }

  /**
   * Keeps it from expiring. Gives whether it did: false if its tick had been received, or it was
   * stopped. Afterwards nothing can be received. Never parks.
   */
  stop(): boolean {
    return this.#source.stop();
  }

  /**
   * Lets it expire `ms` milliseconds from now, whatever its state; an earlier tick can no longer be
   * received. Gives whether it was still to expire. Never parks.
   *
   * @throws {RangeError} when `ms` is not a number
   */
  reset(ms: number): boolean {
    checkMs("reset a timer", ms);
    return this.#source.start(ms, 0);
  }

  /** Stops it. */
  [Symbol.dispose](): void {
    this.stop();
  }
}

/**
 * Gives the time again and again, on a channel. For a slow receiver ticks are dropped. Go:
 * `time.Ticker`.
 *
 * @example
 * ```ts
 * using ticker = new Ticker(1000);
 * for (;;) console.log(yield* ticker.c.recv());
 * ```
 */
export class Ticker {
  /** Gives the time of each tick. */
  readonly c: Chan<Date>;
  readonly #source = new TickSource();

  /**
   * Starts it. Go: `time.NewTicker`.
   *
   * @param ms milliseconds between ticks, and before the first
   * @throws {PanicError} "non-positive interval for NewTicker"
   * @throws {RangeError} when `ms` is not a number
   */
  constructor(ms: number) {
    checkMs("start a ticker", ms);
    if (ms <= 0) throw new PanicError("non-positive interval for NewTicker");
    this.c = this.#source.chan;
    this.#source.start(ms, ms);
  }

  /** Ends the ticks. The channel is not closed. Never parks. */
  stop(): void {
    this.#source.stop();
  }

  /**
   * Begins again with another interval: the next tick comes `ms` milliseconds from now. Never parks.
   *
   * @throws {PanicError} "non-positive interval for Ticker.Reset"
   * @throws {RangeError} when `ms` is not a number
   */
  reset(ms: number): void {
    checkMs("reset a ticker", ms);
    if (ms <= 0) throw new PanicError("non-positive interval for Ticker.Reset");
    this.#source.start(ms, ms);
  }

  /** Stops it. */
  [Symbol.dispose](): void {
    this.stop();
  }
}

/** Throws if `ms` is no time. @internal */
export function checkMs(what: string, ms: number): void {
  if (typeof ms !== "number" || Number.isNaN(ms)) {
    throw new RangeError(
      `Cannot ${what} as the time must be a number: current value is ${shown(ms)}`,
    );
  }
}
