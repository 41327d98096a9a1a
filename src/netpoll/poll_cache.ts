// SPDX-License-Identifier: MIT
/** The pollDescs of a thread, recycled. Go: runtime/netpoll.go, type pollCache. */
import { PollDesc, type WaitCount } from "./poll_desc.ts";

/** Slots are never freed: a slot's sequence must go on counting. */
export class PollCache {
  readonly #all: PollDesc[] = [];
  readonly #free: PollDesc[] = [];
  readonly #count: WaitCount;

  constructor(count: WaitCount) {
    this.#count = count;
  }

  /** Number of slots in use. */
  get open(): number {
    return this.#all.length - this.#free.length;
  }

  /** Allocates a slot for `fd`. */
  alloc(fd: number): PollDesc {
    let pd = this.#free.pop();
    if (pd === undefined) {
      pd = new PollDesc(this.#all.length, this.#count);
      this.#all.push(pd);
    }
    pd.take(fd);
    return pd;
  }

  /** Recycles a slot. */
  free(pd: PollDesc): void {
    pd.free();
    this.#free.push(pd);
  }

  /** Returns the pollDesc of an event, or null if the event is stale. */
  find(slot: number, sequence: number): PollDesc | null {
    const pd = this.#all[slot];
    return pd !== undefined && pd.sequence === sequence && pd.fd >= 0 ? pd : null;
  }

  /** Returns those in use. */
  *inUse(): Generator<PollDesc> {
    for (const pd of this.#all) if (pd.fd >= 0) yield pd;
  }
}
