// SPDX-License-Identifier: MIT
/** Shares one call between goroutines with the same request. Go: internal/singleflight. */
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import type { Routine } from "../sched/goroutine.ts";

/** A call in progress. */
interface Flight<T> {
  /** Closed at the end; created by the first goroutine that waits. */
  done: Chan<never> | null;
  landed: { readonly value: T } | null;
}

/** See the top of this file. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Returns the result of `call`, or of a call with the same `key` that is already in progress. The
   * first goroutine makes the call; if it is ended, or the call throws, another one makes it again.
   * So no goroutine outlives its run, and a cancellation does not affect others. Parks.
   */
  *do(key: string, call: () => Routine<T>): Routine<T> {
    for (let flight; (flight = this.#flights.get(key)) !== undefined;) {
      flight.done ??= chan<never>();
      yield* flight.done.recv();
      if (flight.landed !== null) return flight.landed.value;
    }
    const flight: Flight<T> = { done: null, landed: null };
    this.#flights.set(key, flight);
    try {
      const value = yield* call();
      flight.landed = { value };
      return value;
    } finally {
      this.#flights.delete(key);
      flight.done?.close();
    }
  }
}
