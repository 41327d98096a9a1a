// SPDX-License-Identifier: MIT
/** Random bytes for queries, generated in batches: one call for each query costs more than the query. */
import { registerState } from "../sched/thread_state.ts";

/** Number of bytes generated at once; longer than any request. */
const BATCH = 4096;

/** Bytes generated at once, and the index of the next one to use. */
interface Batch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  at: number;
}

/** Belongs to the thread, since a simulation has random bytes of its own. */
let batch: Batch | null = null;

registerState<Batch | null>("random bytes", {
  fresh: () => null,
  save: () => batch,
  restore: (state) => batch = state,
});

/** Returns the next random byte. None is used twice. */
export function randomByte(): number {
  batch ??= { bytes: new Uint8Array(BATCH), at: BATCH };
  if (batch.at === BATCH) {
    crypto.getRandomValues(batch.bytes);
    batch.at = 0;
  }
  return batch.bytes[batch.at++];
}
