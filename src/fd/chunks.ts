// SPDX-License-Identifier: MIT
/**
 * Reads through a buffer shared by the connections of a thread. Go has no equivalent; see golang
 * issue 15735.
 */
import { PanicError, type Routine } from "../sched/goroutine.ts";
import type { Cancel } from "../context/cancellable.ts";
import type { FD } from "./fd.ts";
import { giveBack, lend, nextReadBuffer, type SharedReadBuffer } from "./buffer_pool.ts";
import { ReadOperation, type Step } from "./read_write.ts";
import { notesCalls } from "../sched/noted_methods.ts";

/** A read that is lent a buffer once bytes have come, and holds none while it waits for them. */
class ChunkOperation extends ReadOperation {
  private lent: SharedReadBuffer | null = null;

  /** Prepares a call, which ends the loan of the previous one. */
  chunk(cancel: Cancel | undefined): Routine<Uint8Array | null> {
    if (this.busy) throw twoInNext();
    this.endLoan();
    this.take(NOTHING_YET, 0);
    return this.fd.cancellable("read", this as unknown as Routine<Uint8Array | null>, cancel);
  }

  /** Ends the loan. */
  endLoan(): void {
    if (this.lent !== null) giveBack(this.lent);
    this.lent = null;
  }

  override next(): Step<unknown> {
    // A read that has to wait does not need it yet, so it holds none.
    this.buffer = nextReadBuffer().bytes;
    const step = super.next();
    if (typeof this.value === "number") this.value = (this.lent = lend()).first(this.value);
    return step;
  }
}

const NOTHING_YET = new Uint8Array(0);

/** Returns the error of a call of `next` while another goroutine is inside one. */
export function twoInNext(): PanicError {
  return new PanicError("two goroutines in next() of the same Chunks");
}

/**
 * Reads a connection chunk by chunk, as {@linkcode Conn.chunks} returns it. It holds no memory
 * while it waits: each chunk is lent from a buffer that all connections of the thread share.
 *
 * @example
 * ```ts
 * using chunks = conn.chunks();
 * for (let chunk; (chunk = yield* chunks.next()) !== null;) yield* conn.write(chunk);
 * ```
 */
export interface Chunks extends Disposable {
  /**
   * Returns the next bytes, or null at the end of the stream. Parks until bytes arrive. The bytes
   * are valid until the next call of `next` or until disposal; copy them to keep them longer.
   *
   * @param cancel a context or an AbortSignal that cancels the call, as for {@linkcode Conn.read}
   * @throws {OpError} as {@linkcode Conn.read}
   */
  next(cancel?: Cancel): Routine<Uint8Array | null>;
  /** Returns the buffer of the last chunk. */
  [Symbol.dispose](): void;
}

/** The chunks of a descriptor. */
export class FDChunks implements Chunks {
  readonly #operation: ChunkOperation;

  constructor(fd: FD) {
    this.#operation = new ChunkOperation(fd);
  }

  next(cancel?: Cancel): Routine<Uint8Array | null> {
    return this.#operation.chunk(cancel);
  }

  [Symbol.dispose](): void {
    this.#operation.endLoan();
  }
}

/** Source of {@linkcode ReaderChunks}. */
export interface ChunkSource {
  readable(cancel?: Cancel): Routine<void>;
  read(p: Uint8Array, cancel?: Cancel): Routine<number | null>;
}

/** The chunks of any other source. */
export class ReaderChunks implements Chunks {
  readonly #source: ChunkSource;
  #lent: SharedReadBuffer | null = null;
  #busy = false;

  constructor(source: ChunkSource) {
    this.#source = source;
  }

  /** Whether a goroutine is inside it. */
  get busy(): boolean {
    return this.#busy;
  }

  next(cancel?: Cancel): Routine<Uint8Array | null> {
    if (this.#busy) throw twoInNext();
    this[Symbol.dispose]();
    return this.#next(cancel);
  }

  *#next(cancel: Cancel | undefined): Routine<Uint8Array | null> {
    let n: number | null = null;
    this.#busy = true;
    try {
      yield* this.#source.readable(cancel);
      const lent = this.#lent = lend();
      n = yield* this.#source.read(lent.bytes, cancel);
      return n === null ? null : lent.first(n);
    } finally {
      this.#busy = false;
      if (n === null) this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    // A read that is under way has its buffer to itself.
    if (this.#lent === null || this.#busy) return;
    giveBack(this.#lent);
    this.#lent = null;
  }
}

notesCalls(FDChunks.prototype, "chunks", "next");
notesCalls(ReaderChunks.prototype, "chunks", "next");
