// SPDX-License-Identifier: MIT
/** How far a copy has got, whatever ends it. */
import type { Routine } from "../sched/goroutine.ts";
import { noted } from "../sched/calls.ts";
import { progressOf, withProgress } from "../sched/progress.ts";
import type { Cancel } from "../context/cancellable.ts";

/** Destination of bytes. */
interface Destination {
  write(p: Uint8Array, cancel?: Cancel): Routine<number>;
}

/** Bytes that the destination of a copy has accepted. */
export class TransferProgress {
  /** Number of bytes of the writes and system calls that are over. */
  moved = 0;
  /** The write in progress; it may know its own progress. */
  #write: Routine<number> | null = null;

  /** Writes `p` to `destination`. Parks. Returns the number of bytes, which `moved` then includes. */
  *write(destination: Destination, p: Uint8Array, cancel: Cancel | undefined): Routine<number> {
    const call = destination.write(p, cancel);
    this.#write = call;
    const n = yield* call;
    this.#write = null;
    this.moved += n;
    return n;
  }

  /** Returns the fields of the error of a copy that was ended. */
  fields(): { bytesWritten: number } {
    const { bytesWritten = 0 } = progressOf(this.#write) as { bytesWritten?: number } ?? {};
    return { bytesWritten: this.moved + bytesWritten };
  }
}

/** Returns the call `name` that `transfer` makes, whose progress is that which it is given. */
export function transferring(
  name: string,
  transfer: (progress: TransferProgress) => Routine<number>,
): Routine<number> {
  const progress = new TransferProgress();
  return noted(name, withProgress(transfer(progress), () => progress.fields()));
}
