// SPDX-License-Identifier: MIT
/**
 * Timers and tickers with a channel. Go: time/sleep.go and time/tick.go.
 *
 * They follow Go 1.23: the channel is unbuffered, no stale tick is received after `stop` or
 * `reset`, and a timer that is dropped without being stopped costs nothing. Durations use the
 * monotonic clock; the received value is the calendar time at which the tick was due.
 */
import { shown } from "../validate/argument.ts";
import { PanicError } from "../sched/goroutine.ts";
import type { Chan } from "../chan/chan.ts";
import { TickSource } from "./tick_source.ts";
import { showAs } from "../validate/one_line.ts";

/**
 * Returns a channel that delivers the time once, after `ms` milliseconds. It need not be stopped.
 * Never parks. Go: `time.After`.
 *
 * @throws {RangeError} if `ms` is not a number
 * @example
 * ```ts
 * const got = yield* select(ch.onRecv(), after(100).onRecv());
 * ```
 */
export function after(ms: number): Chan<Date> {
  return new Timer(ms).c;
}

/**
 * Timer that delivers the time once, on a channel. Go: `time.Timer`.
 *
 * @example
 * ```ts
 * const timer = new Timer(100);
 * const at = yield* timer.c.recv();
 * ```
 */
export class Timer {
  /** Channel that delivers the time when the timer expires. */
  readonly c: Chan<Date>;
  readonly #source = new TickSource();

  /**
   * Starts a timer. Go: `time.NewTimer`.
   *
   * @param ms milliseconds; zero or less expires at once
   * @throws {RangeError} if `ms` is not a number
   */
  constructor(ms: number) {
    checkMs("start a timer", ms);
    this.c = this.#source.chan;
    this.#source.start(ms, 0);
  }

  /**
   * Stops the timer. Returns true if it was pending, false if its tick had been received or it had
   * been stopped. Afterwards nothing can be received. Never parks.
   */
  stop(): boolean {
    return this.#source.stop();
  }

  /**
   * Makes the timer expire `ms` milliseconds from now, whatever its state; an earlier tick can no
   * longer be received. Returns true if it was pending. Never parks.
   *
   * @throws {RangeError} if `ms` is not a number
   */
  reset(ms: number): boolean {
    checkMs("reset a timer", ms);
    return this.#source.start(ms, 0);
  }

  /** Stops the timer. */
  [Symbol.dispose](): void {
    this.stop();
  }
}

/**
 * Timer that delivers the time repeatedly, on a channel. Ticks are dropped for a slow receiver. Go:
 * `time.Ticker`.
 *
 * @example
 * ```ts
 * using ticker = new Ticker(1000);
 * for (;;) console.log(yield* ticker.c.recv());
 * ```
 */
export class Ticker {
  /** Channel that delivers the time of each tick. */
  readonly c: Chan<Date>;
  readonly #source = new TickSource();

  /**
   * Starts a ticker. Go: `time.NewTicker`.
   *
   * @param ms milliseconds between ticks, and before the first one
   * @throws {PanicError} "non-positive interval for NewTicker"
   * @throws {RangeError} if `ms` is not a number
   */
  constructor(ms: number) {
    checkMs("start a ticker", ms);
    if (ms <= 0) throw new PanicError("non-positive interval for NewTicker");
    this.c = this.#source.chan;
    this.#source.start(ms, ms);
  }

  /** Stops the ticks. The channel is not closed. Never parks. */
  stop(): void {
    this.#source.stop();
  }

  /**
   * Changes the interval: the next tick comes `ms` milliseconds from now. Never parks.
   *
   * @throws {PanicError} "non-positive interval for Ticker.Reset"
   * @throws {RangeError} if `ms` is not a number
   */
  reset(ms: number): void {
    checkMs("reset a ticker", ms);
    if (ms <= 0) throw new PanicError("non-positive interval for Ticker.Reset");
    this.#source.start(ms, ms);
  }

  /** Stops the ticks. */
  [Symbol.dispose](): void {
    this.stop();
  }
}

/** Throws a RangeError if `ms` is not a number. @internal */
export function checkMs(what: string, ms: number): void {
  if (typeof ms !== "number" || Number.isNaN(ms)) {
    throw new RangeError(
      `Cannot ${what} as ms must be a number: current value is ${shown(ms)}`,
    );
  }
}

showAs(Timer.prototype, () => "Timer()");
showAs(Ticker.prototype, () => "Ticker()");
