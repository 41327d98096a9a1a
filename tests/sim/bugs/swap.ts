// SPDX-License-Identifier: MIT
/**
 * Changes come by number, and a receiver that misses more than one loads all anew. It handles a single
 * exchange of two neighbors itself, and drops one of them.
 */
import assert from "node:assert/strict";
import { chan, go, type Routine } from "../../../mod.ts";
import { type Bug, BY_DELAYS } from "./bug.ts";

const CHANGES = 8;
const SUM = CHANGES * (CHANGES + 1) / 2;

/** Applies changes in their order, and keeps one that is early. */
class Receiver {
  sum = 0;
  #next = 1;
  #early: number | null = null;
  readonly #mended: boolean;

  constructor(mended: boolean) {
    this.#mended = mended;
  }

  /** Returns whether everything must be loaded anew. */
  receive(change: number): boolean {
    if (change === this.#next) {
      this.sum += change;
      this.#next++;
      if (this.#early !== null) {
        if (this.#mended) this.sum += this.#early;
        this.#early = null;
        this.#next++;
      }
      return false;
    }
    if (this.#early !== null || change !== this.#next + 1) return true;
    this.#early = change;
    return false;
  }
}

function receiving(mended: boolean) {
  return function* (): Routine<void> {
    const changes = chan<number>(CHANGES);
    for (let change = 1; change <= CHANGES; change++) go(() => changes.send(change));
    const receiver = new Receiver(mended);
    let reload = false;
    for (let i = 0; i < CHANGES; i++) {
      reload = receiver.receive((yield* changes.recv())!) || reload;
    }
    assert.equal(reload ? SUM : receiver.sum, SUM, "a change is dropped");
  };
}

/** See the top of this file. Any other disorder hides it. */
export const neighbors: Bug = {
  name: "exchange of two neighbors",
  failure: /a change is dropped/,
  options: {},
  strategies: BY_DELAYS,
  broken: receiving(false),
  mended: receiving(true),
};
