// SPDX-License-Identifier: MIT
/** In-process connections. Go: net/pipe.go. */
import { ClosedPipeError } from "../../fd/errors.ts";
import type { Routine } from "../../sched/goroutine.ts";
import type { Addr } from "../addr/addr.ts";
import { OpError } from "../errors.ts";
import type { Conn, KeepAlive } from "../net.ts";
import { type Progress, VirtualConn, type VirtualOp } from "./virtual_conn.ts";

const NO_BYTES = new Uint8Array(0);

/** Address of both ends of every pipe. Go: pipeAddr. */
const PIPE_ADDR: Addr = { network: "pipe", toString: () => "pipe" };

/** One direction of a pipe: the bytes of the current write, until they are all read. */
interface Way {
  /** Unread bytes. */
  offer: Uint8Array;
  /** Number of bytes already read. */
  taken: number;
  /** Whether the writer has ended the stream. */
  writeEnded: boolean;
  /** Whether the reader has shut down reading. */
  readEnded: boolean;
}

/** One end. It buffers nothing: a write returns when the other end has read all of it. */
class PipeConn extends VirtualConn {
  readonly localAddr = PIPE_ADDR;
  readonly remoteAddr = PIPE_ADDR;
  /** The other end. */
  peer!: PipeConn;
  readonly #in: Way;
  readonly #out: Way;

  constructor(incoming: Way, outgoing: Way) {
    super();
    this.#in = incoming;
    this.#out = outgoing;
    // The other end may be waiting for the goroutine that now waits here.
    this.reading.onWatch = () => this.peer.writing.changed();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.closeRead();
    this.closeWrite();
  }

  abort(): void {
    this.close();
  }

  closeRead(): void {
    this.#in.readEnded = true;
    this.#in.offer = NO_BYTES;
    this.reading.changed();
    this.peer.writing.changed();
  }

  closeWrite(): void {
    this.#out.writeEnded = true;
    this.#out.offer = NO_BYTES;
    this.writing.changed();
    this.peer.reading.changed();
  }

  /** Socket options have no effect on a pipe. */
  setNoDelay(_on: boolean): void {}
  setKeepAlive(_on: boolean | KeepAlive): void {}
  setLinger(_seconds: number | null): void {}
  setReadBuffer(_bytes: number): void {}
  setWriteBuffer(_bytes: number): void {}

  protected get mayRead(): boolean {
    const { offer, writeEnded, readEnded } = this.#in;
    return offer.length > 0 || writeEnded || readEnded;
  }

  protected get mayWrite(): boolean {
    const { writeEnded, readEnded } = this.#out;
    return this.peer.reading.awaited || writeEnded || readEnded;
  }

  protected take(p: Uint8Array): number | null | undefined {
    const { offer, writeEnded, readEnded } = this.#in;
    if (offer.length === 0) return writeEnded || readEnded ? null : undefined;
    const all = offer.length <= p.length;
    const part = all ? offer : offer.subarray(0, p.length);
    p.set(part);
    this.#in.offer = all ? NO_BYTES : offer.subarray(part.length);
    this.#in.taken += part.length;
    if (all) this.peer.writing.changed();
    return part.length;
  }

  protected *put(p: Uint8Array, progress: Progress): Routine<void> {
    const way = this.#out;
    const before = progress.written;
    way.taken = 0;
    if (!way.readEnded && !way.writeEnded) way.offer = p;
    this.peer.reading.changed();
    try {
      while (way.taken < p.length) {
        this.check("write");
        if (way.readEnded || way.writeEnded) throw new ClosedPipeError();
        yield* this.writing.wait();
      }
    } finally {
      way.offer = NO_BYTES;
      progress.written = before + way.taken;
    }
  }

  protected fail(op: VirtualOp, cause: Error): Error {
    return new OpError(op, "pipe", null, null, cause);
  }

  protected failClosed(): Error {
    return new ClosedPipeError();
  }
}

/**
 * Returns the two ends of an in-process connection: bytes written to one end are read from the
 * other. Never parks. Go: `net.Pipe`.
 *
 * Nothing is buffered: a write returns when the other end has read all of it. Several reads may
 * consume one write, or one read a part of it. Deadlines work as on a socket. Closing an end again
 * is not an error.
 *
 * @returns the two ends
 * @example
 * ```ts
 * const [client, server] = pipe();
 * go(handle, server);
 * yield* client.write(hello);
 * ```
 */
export function pipe(): [Conn, Conn] {
  const way = (): Way => ({ offer: NO_BYTES, taken: 0, writeEnded: false, readEnded: false });
  const [there, back] = [way(), way()];
  const a = new PipeConn(back, there);
  const b = new PipeConn(there, back);
  a.peer = b;
  b.peer = a;
  return [a, b];
}
