// SPDX-License-Identifier: MIT
/** The "timeout" of a `net.Socket`. */
import type { Duplex } from "node:stream";
import { shown } from "../validate/argument.ts";

/** Maximum duration of a host timer. */
const LONGEST_MS = 0x7fffffff;

/** Emits "timeout" on an idle stream. */
export class IdleTimer {
  readonly #stream: Duplex;
  /** The last value passed to `set`; undefined before. */
  ms: number | undefined = undefined;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.once("close", () => this.#clear());
  }

  /**
   * Emits "timeout" after `ms` milliseconds without a byte; 0 never.
   *
   * @throws {TypeError} when `ms` is not a number; {@linkcode RangeError} when it is negative or
   * not finite
   */
  set(ms: number): void {
    const problem =
      `Cannot set the timeout as it must be a number of milliseconds: current value is ${
        shown(ms)
      }`;
    if (typeof ms !== "number") throw new TypeError(problem);
    if (!(ms >= 0 && Number.isFinite(ms))) throw new RangeError(problem);
    this.ms = ms;
    this.restart();
  }

  /** Restarts the timer on activity. */
  restart(): void {
    this.#clear();
    const { ms } = this;
    if (ms === undefined || ms === 0) return;
    this.#timer = setTimeout(() => this.#stream.emit("timeout"), Math.min(ms, LONGEST_MS));
    this.#timer.unref();
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
