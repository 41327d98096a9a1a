// SPDX-License-Identifier: MIT
/**
 * Writing many pieces at once. Go: internal/poll/writev.go, FD.Writev.
 *
 * Short pieces are copied into one buffer: a copy of less than 16 KiB costs less than the look-up
 * of an address and the kernel's own work for one more entry (200 pieces of 50 bytes: 7 us copied,
 * 13 us as entries on Bun, 25 us on Deno). Long ones are handed over where they are.
 */
import { mayGoOn } from "../sched/step.ts";
import { scheduler } from "../sched/thread.ts";
import { platform } from "../../platforms/platform.ts";
import type { SendVector } from "../../platforms/contract/platform.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import { withBytesWritten } from "./errors.ts";
import { holding, whenWritable } from "./retry.ts";
import { checkPieces, lengthOf, takenAway, viewOf } from "./check_bytes.ts";
import type { FD } from "./fd.ts";
import { WRITE_LOCK } from "./fd_mutex.ts";
import { withProgress } from "../sched/progress.ts";
import { refuseAwait } from "../sched/misuse.ts";

/** Length in bytes from which a piece is long. */
const LONG = 16 * 1024;
/** Most bytes per call: more than any socket's send buffer gains nothing. */
const MOST_BYTES = 4 << 20;

/** The thread's buffer for short pieces. Every use is over before the call returns. */
const scratch = new Uint8Array(new ArrayBuffer(64 * 1024));

/** The pieces still to be written. */
class Pieces {
  readonly #pieces: readonly Uint8Array[];
  /** Index of the first unfinished piece, and the number of its bytes already sent. */
  #index = 0;
  #from = 0;

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces;
    this.#skipEmpty();
  }

  get empty(): boolean {
    return this.#index === this.#pieces.length;
  }

  /** Fills `vector` with as much as one call can send. */
  gather(vector: SendVector): void {
    vector.clear();
    let from = this.#from;
    let used = 0;
    let runStart = 0;
    let bytes = 0;
    const endRun = () => {
      if (used > runStart) vector.add(scratch, runStart, used);
      runStart = used;
    };
    for (let i = this.#index; i < this.#pieces.length && bytes < MOST_BYTES; i++, from = 0) {
      const piece = this.#pieces[i];
      const whole = lengthOf(piece);
      const length = whole - from;
      if (length >= LONG) {
        // Two entries: the short pieces before it, and the piece.
        if (vector.count + 2 > vector.capacity) break;
        endRun();
        vector.add(piece, from, whole);
      } else if (length > 0) {
        if (used + length > scratch.length || vector.count === vector.capacity) break;
        scratch.set(from === 0 ? piece : viewOf(piece, from, whole), used);
        used += length;
      }
      bytes += length;
    }
    endRun();
  }

  /** Records that `n` bytes were sent. */
  advance(n: number): void {
    this.#from += n;
    this.#skipEmpty();
  }

  #skipEmpty(): void {
    while (!this.empty && this.#from >= lengthOf(this.#pieces[this.#index])) {
      this.#from -= lengthOf(this.#pieces[this.#index++]);
    }
  }
}

/**
 * Writes all of `pieces` in order. Returns their total length; an error carries
 * `bytesWritten`. Parks.
 */
export function writev(
  fd: FD,
  pieces: readonly Uint8Array[],
  cancel?: Cancel,
): Routine<number> {
  const length = checkPieces("write", pieces);
  const progress = { bytesWritten: 0 };
  return withProgress(
    write(fd, new Pieces([...pieces]), length, cancel, progress),
    () => progress,
  );
}

function* write(
  fd: FD,
  left: Pieces,
  length: number,
  cancel: Cancel | undefined,
  progress: { bytesWritten: number },
): Routine<number> {
  const sending = holding(fd, WRITE_LOCK, "writev", function* () {
    // Without a system call there is nothing else that would let others run.
    if (left.empty && !mayGoOn()) yield scheduler.yieldNow();
    while (!left.empty) {
      const n = yield* whenWritable(fd, "writev", () => send(fd, left));
      if (n < 0) throw fd.failedCall("writev", -n, "sendmsg");
      fd.wroteAt = scheduler.tick;
      progress.bytesWritten += n;
      left.advance(n);
    }
  });
  try {
    yield* fd.cancellable("writev", sending, cancel);
    if (progress.bytesWritten !== length) throw takenAway("write");
  } catch (error) {
    throw withBytesWritten(error, progress.bytesWritten);
  }
  return progress.bytesWritten;
}

function send(fd: FD, left: Pieces): number {
  const { vector } = platform().transfers;
  left.gather(vector);
  return vector.send(fd.sysfd);
}

refuseAwait(write.prototype, "conn.writev");
