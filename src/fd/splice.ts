// SPDX-License-Identifier: MIT
/**
 * Moves bytes from one socket to another within the kernel, through a pipe. Go:
 * internal/poll/splice_linux.go.
 *
 * Each call has its own pipe, closed at its end: bytes of one stream can never appear in
 * another, and no descriptor remains while nothing is moved.
 */
import { scheduler } from "../sched/thread.ts";
import { platform } from "../../platforms/platform.ts";
import type { PipeEnds } from "../../platforms/contract/platform.ts";
import type { Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import { noteClosing, noteOpened } from "../netpoll/fd_table.ts";
import { withBytesWritten } from "./errors.ts";
import { holding, whenReadable, whenWritable } from "./retry.ts";
import type { FD } from "./fd.ts";
import type { TransferProgress } from "./transfer_progress.ts";
import { READ_LOCK, WRITE_LOCK } from "./fd_mutex.ts";
import { isUnsupported } from "./send_file.ts";

/** Requested capacity of the pipe: the most that Linux grants to unprivileged processes. */
const PIPE_BYTES = 1 << 20;

/** One call in progress. */
class Splicing {
  /** Has the number of bytes sent to `to`. */
  readonly #progress: TransferProgress;
  readonly #from: FD;
  readonly #to: FD;
  readonly #pipe: PipeEnds;
  readonly #transfers = platform().transfers;
  readonly #onProgress: ((bytes: number) => void) | undefined;

  constructor(
    from: FD,
    to: FD,
    pipe: PipeEnds,
    progress: TransferProgress,
    onProgress: ((bytes: number) => void) | undefined,
  ) {
    this.#progress = progress;
    this.#onProgress = onProgress;
    this.#from = from;
    this.#to = to;
    this.#pipe = pipe;
    noteOpened(pipe.reader);
    noteOpened(pipe.writer);
  }

  /** Moves up to `length` bytes; null, with nothing done, if the kernel cannot with these two. */
  *move(length: number): Routine<number | null> {
    const progress = this.#progress;
    while (progress.moved < length) {
      const most = Math.min(length - progress.moved, this.#pipe.capacity);
      const n = yield* this.#fill(most);
      if (n === null) return null;
      if (n === 0) {
        this.#from.sawEnd();
        break;
      }
      yield* this.#drain(n);
    }
    return progress.moved;
  }

  /** Closes the pipe. */
  close(): void {
    const { sockets } = platform();
    for (const end of [this.#pipe.reader, this.#pipe.writer]) {
      noteClosing(end);
      sockets.close(end);
    }
  }

  /** The pipe is empty here: if the kernel would block, the source socket has no bytes. */
  *#fill(most: number): Routine<number | null> {
    const from = this.#from;
    const n = yield* whenReadable(
      from,
      "splice",
      () => this.#transfers.splice(from.sysfd, this.#pipe.writer, most),
    );
    if (n >= 0) return n;
    if (this.#progress.moved === 0 && isUnsupported(-n)) return null;
    throw from.failedCall("splice", -n);
  }

  /** The pipe has `left` bytes: if the kernel would block, the target socket is full. */
  *#drain(left: number): Routine<void> {
    const to = this.#to;
    while (left > 0) {
      const n = yield* whenWritable(
        to,
        "splice",
        () => this.#transfers.splice(this.#pipe.reader, to.sysfd, left),
      );
      if (n < 0) throw to.failedCall("splice", -n);
      to.wroteAt = scheduler.tick;
      this.#progress.moved += n;
      left -= n;
      this.#onProgress?.(n);
    }
  }
}

/**
 * Moves up to `length` bytes from `from` to `to`, or to the end of the stream. Returns their
 * number; null, with nothing done, if the kernel cannot do it with these two. `progress` is new. An
 * error carries `bytesWritten`; what had been taken from `from` beyond that is lost. Parks.
 */
export function* splice(
  from: FD,
  to: FD,
  length: number,
  progress: TransferProgress,
  cancel?: Cancel,
  onProgress?: (bytes: number) => void,
): Routine<number | null> {
  const pipe = platform().transfers.pipe(PIPE_BYTES);
  if (typeof pipe === "number") {
    // Without a descriptor or memory for a pipe, bytes can still be read and written. Go: io.Copy.
    if (isUnsupported(-pipe) || isShortage(-pipe)) return null;
    throw from.failedCall("splice", -pipe, "pipe2");
  }
  const splicing = new Splicing(from, to, pipe, progress, onProgress);
  const moving = holding(
    from,
    READ_LOCK,
    "splice",
    () => holding(to, WRITE_LOCK, "splice", () => splicing.move(length)),
  );
  try {
    return yield* from.cancellable("splice", moving, cancel);
  } catch (error) {
    throw withBytesWritten(error, progress.moved);
  } finally {
    splicing.close();
  }
}

function isShortage(errno: number): boolean {
  const { EMFILE, ENFILE, ENOBUFS, ENOMEM } = platform().errno;
  return errno === EMFILE || errno === ENFILE || errno === ENOBUFS || errno === ENOMEM;
}
