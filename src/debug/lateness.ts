// SPDX-License-Identifier: MIT
/** Measures the latency of the host's timers while the page is in use. */
import { clearTimeout, setTimeout } from "node:timers";
import { now } from "../sched/clock.ts";

/** Interval between measurements, in milliseconds. */
const PERIOD_MS = 50;
/** Number of measurements kept: those of five seconds. */
const KEPT = 100;
/** Time in milliseconds after the last request at which measuring stops. */
const WATCHED_MS = 5000;

/** See the top of this file. */
export class Lateness {
  #late: number[] = [];
  #watchedUntil = 0;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Starts measuring, or continues, after a request. */
  watch(): void {
    this.#watchedUntil = now() + WATCHED_MS;
    if (this.#timer === null) this.#next();
  }

  /** Returns the mean and maximum of the last seconds, in milliseconds. */
  read(): { mean: number; max: number } {
    const late = this.#late;
    if (late.length === 0) return { mean: 0, max: 0 };
    const sum = late.reduce((sum, ms) => sum + ms, 0);
    return { mean: round(sum / late.length), max: round(Math.max(...late)) };
  }

  #next(): void {
    const due = now() + PERIOD_MS;
    this.#timer = setTimeout(() => this.#measure(due), PERIOD_MS);
    this.#timer.unref();
  }

  #measure(due: number): void {
    const at = now();
    this.#late.push(Math.max(0, at - due));
    if (this.#late.length > KEPT) this.#late.shift();
    if (at < this.#watchedUntil) return this.#next();
    clearTimeout(this.#timer!);
    this.#timer = null;
    this.#late = [];
  }
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
