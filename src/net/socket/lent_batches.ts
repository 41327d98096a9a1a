// SPDX-License-Identifier: MIT
/** Memory for batches of datagrams: the thread's, lent to the sockets that have use for it. */
import type { PacketCalls } from "../../../platforms/contract/packets.ts";
import { registerState } from "../../sched/thread_state.ts";

/** Batches that the sockets of a thread may hold at once; further ones do without. */
const MOST_LENT = 16;

/** Memory for several datagrams. */
interface Batch {
  /** System calls that its memory is laid out for: each host of a simulation has its own. */
  readonly calls: PacketCalls;
}

/** See the top of this file. */
export interface LentBatches<B extends Batch> {
  /** Returns a batch; null if sockets hold as many as they may. */
  borrow(calls: PacketCalls): B | null;
  /** Takes back a borrowed batch. */
  giveBack(batch: B): void;
  /** Records that a borrowed batch never comes back: its new owner keeps it. */
  forgo(): void;
}

/** Returns the batches of this thread, which `make` makes. `name` is that of the thread's state. */
export function lentBatches<B extends Batch>(
  name: string,
  make: (calls: PacketCalls) => B,
): LentBatches<B> {
  const fresh = () => ({ spare: [] as B[], lent: 0 });
  let batches = fresh();
  registerState<typeof batches>(name, {
    fresh,
    save: () => batches,
    restore: (state) => batches = state,
  });
  return {
    borrow(calls) {
      if (batches.lent === MOST_LENT) return null;
      const { spare } = batches;
      const i = spare.findLastIndex((each) => each.calls === calls);
      const batch = i < 0 ? make(calls) : spare.splice(i, 1)[0];
      // Only now: there may be no memory for a new one.
      batches.lent++;
      return batch;
    },
    giveBack(batch) {
      batches.lent--;
      batches.spare.push(batch);
    },
    forgo() {
      batches.lent--;
    },
  };
}
