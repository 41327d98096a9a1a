// SPDX-License-Identifier: MIT
/** One call for all who want the same at the same time. Go: internal/singleflight. */
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import type { Routine } from "../sched/goroutine.ts";

/** A call that is under way. */
interface Flight<T> {
  /** Closed at the end; made by the first goroutine that waits. */
  done: Chan<never> | null;
  landed: { readonly value: T } | null;
}

/** See the top of this file. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Flight<T>>();

  /**
   * Returns what `call` returns, or what another call with the same `key` returns that is under way
   * already. The goroutine that came first makes the call; if it is ended, or the call throws,
   * another one makes it anew. So no goroutine outlives its run, and no cancellation is another's.
   * Parks.
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
