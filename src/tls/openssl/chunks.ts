// SPDX-License-Identifier: MIT
/** Chunks of a TLS connection over one of the library's sockets. See src/fd/chunks.ts. */
import type { Cancel } from "../../context/cancellable.ts";
import { giveBack, lend, nextReadBuffer, type SharedReadBuffer } from "../../fd/buffer_pool.ts";
import { type Chunks, type ChunkSource, ReaderChunks, twoInNext } from "../../fd/chunks.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { SecureConn } from "./secure_conn.ts";
import type { FDTransport } from "./fd_transport.ts";
import type { Step } from "./operation.ts";
import { SecureRead } from "./read_operation.ts";

/** A read that borrows the shared buffer when data arrives, not while it waits. */
class ChunkRead extends SecureRead {
  readonly #chunks: SecureChunks;
  #lent: SharedReadBuffer | null = null;

  constructor(conn: SecureConn, socket: FDTransport, chunks: SecureChunks) {
    super(conn, socket);
    this.#chunks = chunks;
  }

  /** Starts a call, which ends the previous call's loan of the buffer. */
  chunk(): Routine<Uint8Array | null> {
    return this.call(nextReadBuffer().bytes) as unknown as Routine<Uint8Array | null>;
  }

  /** Ends the loan. */
  endLoan(): void {
    if (this.#lent !== null) giveBack(this.#lent);
    this.#lent = null;
  }

  override next(): Step {
    // Another goroutine may have borrowed the buffer of the last attempt.
    this.buffer = nextReadBuffer().bytes;
    const step = super.next();
    if (typeof this.value === "number") this.value = (this.#lent = lend()).first(this.value);
    return step;
  }

  protected override slowly(): Routine<unknown> {
    return this.#chunks.slow().next();
  }
}

/** A connection for slow reads alone, which leave it without a {@linkcode SecureRead}. */
class SlowSource implements ChunkSource {
  readonly #conn: SecureConn & ChunkSource;

  constructor(conn: SecureConn & ChunkSource) {
    this.#conn = conn;
  }

  readable(cancel?: Cancel): Routine<void> {
    return this.#conn.readable(cancel);
  }

  read(p: Uint8Array, cancel?: Cancel): Routine<number | null> {
    return cancel === undefined ? this.#conn.readSlowly(p) : this.#conn.read(p, cancel);
  }
}

/** See the top of this file. */
export class SecureChunks implements Chunks {
  readonly #conn: SecureConn & ChunkSource;
  readonly #read: ChunkRead;
  /** The last call that had to wait for its turn or the handshake, or that can be canceled. */
  #slow: ReaderChunks | null = null;

  constructor(conn: SecureConn & ChunkSource, socket: FDTransport) {
    this.#conn = conn;
    this.#read = new ChunkRead(conn, socket, this);
  }

  next(cancel?: Cancel): Routine<Uint8Array | null> {
    if (this.#read.busy || this.#slow?.busy) throw twoInNext();
    this[Symbol.dispose]();
    return cancel === undefined ? this.#read.chunk() : this.slow().next(cancel);
  }

  /** Returns the chunks of a slow call. */
  slow(): ReaderChunks {
    return this.#slow = new ReaderChunks(new SlowSource(this.#conn));
  }

  [Symbol.dispose](): void {
    this.#read.endLoan();
    this.#slow?.[Symbol.dispose]();
    this.#slow = null;
  }
}
