// SPDX-License-Identifier: MIT
/** Shares one call between goroutines with the same request. Go: internal/singleflight. */
import { chan } from "../chan/channel.ts";
import type { Chan } from "../chan/chan.ts";
import type { Routine } from "../sched/goroutine.ts";

/** A call in progress. */
interface Flight<T, N> {
  /** Closed at the end; created by the first goroutine that waits. */
  done: Chan<never> | null;
  landed: { readonly value: T } | null;
  /** What the call has reported so far. */
  readonly news: N[];
  /** Created by the first listener. */
  listeners: Set<(news: N) => void> | null;
}

/** See the top of this file. @typeParam N what calls report before their end */
export class SingleFlight<T, N> {
  readonly #flights = new Map<string, Flight<T, N>>();

  /**
   * Returns the result of `call`, or of a call with the same `key` that is already in progress. The
   * first goroutine makes the call; if it is ended, or the call throws, another one makes it again.
   * So no goroutine outlives its run, and a cancellation does not affect others. Parks.
   *
   * @param call is passed a function by which it reports parts of its result
   * @param listener is called with all that the call reports; null for none
   */
  *do(
    key: string,
    call: (report: (news: N) => void) => Routine<T>,
    listener: ((news: N) => void) | null,
  ): Routine<T> {
    for (let flight; (flight = this.#flights.get(key)) !== undefined;) {
      yield* follow(flight, listener);
      if (flight.landed !== null) return flight.landed.value;
    }
    const flight: Flight<T, N> = { done: null, landed: null, news: [], listeners: null };
    if (listener !== null) flight.listeners = new Set([listener]);
    this.#flights.set(key, flight);
    try {
      const value = yield* call((news) => {
        flight.news.push(news);
        if (flight.listeners !== null) { for (const each of flight.listeners) each(news); }
      });
      flight.landed = { value };
      return value;
    } finally {
      this.#flights.delete(key);
      flight.done?.close();
    }
  }
}

/** Waits for the end of another goroutine's call. */
function* follow<T, N>(
  flight: Flight<T, N>,
  listener: ((news: N) => void) | null,
): Routine<void> {
  if (listener !== null) {
    for (const each of flight.news) listener(each);
    (flight.listeners ??= new Set()).add(listener);
  }
  flight.done ??= chan<never>();
  try {
    yield* flight.done.recv();
  } finally {
    if (listener !== null) flight.listeners?.delete(listener);
  }
}
