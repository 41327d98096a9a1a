// SPDX-License-Identifier: MIT
/** A call of a buffered reader: tries the unread bytes, and reads more until they suffice. */
import { CallDeadline } from "../net/options/call_options.ts";
import { OpError } from "../net/errors.ts";
import type { Conn } from "../net/net.ts";
import type { Reader } from "../net/io/copy.ts";
import { PanicError, type Routine } from "../sched/goroutine.ts";
import { scheduler } from "../sched/thread.ts";
import { NoProgressError } from "./errors.ts";
import type { BufferedReadOptions } from "./options.ts";
import { QuickCall } from "./quick_call.ts";
import type { ReadBuffer } from "./read_buffer.ts";

/** Maximum number of consecutive empty reads, as in Go. */
const MOST_EMPTY_READS = 100;

/** Source and buffer of a reader, for its calls. */
export interface BufferedInput {
  readonly source: Reader;
  readonly buffer: ReadBuffer;
  readonly maxLine: number;
  readonly maxBytes: number;
}

/** See the top of this file. */
export abstract class BufferedCall<T> extends QuickCall<T> {
  protected readonly input: BufferedInput;
  protected readonly buffer: ReadBuffer;
  protected options!: BufferedReadOptions;

  constructor(input: BufferedInput) {
    super();
    this.input = input;
    this.buffer = input.buffer;
  }

  /** Starts the call. */
  begin(options: BufferedReadOptions): Routine<T> {
    this.options = options;
    return this.take();
  }

  /**
   * Result of the call from the unread bytes, of which it consumes what it returns; undefined if it
   * needs more. At the end of the stream it returns null, or throws.
   */
  protected abstract attempt(atEnd: boolean): T | undefined;

  /** Memory for the next read. */
  protected target(): Uint8Array {
    return this.buffer.room();
  }

  /** Records the bytes of a read. */
  protected came(n: number): void {
    this.buffer.came(n);
  }

  protected override quick(): T | undefined {
    this.buffer.check();
    return this.attempt(false);
  }

  protected override slow(): Routine<T> {
    const { timeout, deadline, signal, context } = this.options;
    if ((timeout ?? deadline ?? signal ?? context) === undefined) return this.#readOn();
    const until = new CallDeadline({ timeout, deadline, signal, context });
    return until.enforce(this.#readOn(), (cause) => readError(this.input.source, cause));
  }

  *#readOn(): Routine<T> {
    if (scheduler.budget < 0) {
      yield scheduler.yieldNow();
      const result = this.quick();
      if (result !== undefined) return result;
    }
    for (;;) {
      const atEnd = (yield* this.#read()) === null;
      const result = this.attempt(atEnd);
      if (result !== undefined) return result;
      if (atEnd) throw new PanicError("a buffered call has no result at the end of the stream");
    }
  }

  /** Reads once. A call that is ended during the read has read nothing. */
  *#read(): Routine<number | null> {
    const { buffer } = this;
    for (let tries = 0; tries < MOST_EMPTY_READS; tries++) {
      buffer.check();
      const target = this.target();
      const { length } = target;
      buffer.busy = true;
      try {
        const n = yield* this.input.source.read(target);
        if (n === null) return null;
        if (!(Number.isInteger(n) && n >= 0 && n <= length)) {
          throw new PanicError(`read of ${length} bytes returned ${n}`);
        }
        if (n === 0) continue;
        this.came(n);
        return n;
      } finally {
        buffer.busy = false;
      }
    }
    throw new NoProgressError();
  }
}

/** Converts `cause`, which ended a call here, to the error of a read of `source`. */
function readError(source: Reader & Partial<Conn>, cause: Error): Error {
  const { localAddr, remoteAddr } = source;
  if (localAddr === undefined || remoteAddr === undefined) return cause;
  return new OpError("read", localAddr.network, localAddr, remoteAddr, cause);
}
