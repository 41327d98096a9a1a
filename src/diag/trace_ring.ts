// SPDX-License-Identifier: MIT
/** Ring buffer of trace events: beyond its capacity, the oldest are dropped. */

/** One span of a goroutine, or one arrow between two. Times are of `performance.now()`. */
export interface TraceEvent {
  /** "span", or the two ends of an arrow. */
  readonly kind: "span" | "from" | "to";
  /** Number of the goroutine; 0 for the outside. */
  readonly track: number;
  readonly at: number;
  /** End of a span. */
  readonly end: number;
  /** Name of a span, or number of an arrow. */
  readonly name: string | number;
}

/** See the top of this file. */
export class TraceRing {
  /** Number of dropped events. */
  dropped = 0;
  readonly #events: TraceEvent[] = [];
  readonly #limit: number;
  /** Index of the oldest event, once the buffer is full. */
  #oldest = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(event: TraceEvent): void {
    if (this.#events.length < this.#limit) {
      this.#events.push(event);
      return;
    }
    this.#events[this.#oldest] = event;
    this.#oldest = (this.#oldest + 1) % this.#limit;
    this.dropped++;
  }

  /** Iterates over the remaining events, the oldest first. */
  *events(): Generator<TraceEvent> {
    yield* this.#events.slice(this.#oldest);
    yield* this.#events.slice(0, this.#oldest);
  }
}
