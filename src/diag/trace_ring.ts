// SPDX-License-Identifier: MIT
/** What a trace has recorded: so much of it and no more, the oldest gone first. */

/** One span of a goroutine, or one arrow between two. Times are of `performance.now()`. */
export interface TraceEvent {
  /** "span", or the two ends of an arrow. */
  readonly kind: "span" | "from" | "to";
  /** The goroutine's number; 0 stands for what is outside the goroutines. */
  readonly track: number;
  readonly at: number;
  /** A span's end. */
  readonly end: number;
  /** What a span is called, or the number of an arrow. */
  readonly name: string | number;
}

/** See the top of this file. */
export class TraceRing {
  /** How many events were dropped. */
  dropped = 0;
  readonly #events: TraceEvent[] = [];
  readonly #limit: number;
  /** Where the oldest is, once it is full. */
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

  /** Those that are left, the oldest first. */
  *events(): Generator<TraceEvent> {
    yield* this.#events.slice(this.#oldest);
    yield* this.#events.slice(0, this.#oldest);
  }
}
