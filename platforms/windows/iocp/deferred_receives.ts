// SPDX-License-Identifier: MIT
/**
 * Receives that are begun late.
 *
 * Whoever has just sent something mostly has to wait for the peer, and to have a receive under way
 * meanwhile has its price: a packet, and the looks at the port that take it out. A receive whose
 * bytes are there already is over at once and has none. So one that follows a send is begun not
 * when it is asked for, but
 *
 *   - by the second poll from then, for a batch of goroutines has run in between; or
 *   - by the first one, if nobody would run after that.
 *
 * In a thread with nothing to do nobody waits longer for it, since everything is under way before
 * the thread waits. In a busy one bytes that are there are found one poll later at most.
 */
import type { DeferredReceive } from "./port_contract.ts";
import type { PortEntry } from "./port_contract.ts";

/** For fewer it is not worth it to look at the port before they are begun. */
const MANY = 8;
/** Is told of a receive that was over at once. */
export type Report = (socket: PortEntry) => void;

/** See the top of this file. */
export class DeferredReceives {
  /** Asked for since the last poll began. */
  #newer: DeferredReceive[] = [];
  /** Asked for before that. */
  #older: DeferredReceive[] = [];

  add(receive: DeferredReceive): void {
    this.#newer.push(receive);
  }

  get empty(): boolean {
    return this.#newer.length === 0 && this.#older.length === 0;
  }

  /** Whether they had better be begun than looked at the port for them. */
  get few(): boolean {
    return this.#newer.length + this.#older.length < MANY;
  }

  /**
   * Begins the older ones; those left are the older ones of the next poll. Returns how many
   * completed at once.
   */
  beginOlder(report: Report): number {
    const begun = this.#older;
    this.#older = this.#newer;
    this.#newer = [];
    return beginAll(begun, report);
  }

  /** Begins all that are left. Returns how many completed at once. */
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
