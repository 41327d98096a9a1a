// SPDX-License-Identifier: MIT
/**
 * Deferred start of receives.
 *
 * After a send, a reader usually has to wait for the peer, and a pending receive has a cost: a
 * packet, and polls of the port that dequeue it. A receive whose data has already arrived completes
 * at once without one. So a receive after a send does not start at once, but
 *
 *   - by the second poll after that, because a batch of goroutines has run in between; or
 *   - by the first one, if no goroutine would run after it.
 *
 * On an idle thread this adds no latency, since all receives start before the thread waits. On a
 * busy one, data is found at most one poll later.
 */
import type { DeferredReceive } from "./port_contract.ts";
import type { PortEntry } from "./port_contract.ts";

/** With fewer receives, polling the port before they start is not worthwhile. */
const MANY = 8;
/** Callback for a receive that completed at once. */
export type Report = (socket: PortEntry) => void;

/** See the top of this file. */
export class DeferredReceives {
  /** Requested since the last poll began. */
  #newer: DeferredReceive[] = [];
  /** Requested before that. */
  #older: DeferredReceive[] = [];

  add(receive: DeferredReceive): void {
    this.#newer.push(receive);
  }

  get empty(): boolean {
    return this.#newer.length === 0 && this.#older.length === 0;
  }

  /** Whether starting them is cheaper than polling the port first. */
  get few(): boolean {
    return this.#newer.length + this.#older.length < MANY;
  }

  /**
   * Starts the older receives; the rest become the older ones of the next poll. Returns the number
   * that completed at once.
   */
  beginOlder(report: Report): number {
    const begun = this.#older;
    this.#older = this.#newer;
    this.#newer = [];
    return beginAll(begun, report);
  }

  /** Starts all remaining receives. Returns the number that completed at once. */
  beginAll(report: Report): number {
    return this.beginOlder(report) + this.beginOlder(report);
  }
}

function beginAll(receives: DeferredReceive[], report: Report): number {
  let over = 0;
  for (const receive of receives) {
    if (!receive.begin()) continue;
    over++;
    report(receive.socket);
  }
  return over;
}
